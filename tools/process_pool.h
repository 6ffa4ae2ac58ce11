// SPDX-License-Identifier: Apache-2.0
// Child processes, so many at a time. A simulation has a process of its own: the kernel of one
// cannot be in the way of another, and a crash is one failed run.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace nsim::tool {

/// The nsim program that is running.
std::string own_program();

/// Becomes another program, looked for as a shell does. Returns only when that is not possible;
/// errno says why.
void become(const std::vector<std::string>& words);

class ProcessPool {
 public:
  explicit ProcessPool(int at_once) : at_once_(static_cast<std::size_t>(at_once)) {}
  /// Ends the children that still run.
  ~ProcessPool();
  ProcessPool(const ProcessPool&) = delete;
  ProcessPool& operator=(const ProcessPool&) = delete;

  bool full() const { return children_.size() >= at_once_; }
  bool empty() const { return children_.empty(); }

  /// What a child does: its exit status, and an answer of any size for the parent. It may also
  /// become another program; then the answer stays empty. It ends with this process, however that
  /// ends.
  using Work = std::function<int(std::string& answer)>;
  /// Throws UserError when there can be no further process.
  void start(std::size_t job, const Work& work);

  struct Ended {
    std::size_t job = 0;
    int status = 0;  // as waitpid gives it
    std::string answer;
    /// "the run ended by signal 9", "the run ended with 3"; "" for exit status 0.
    std::string problem() const;
  };
  /// Waits for one of them.
  Ended wait();

 private:
  struct Child {
    pid_t pid = -1;
    int answer = -1;  // a file without name
    std::size_t job = 0;
  };
  std::size_t at_once_;
  std::vector<Child> children_;
};

}  // namespace nsim::tool
