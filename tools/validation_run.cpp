// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "models/program_file.h"
#include "sim/base/error.h"
#include "sim/base/text_file.h"
#include "sim/isa/text.h"
#include "tools/device.h"
#include "tools/open_runtime.h"
#include "tools/process_pool.h"
#include "tools/request_pipeline.h"
#include "tools/temporary_folder.h"
#include "tools/validation_measure.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// One run and the measures that are read off it.
struct Job {
  const ValidationRow* row;  // whose workload it is
  Definitions define;
  bool trace = false;
  std::vector<std::pair<std::size_t, bool>> readers;  // result index, and whether as the divisor
};

std::string key_of(const ValidationRow& row, const Definitions& define) {
  std::string key = row.program + row.kernel + "|" + row.config;
  for (const std::string& assignment : row.set) {
    key += "|" + assignment;
  }
  for (const auto& [name, value] : define) {
    key += "|" + name + "=" + value;
  }
  return key;
}

std::vector<Job> jobs_of(const std::vector<ValidationRow>& rows) {
  std::vector<Job> jobs;
  std::map<std::string, std::size_t> known;
  const auto add = [&](std::size_t index, const Definitions& define, bool divisor) {
    const ValidationRow& row = rows[index];
    const auto [place, fresh] = known.try_emplace(key_of(row, define), jobs.size());
    if (fresh) {
      jobs.push_back({&row, define, false, {}});
    }
    Job& job = jobs[place->second];
    job.trace = job.trace || needs_trace(row.measure);
    job.readers.emplace_back(index, divisor);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].runs()) {
      continue;
    }
    add(i, rows[i].define, false);
    if (!rows[i].relative_to.empty()) {
      Definitions other = rows[i].define;
      for (const auto& [name, value] : rows[i].relative_to) {
        other[name] = value;
      }
      add(i, other, true);
    }
  }
  return jobs;
}

/// A traced kernel: text where it was built, a container where it is installed.
std::string kernel_file(const std::string& name) {
  for (const char* extension : {".nasm", ".neff"}) {
    const std::string path = rt::try_shared("models/validation/kernels/" + name + extension);
    if (!path.empty()) {
      return path;
    }
  }
  throw UserError(fmt::format("no kernel '{}' was traced by the build", name));
}

isa::Program workload(const Job& job, const isa::Limits& limits) {
  const std::string path =
      job.row->kernel.empty() ? job.row->program : kernel_file(job.row->kernel);
  if (fs::path(path).extension() != ".nasm") {
    return ml::open_program(path, limits).program;
  }
  if (!job.row->kernel.empty()) {
    // Every operand keeps this name: a short one needs no memory of its own.
    return isa::parse_text(read_text_file(path), "kernel");
  }
  return isa::parse_text(substitute(read_text_file(path), job.define, path), path);
}

Observation observe(const Job& job) {
  rt::Options options;
  options.config = job.row->config;
  options.set = {"clock.mode=step", "instance.numerics=off"};
  options.set.insert(options.set.end(), job.row->set.begin(), job.row->set.end());
  std::optional<TemporaryFolder> folder;
  if (job.trace) {
    folder.emplace("nsim_validate");
    options.out = folder->path();
  }
  const Device device = open_device(options.config, options.set);
  const isa::Program program = workload(job, device.limits);
  Observation observation;
  {
    const OpenRuntime runtime(options);
    nrt_model_t* model = rt::load_program(program, 0);
    const TensorBytes none;
    RequestPipeline pipeline(model, 0, {}, none, rt::wait_until);
    pipeline.run([](int) {});
    if (!pipeline.failures().empty()) {
      throw UserError(
          fmt::format("the request ended with status {}", pipeline.failures().front().status));
    }
    observation.record = rt::session_record();
  }
  if (job.trace) {
    observation.trace = read_trace(folder->path() + "/device_profile_model_1.pftrace");
  }
  return observation;
}

/// What a child sends: one object per reader, or the problem of all.
nlohmann::json evaluate(const Job& job, const std::vector<ValidationRow>& rows) {
  nlohmann::json answer = nlohmann::json::array();
  try {
    const Observation observation = observe(job);
    for (const auto& [index, divisor] : job.readers) {
      try {
        answer.push_back({{"value", measure(rows[index].measure, observation)}});
      } catch (const UserError& error) {
        answer.push_back({{"problem", error.what()}});
      }
    }
  } catch (const std::exception& error) {
    answer.clear();
    for (std::size_t i = 0; i < job.readers.size(); ++i) {
      answer.push_back({{"problem", error.what()}});
    }
  }
  return answer;
}

/// The answer of a child that has ended, or a problem for every reader.
nlohmann::json answer_of(const ProcessPool::Ended& ended, const Job& job) {
  nlohmann::json answer = nlohmann::json::parse(ended.answer, nullptr, false);
  if (answer.is_array() && answer.size() == job.readers.size()) {
    return answer;
  }
  answer = nlohmann::json::array();
  for (std::size_t i = 0; i < job.readers.size(); ++i) {
    answer.push_back({{"problem", ended.problem()}});
  }
  return answer;
}

class Runner {
 public:
  Runner(const std::vector<ValidationRow>& rows, std::vector<ValidationResult>& results)
      : rows_(rows), results_(results), jobs_(jobs_of(rows)), divisors_(rows.size(), 1) {}

  void run(int at_once, const std::function<void(int, int)>& progress) {
    ProcessPool pool(at_once);
    std::size_t next = 0;
    for (int done = 0; next < jobs_.size() || !pool.empty();) {
      for (; next < jobs_.size() && !pool.full(); ++next) {
        pool.start(next, [this, next](std::string& answer) {
          answer = evaluate(jobs_[next], rows_).dump();
          return 0;
        });
      }
      const ProcessPool::Ended ended = pool.wait();
      take(jobs_[ended.job], answer_of(ended, jobs_[ended.job]));
      progress(++done, static_cast<int>(jobs_.size()));
    }
    finish();
  }

 private:
  void take(const Job& job, const nlohmann::json& answer) {
    for (std::size_t i = 0; i < job.readers.size(); ++i) {
      const auto [index, divisor] = job.readers[i];
      ValidationResult& result = results_[index];
      if (answer[i].contains("problem")) {
        result.state = ValidationResult::State::Failed;
        result.problem = answer[i]["problem"];
      } else if (divisor) {
        divisors_[index] = answer[i]["value"];
      } else {
        result.simulated = answer[i]["value"];
      }
    }
  }

  void finish() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const ValidationRow& row = rows_[i];
      if (row.runs() && results_[i].state != ValidationResult::State::Failed) {
        results_[i].state = ValidationResult::State::Run;
        results_[i].simulated *= row.scale / divisors_[i] / unit_factor(row.unit);
      }
    }
  }

  const std::vector<ValidationRow>& rows_;
  std::vector<ValidationResult>& results_;
  std::vector<Job> jobs_;
  std::vector<double> divisors_;
};

}  // namespace

std::vector<ValidationResult> run_validation(const std::vector<ValidationRow>& rows, int jobs,
                                             const std::function<void(int, int)>& progress) {
  std::vector<ValidationResult> results;
  for (const ValidationRow& row : rows) {
    results.push_back({&row, ValidationResult::State::Explained, 0, ""});
  }
  Runner(rows, results).run(jobs, progress);
  return results;
}

}  // namespace nsim::tool
