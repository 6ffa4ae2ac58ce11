// SPDX-License-Identifier: Apache-2.0
#include "tools/process_pool.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

[[noreturn]] void be_child(pid_t parent, int file, const ProcessPool::Work& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(1);  // it ended before it could be waited for
  }
  std::string answer;
  const int status = work(answer);
  std::fflush(nullptr);
  for (std::size_t sent = 0; sent < answer.size();) {
    const ssize_t wrote = write(file, answer.data() + sent, answer.size() - sent);
    if (wrote < 0 && errno != EINTR) {
      _exit(1);
    }
    sent += wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
  }
  _exit(status);
}

std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  off_t at = 0;
  for (ssize_t got = 0; (got = pread(file, buffer, sizeof buffer, at)) != 0;) {
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
      at += got;
    } else if (errno != EINTR) {
      break;
    }
  }
  return text;
}

}  // namespace

std::string own_program() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

void become(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  execvp(pointers[0], pointers.data());
}

ProcessPool::~ProcessPool() {
  for (const Child& child : children_) {
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    close(child.answer);
  }
}

void ProcessPool::start(std::size_t job, const Work& work) {
  const int file = memfd_create("answer", MFD_CLOEXEC);
  if (file < 0) {
    throw UserError(fmt::format("cannot create a file in memory: {}", std::strerror(errno)));
  }
  std::fflush(nullptr);  // what is buffered must not be written twice
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int reason = errno;
    close(file);
    throw UserError(fmt::format("cannot start a process: {}", std::strerror(reason)));
  }
  if (pid == 0) {
    be_child(parent, file, work);
  }
  children_.push_back({pid, file, job});
}

ProcessPool::Ended ProcessPool::wait() {
  while (true) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno != EINTR) {
      throw InternalError(fmt::format("waiting for no process: {}", std::strerror(errno)));
    }
    const auto child = std::find_if(children_.begin(), children_.end(),
                                    [pid](const Child& c) { return c.pid == pid; });
    if (child == children_.end()) {
      continue;
    }
    Ended ended{child->job, status, read_all(child->answer)};
    close(child->answer);
    children_.erase(child);
    return ended;
  }
}

std::string ProcessPool::Ended::problem() const {
  if (WIFSIGNALED(status)) {
    return fmt::format("the run ended by signal {}", WTERMSIG(status));
  }
  return WEXITSTATUS(status) == 0 ? "" : fmt::format("the run ended with {}", WEXITSTATUS(status));
}

}  // namespace nsim::tool
