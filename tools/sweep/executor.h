// SPDX-License-Identifier: Apache-2.0
// Where the runs of a sweep take place. Whoever runs them, a point that came to an end has left a
// run.json in its directory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace nsim::tool {

struct PointJob {
  std::int64_t id = 0;
  std::vector<std::string> arguments;  // of nsim
  std::string folder;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs all; `ended` gets the index of each, once, and a problem when the job came to no end of
  /// its own ("the run ended by signal 9"). Throws UserError when it cannot run anything.
  virtual void run(const std::vector<PointJob>& jobs,
                   const std::function<void(std::size_t, const std::string&)>& ended) = 0;
};

/// Processes of this machine, `jobs` at a time.
std::unique_ptr<Executor> local_executor(int jobs);

/// Arrays of Slurm jobs, `jobs` tasks at a time (0: as many as fit), submitted with sbatch and
/// waited for, one array after the other. `folder` is where scripts and what tasks print go; it and
/// the run directories lie on a file system that all nodes share. `options` are further words for
/// sbatch. What Slurm loses, a node with its tasks, is submitted again.
struct SlurmOptions {
  int jobs = 0;
  std::string folder;
  std::vector<std::string> options;
};
std::unique_ptr<Executor> slurm_executor(const SlurmOptions& options);

/// The jobs of each array: the cluster's MaxArraySize says how many one may have.
std::vector<std::vector<PointJob>> slurm_arrays(const std::vector<PointJob>& jobs);
/// The script of one array: task n runs the n-th of `jobs`.
std::string slurm_script(const std::vector<PointJob>& jobs, const SlurmOptions& options);

/// One line for a shell.
std::string shell_line(const std::vector<std::string>& arguments);

}  // namespace nsim::tool
