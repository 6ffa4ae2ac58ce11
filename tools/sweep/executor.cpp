// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/executor.h"

#include "tools/process_pool.h"

namespace nsim::tool {
namespace {

class LocalExecutor : public Executor {
 public:
  explicit LocalExecutor(int jobs) : jobs_(jobs) {}

  void run(const std::vector<PointJob>& jobs,
           const std::function<void(std::size_t, const std::string&)>& ended) override {
    ProcessPool pool(jobs_);
    std::size_t next = 0;
    while (next < jobs.size() || !pool.empty()) {
      for (; next < jobs.size() && !pool.full(); ++next) {
        pool.start(next, [&](std::string&) {
          std::vector<std::string> words{own_program()};
          words.insert(words.end(), jobs[next].arguments.begin(), jobs[next].arguments.end());
          become(words);
          return 127;
        });
      }
      const ProcessPool::Ended one = pool.wait();
      ended(one.job, one.problem());
    }
  }

 private:
  int jobs_;
};

}  // namespace

std::unique_ptr<Executor> local_executor(int jobs) {
  return std::make_unique<LocalExecutor>(jobs);
}

std::string shell_line(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& word : arguments) {
    line += line.empty() ? "" : " ";
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_-./=:,%+@") == std::string::npos;
    if (plain) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    line += '\'';
  }
  return line;
}

}  // namespace nsim::tool
