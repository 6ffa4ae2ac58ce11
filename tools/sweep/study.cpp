// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/study.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "models/program_file.h"
#include "sim/base/words.h"
#include "tools/process_pool.h"
#include "tools/run_directory.h"
#include "tools/run_record.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

std::string digest(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return hex(std::vector(bytes.begin(), bytes.begin() + size));
}

/// Every program and device of the sweep by a digest of what it is.
std::string inputs_of(const SweepFile& file) {
  std::map<std::string, std::string> inputs;
  const auto add = [&](const std::string& setting, const std::string& name) {
    if (setting == "program") {
      const std::vector<std::byte> bytes = ml::read_file(resolve_program(file, name));
      inputs[name] = digest(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    } else if (setting == "config") {
      inputs[name] = digest(open_device(resolve_config(file, name), {}).config.resolved_toml());
    }
  };
  for (const auto& [name, value] : file.settings) {
    add(name, value.text);
  }
  for (const Axis& axis : file.axes) {
    for (const std::string& target : axis.targets) {
      for (const AxisValue& value : axis.values) {
        add(target, value.text);
      }
    }
  }
  std::string text;
  for (const auto& [name, hash] : inputs) {
    text += fmt::format("{} {}\n", hash, name);
  }
  return text;
}

}  // namespace

std::string point_folder(const std::string& out, std::int64_t point) {
  return fs::absolute(fmt::format("{}/points/{:06}", out, point)).lexically_normal().string();
}

std::vector<PointJob> jobs_of(const SweepFile& file, const Design& design, const std::string& out) {
  std::vector<PointJob> jobs;
  for (std::size_t i = 0; i < design.points.size(); ++i) {
    const auto id = static_cast<std::int64_t>(i) + 1;
    const std::string folder = point_folder(out, id);
    jobs.push_back({id, setup_of(file, design.points[i]).arguments(folder), folder});
  }
  return jobs;
}

Study::Study(const SweepFile& file, const StudyOptions& options) : file_(file), options_(options) {
  std::error_code failure;
  fs::create_directories(options_.out + "/points", failure);
  if (failure) {
    throw UserError(fmt::format("cannot create {}: {}", options_.out, failure.message()));
  }
  lock();
  database_ = std::make_unique<SweepDatabase>(sweep_database_path(options_.out));
  const std::map<std::string, std::string> facts{
      {"format", "1"},
      {"name", file.name},
      {"file", file.text},
      {"build", build_identity()},
      {"inputs", inputs_of(file)},
      {"goal", options_.goal},
      {"path", fs::absolute(file.path).lexically_normal().string()}};
  if (database_->fact("format")) {
    check_same(facts);
    if (options_.retry_failed) {
      database_->retry_failed();
    }
  } else {
    database_->define(facts, file.axes);
  }
}

Study::~Study() {
  database_.reset();
  if (lock_ >= 0) {
    close(lock_);
  }
}

void Study::lock() {
  const std::string path = options_.out + "/lock";
  lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) {
    throw UserError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    throw UserError(fmt::format("another nsim works on {}", options_.out));
  }
}

void Study::check_same(const std::map<std::string, std::string>& facts) {
  if (!options_.resume && !options_.retry_failed) {
    throw UserError(fmt::format("{} holds a sweep: --resume continues it, --out DIR starts another",
                                options_.out));
  }
  const std::pair<const char*, const char*> same[] = {
      {"file", "another file, or the file has changed"},
      {"inputs", "other programs or devices: one has changed"},
      {"build", "another build of nsim, whose results may differ"},
      {"goal", "another goal"}};
  for (const auto& [key, difference] : same) {
    if (database_->fact(key) != facts.at(key)) {
      throw UserError(fmt::format("{} holds a sweep of {}; --out DIR starts another", options_.out,
                                  difference));
    }
  }
}

std::string Study::folder_of(std::int64_t point) const {
  return point_folder(options_.out, point);
}

