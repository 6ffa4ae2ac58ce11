// SPDX-License-Identifier: Apache-2.0
// nsim sweep: many runs, one for each point of a study.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/process_pool.h"
#include "tools/sweep/goal.h"
#include "tools/sweep/study.h"
#include "tools/sweep/sweep_check.h"

namespace nsim::tool {
namespace {

double processor_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& part : {usage.ru_utime, usage.ru_stime}) {
      seconds += static_cast<double>(part.tv_sec) + 1e-6 * static_cast<double>(part.tv_usec);
    }
  }
  return seconds;
}

/// 0 when every point is done, 1 otherwise.
int report(Study& study, const SweepFile& file, const std::string& out, double seconds) {
  constexpr std::size_t kShown = 10;
  std::size_t done = 0;
  std::size_t waiting = 0;
  std::vector<PointRecord> failed;
  for (PointRecord& record : study.database().points(file.axes.size())) {
    done += record.state == PointState::Done ? 1 : 0;
    waiting += record.state == PointState::Waiting ? 1 : 0;
    if (record.state == PointState::Failed) {
      failed.push_back(std::move(record));
    }
  }
  fmt::print("{}: {} points, {} done, {} failed{}; results in {}/sweep.sqlite\n", file.name,
             done + waiting + failed.size(), done, failed.size(),
             waiting > 0 ? fmt::format(", {} waiting", waiting) : "", out);
  if (study.ended_now() > 0) {
    fmt::print("  {} of them now, in {:.1f} s ({:.0f} per minute), {:.1f} s of processor time\n",
               study.ended_now(), seconds, 60 * study.ended_now() / seconds, processor_seconds());
  }
  for (std::size_t i = 0; i < failed.size() && i < kShown; ++i) {
    std::string values;
    for (std::size_t axis = 0; axis < file.axes.size(); ++axis) {
      values += fmt::format(" {}={}", file.axes[axis].name, failed[i].point.values[axis].text);
    }
    fmt::print("  FAILED {:06}{}: {}\n", failed[i].id, values, failed[i].error);
  }
  if (failed.size() > kShown) {
    fmt::print("  ... and {} more\n", failed.size() - kShown);
  }
  return failed.empty() && waiting == 0 ? 0 : 1;
}

/// Fills in how good a point that is done is.
void rate(const SweepFile& file, const Goal& goal, const PointRecord& record,
          Candidate& candidate) {
  PointValues values(file, record.point, &record.results);
  candidate.objective = (goal.maximise ? -1 : 1) * goal.objective.number(values.lookup());
  candidate.violation = goal.condition ? goal.condition->violation(values.lookup()) : 0;
}

/// A search instead of a design: its points are those of the sweep.
void search_goal(Study& study, const SweepFile& file, const Goal& goal,
                 const SearchOptions& options, Executor& executor) {
  const auto evaluate = [&](std::vector<Candidate>& candidates) {
    std::vector<Point> points;
    for (const Candidate& candidate : candidates) {
      if (meets_conditions(file, candidate.point)) {
        points.push_back(candidate.point);
      }
    }
    std::map<std::string, PointRecord> records;
    for (PointRecord& record : study.evaluate(points, executor)) {
      records[record.point.key()] = std::move(record);
    }
    for (Candidate& candidate : candidates) {
      const auto found = records.find(candidate.point.key());
      if (found != records.end() && found->second.state == PointState::Done) {
        rate(file, goal, found->second, candidate);
      }
    }
  };
  const SearchResult result = search(file, options, evaluate);
  fmt::print("{}: differential evolution, seed {}, {} points in {} generations\n", study.goal(),
             options.seed, result.evaluated, result.generations);
  if (result.best.violation > 0) {
    fmt::print("  no point meets the condition\n");
    return;
  }
  fmt::print("  best {:.6g} at", goal.maximise ? -result.best.objective : result.best.objective);
  for (std::size_t axis = 0; axis < file.axes.size(); ++axis) {
    fmt::print(" {}={}", file.axes[axis].name, result.best.point.values[axis].text);
  }
  fmt::print("\n");
}

