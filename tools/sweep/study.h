// SPDX-License-Identifier: Apache-2.0
// A sweep under way: its directory, its database, and the points that are brought to an end.
//
//   DIR/sweep.sqlite     the results (sweep_database.h)
//   DIR/points/000001/   the run directory of each point (run_record.h)
//   DIR/lock             held while somebody works on it
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/progress.h"
#include "tools/sweep/design.h"
#include "tools/sweep/executor.h"
#include "tools/sweep/sweep_database.h"

namespace nsim::tool {

struct StudyOptions {
  std::string out;
  bool resume = false;
  bool retry_failed = false;
  bool quiet = false;
  std::string goal;  // "" for a fixed design
};

class Study {
 public:
  /// Creates the directory or, with `resume`, continues what is there. Throws UserError when there
  /// is a sweep already, or one of another file, other inputs or another build.
  Study(const SweepFile& file, const StudyOptions& options);
  ~Study();
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;

  /// Brings the points of the design to an end.
  void run(const Design& design, Executor& executor);
  /// Brings `points` to an end; returns them as they ended, in their order, with results.
  std::vector<PointRecord> evaluate(const std::vector<Point>& points, Executor& executor);

  SweepDatabase& database() { return *database_; }
  std::string folder_of(std::int64_t point) const;
  const std::string& goal() const { return options_.goal; }
  int ended_now() const { return ended_now_; }

 private:
  void lock();
  void check_same(const std::map<std::string, std::string>& facts);
  void finish(const std::vector<std::int64_t>& ids, const std::vector<Point>& points,
              Executor& executor);
  std::vector<PointJob> unfinished(const std::vector<std::int64_t>& ids);
  void collect(const PointJob& job, const std::string& problem);
  void add_columns(PointRecord& record, const Point& point) const;

  const SweepFile& file_;
  StudyOptions options_;
  int lock_ = -1;
  std::unique_ptr<SweepDatabase> database_;
  std::map<std::int64_t, Point> points_;
  int ended_now_ = 0;
  int failed_now_ = 0;
};

/// One job per point, run directories below `out`.
std::vector<PointJob> jobs_of(const SweepFile& file, const Design& design, const std::string& out);

/// The run directory of a point.
std::string point_folder(const std::string& out, std::int64_t point);

}  // namespace nsim::tool
