// SPDX-License-Identifier: Apache-2.0
// Files that the runtime writes, each as a whole: a reader sees the old or the new contents.
#pragma once

#include <fstream>
#include <string>

namespace nsim::rt {

/// A file that appears under its name with commit(), and not at all without. Throws std::exception
/// when it cannot be written. What is there and is no file (a pipe, a device) is written to; of a
/// link, what it leads to.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  std::ostream& stream() { return stream_; }
  void commit();

 private:
  std::string path_;
  std::string temporary_;  // "" when it is written through
  std::ofstream stream_;
};

/// All of it at once.
void write_output(const std::string& path, const std::string& contents);

/// For those who look for a failure. Creates the directories above. Never fails a call: what goes
/// wrong is one warning in the log, and false.
bool leave_file(const std::string& path, const std::string& contents) noexcept;

}  // namespace nsim::rt
