// SPDX-License-Identifier: Apache-2.0
// The results of a sweep, in one SQLite file. Nothing in it depends on the wall clock or on the
// order in which points ended: a sweep that was killed and resumed leaves the same contents.
//
//   sweep(key, value)                    name, the file's text, build of the simulator, goal, ...
//   axes(position, name, targets)
//   points(id, key, state, exit_status, error)     state: waiting, done, failed
//   settings(point, axis, text, number)            the point's value on every axis
//   design(row, point)                             rows of a sample, in their order
//   results(point, name, value)                    summary.json, then the columns of the file
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/sweep/point.h"
#include "tools/sweep/results.h"

namespace nsim::tool {

enum class PointState { Waiting, Done, Failed };

struct PointRecord {
  std::int64_t id = 0;
  Point point;
  PointState state = PointState::Waiting;
  int exit_status = 0;
  std::string error;
  Results results;
};

class SweepDatabase {
 public:
  /// Opens or creates. Throws UserError when the file is no database of a sweep.
  explicit SweepDatabase(const std::string& path);
  ~SweepDatabase();
  SweepDatabase(const SweepDatabase&) = delete;
  SweepDatabase& operator=(const SweepDatabase&) = delete;

  std::optional<std::string> fact(const std::string& key);
  void define(const std::map<std::string, std::string>& facts, const std::vector<Axis>& axes);

  /// In their order.
  std::vector<std::string> axis_names();

  /// Adds the points that are not there yet, numbered on; returns the number of each.
  std::vector<std::int64_t> add(const std::vector<Axis>& axes, const std::vector<Point>& points);
  /// Point numbers by row.
  void set_design(const std::vector<std::int64_t>& rows);
  std::vector<std::int64_t> design();

  /// State, error and results of one point, all or nothing.
  void store(const PointRecord& record);
  void retry_failed();

  /// Without results, in the order of their numbers.
  std::vector<PointRecord> points(std::size_t axes);
  Results results(std::int64_t point);

 private:
  class Statement;
  void run(const std::string& sql);
  [[noreturn]] void fail();

  std::string path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace nsim::tool
