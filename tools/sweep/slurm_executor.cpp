// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "sim/base/error.h"
#include "tools/device.h"
#include "tools/process_pool.h"
#include "tools/run_record.h"
#include "tools/sweep/executor.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// Slurm's default MaxArraySize. Task numbers end one before it, and here begin with 1.
constexpr std::size_t kDefaultMaxArraySize = 1001;
/// How often tasks that left nothing are submitted.
constexpr int kAttempts = 3;
/// What become() leaves when there is no such program.
constexpr int kNoProgram = 127;

/// What the cluster is configured with; its default when that cannot be asked.
std::size_t max_array_size() {
  struct Closer {
    void operator()(std::FILE* file) const { pclose(file); }
  };
  const std::unique_ptr<std::FILE, Closer> out(popen("scontrol show config 2>/dev/null", "r"));
  std::array<char, 4096> line{};
  unsigned long size = 0;
  while (out && std::fgets(line.data(), line.size(), out.get()) != nullptr) {
    if (std::sscanf(line.data(), "MaxArraySize = %lu", &size) == 1 && size >= 2) {
      return size;
    }
  }
  return kDefaultMaxArraySize;
}

class SlurmExecutor : public Executor {
 public:
  explicit SlurmExecutor(SlurmOptions options) : options_(std::move(options)) {}

  void run(const std::vector<PointJob>& jobs,
           const std::function<void(std::size_t, const std::string&)>& ended) override {
    std::size_t job = 0;
    for (const std::vector<PointJob>& array : slurm_arrays(jobs)) {
      run_array(array);
      for (const PointJob& one : array) {
        ended(job++, read_outcome(one.folder)
                         ? ""
                         : fmt::format("its Slurm task left no run.json; see {}", options_.folder));
      }
    }
  }

 private:
  void run_array(std::vector<PointJob> jobs) {
    for (int attempt = 0; attempt < kAttempts && !jobs.empty(); ++attempt) {
      for (const PointJob& job : jobs) {
        std::error_code ignored;  // of an earlier run with other arguments
        fs::remove(job.folder + "/run.json", ignored);
      }
      submit(jobs);
      const auto is_over = [](const PointJob& job) { return read_outcome(job.folder).has_value(); };
      jobs.erase(std::remove_if(jobs.begin(), jobs.end(), is_over), jobs.end());
    }
  }

  /// Comes back when every task has ended.
  void submit(const std::vector<PointJob>& jobs) {
    fs::create_directories(options_.folder);
    const std::string path = fmt::format("{}/array{}.sh", options_.folder, ++arrays_);
    write_file(path, slurm_script(jobs, options_));
    ProcessPool pool(1);
    pool.start(0, [&](std::string&) {
      become({"sbatch", "--wait", "--quiet", path});
      return kNoProgram;
    });
    // Its status is that of the tasks, which their run.json tells better.
    const ProcessPool::Ended ended = pool.wait();
    const bool none = std::none_of(jobs.begin(), jobs.end(), [](const PointJob& job) {
      return read_outcome(job.folder).has_value();
    });
    if (none && !ended.problem().empty()) {
      throw UserError(fmt::format("sbatch {}: {}; is Slurm there, and do its nodes see {}?", path,
                                  ended.problem(), options_.folder));
    }
  }

  const SlurmOptions options_;
  int arrays_ = 0;
};

}  // namespace

std::vector<std::vector<PointJob>> slurm_arrays(const std::vector<PointJob>& jobs) {
  std::vector<std::vector<PointJob>> arrays;
  if (jobs.empty()) {
    return arrays;
  }
  const std::size_t most = max_array_size() - 1;
  for (std::size_t first = 0; first < jobs.size(); first += most) {
    const std::size_t end = std::min(jobs.size(), first + most);
    arrays.emplace_back(jobs.begin() + static_cast<std::ptrdiff_t>(first),
                        jobs.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return arrays;
}

std::string slurm_script(const std::vector<PointJob>& jobs, const SlurmOptions& options) {
  std::string script = fmt::format(
      "#!/bin/bash\n#SBATCH --job-name=nsim-sweep\n#SBATCH --array=1-{}{}\n"
      "#SBATCH --ntasks=1\n#SBATCH --requeue\n#SBATCH --open-mode=append\n"
      "#SBATCH --output={}/task%a.log\n",
      jobs.size(), options.jobs > 0 ? fmt::format("%{}", options.jobs) : "", options.folder);
  for (const std::string& option : options.options) {
    script += "#SBATCH " + option + "\n";
  }
  script += "case $SLURM_ARRAY_TASK_ID in\n";
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    script += fmt::format("{}) exec {} {} ;;\n", job + 1, shell_line({own_program()}),
                          shell_line(jobs[job].arguments));
  }
  return script + "esac\n";
}

std::unique_ptr<Executor> slurm_executor(const SlurmOptions& options) {
  return std::make_unique<SlurmExecutor>(options);
}

}  // namespace nsim::tool