void Study::run(const Design& design, Executor& executor) {
  const std::vector<std::int64_t> ids = database_->add(file_.axes, design.points);
  std::vector<std::int64_t> rows;
  for (const std::size_t row : design.rows) {
    rows.push_back(ids[row]);
  }
  database_->set_design(rows);
  finish(ids, design.points, executor);
}

std::vector<PointRecord> Study::evaluate(const std::vector<Point>& points, Executor& executor) {
  const std::vector<std::int64_t> ids = database_->add(file_.axes, points);
  finish(ids, points, executor);
  std::map<std::int64_t, PointRecord> known;
  for (PointRecord& record : database_->points(file_.axes.size())) {
    known[record.id] = std::move(record);
  }
  std::vector<PointRecord> records;
  for (const std::int64_t id : ids) {
    records.push_back(known.at(id));
    records.back().results = database_->results(id);
  }
  return records;
}

void Study::finish(const std::vector<std::int64_t>& ids, const std::vector<Point>& points,
                   Executor& executor) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    points_[ids[i]] = points[i];
  }
  const std::vector<PointJob> jobs = unfinished(ids);
  Progress progress(static_cast<int>(ids.size()), "points", options_.quiet);
  const int before = static_cast<int>(ids.size() - jobs.size());
  int ended = before;
  executor.run(jobs, [&](std::size_t job, const std::string& problem) {
    collect(jobs[job], problem);
    progress(++ended, before, failed_now_ > 0 ? fmt::format(" ({} failed)", failed_now_) : "");
  });
}

/// What has not ended, without those whose directory shows that they did, on whoever's behalf:
/// these are collected here.
std::vector<PointJob> Study::unfinished(const std::vector<std::int64_t>& ids) {
  std::map<std::int64_t, PointState> states;
  for (const PointRecord& record : database_->points(0)) {
    states[record.id] = record.state;
  }
  std::vector<PointJob> jobs;
  for (const std::int64_t id : ids) {
    if (std::exchange(states[id], PointState::Done) != PointState::Waiting) {
      continue;
    }
    const std::string folder = folder_of(id);
    PointJob job{id, setup_of(file_, points_.at(id)).arguments(folder), folder};
    // The words behind "run" are what the record holds.
    const std::vector<std::string> words(job.arguments.begin() + 1, job.arguments.end());
    const std::optional<RunOutcome> outcome = read_outcome(folder);
    const bool ours = outcome && outcome->arguments == words && outcome->build == build_identity();
    if (ours && (outcome->exit_status == 0 || !options_.retry_failed)) {
      collect(job, "");
    } else {
      jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

void Study::collect(const PointJob& job, const std::string& problem) {
  PointRecord record;
  record.id = job.id;
  const std::optional<RunOutcome> outcome = read_outcome(job.folder);
  if (outcome) {
    record.exit_status = outcome->exit_status;
    record.error = outcome->error;
  } else {
    record.exit_status = -1;
    record.error = problem.empty() ? "the run left no run.json" : problem;
  }
  record.state = record.exit_status == 0 ? PointState::Done : PointState::Failed;
  record.results = outcome ? read_results(job.folder) : Results{};
  if (record.state == PointState::Done) {
    add_columns(record, points_.at(job.id));
  }
  ++ended_now_;
  failed_now_ += record.state == PointState::Failed ? 1 : 0;
  database_->store(record);
}

/// A column that has no value at this point (it divides by zero) makes it a failed one.
void Study::add_columns(PointRecord& record, const Point& point) const {
  PointValues values(file_, point, &record.results);
  for (const SweepColumn& column : file_.columns) {
    try {
      record.results[column.name] = column.expression.evaluate(values.lookup());
    } catch (const UserError& error) {
      record.state = PointState::Failed;
      record.error = fmt::format("column '{}': {}", column.name, error.what());
      return;
    }
  }
}

}  // namespace nsim::tool