/// Nothing when points run on this machine.
std::optional<SlurmOptions> slurm_options(const Arguments& arguments, const std::string& out) {
  if (arguments.either("executor", "local", "slurm") == "local") {
    if (arguments.has("slurm-option")) {
      throw UserError("--slurm-option needs --executor slurm");
    }
    return std::nullopt;
  }
  SlurmOptions slurm;
  slurm.jobs =
      arguments.has("jobs") ? static_cast<int>(arguments.integer("jobs", 1, 1'000'000)) : 0;
  slurm.folder = std::filesystem::absolute(out + "/slurm").lexically_normal().string();
  slurm.options = arguments.list("slurm-option");
  return slurm;
}

/// One shell command per point, or the script of their array; of several arrays commands that
/// submit them.
void print_list(const std::vector<PointJob>& jobs, const std::optional<SlurmOptions>& slurm) {
  if (slurm) {
    const std::vector<std::vector<PointJob>> arrays = slurm_arrays(jobs);
    for (const std::vector<PointJob>& array : arrays) {
      const std::string script = slurm_script(array, *slurm);
      fmt::print("{}", arrays.size() == 1
                           ? script
                           : fmt::format("sbatch <<'END OF ARRAY'\n{}END OF ARRAY\n", script));
    }
    return;
  }
  for (const PointJob& job : jobs) {
    fmt::print("{} {}\n", shell_line({own_program()}), shell_line(job.arguments));
  }
}

int execute(const Arguments& arguments) {
  const SweepFile file = read_sweep_file(arguments.text("FILE"));
  check_sweep(file);
  StudyOptions options;
  options.out = arguments.has("out") ? arguments.text("out")
                                     : std::filesystem::path(file.path).stem().string() + ".sweep";
  options.goal = arguments.text("goal");
  std::optional<Goal> goal;
  if (!options.goal.empty()) {
    goal = Goal::parse(options.goal);
    check_names(file, goal->objective, true);
    if (goal->condition) {
      check_names(file, *goal->condition, true);
    }
  }
  SearchOptions limits;
  limits.budget = static_cast<std::size_t>(arguments.integer("budget", 4, 1'000'000));
  limits.seed = file.sample.seed;
  const std::optional<SlurmOptions> slurm = slurm_options(arguments, options.out);
  if (arguments.flag("list")) {
    if (goal) {
      throw UserError("--list: which points a search has is known when it has run");
    }
    print_list(jobs_of(file, design_of(file), options.out), slurm);
    return 0;
  }
  options.resume = arguments.flag("resume");
  options.retry_failed = arguments.flag("retry-failed");
  options.quiet = arguments.flag("quiet");
  const int jobs = arguments.has("jobs") && !slurm
                       ? static_cast<int>(arguments.integer("jobs", 1, 1024))
                       : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.goal += goal ? fmt::format(" (budget {})", limits.budget) : "";
  const Design design = goal ? Design{} : design_of(file);
  const auto start = std::chrono::steady_clock::now();
  Study study(file, options);
  const std::unique_ptr<Executor> executor = slurm ? slurm_executor(*slurm) : local_executor(jobs);
  if (goal) {
    search_goal(study, file, *goal, limits, *executor);
  } else {
    study.run(design, *executor);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return report(study, file, options.out, elapsed.count());
}

}  // namespace

Command sweep_command() {
  using Kind = Option::Kind;
  return {{"sweep",
           "sweep FILE.toml [options]",
           "run every point of a study, each in a process and a directory of its own\n"
           "docs/sweeps.md explains the file. Exit code 1 when a point failed.",
           {"FILE"},
           {{"jobs,j", Kind::Text, "N", "runs at a time (default: one per processor)"},
            {"out,o", Kind::Text, "DIR", "where to (default: the name of the file with .sweep)"},
            {"resume", Kind::Flag, "", "continue: run only what has not ended yet"},
            {"retry-failed", Kind::Flag, "", "continue, and run failed points again"},
            {"goal", Kind::Text, "GOAL",
             "search the axes instead: 'min EXPRESSION where CONDITION', or max"},
            {"budget", Kind::Text, "N", "with --goal: different points at most", "200"},
            {"executor", Kind::Text, "local|slurm", "where points run", "local"},
            {"slurm-option", Kind::List, "WORDS",
             "further options of sbatch, e.g. '--partition=p --mem=2G'; may be repeated"},
            {"list", Kind::Flag, "",
             "print one independent shell command per point (slurm: the array's script), run "
             "nothing"},
            {"quiet,q", Kind::Flag, "", "no progress line"}}},
          execute};
}

}  // namespace nsim::tool
