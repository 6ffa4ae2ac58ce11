// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_database.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

constexpr int kBusyMilliseconds = 10'000;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS sweep(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS axes(position INTEGER PRIMARY KEY, name TEXT NOT NULL, targets TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS points(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK(state IN ('waiting', 'done', 'failed')),
  exit_status INTEGER, error TEXT);
CREATE TABLE IF NOT EXISTS settings(
  point INTEGER NOT NULL REFERENCES points(id), axis INTEGER NOT NULL, text TEXT NOT NULL, number REAL,
  PRIMARY KEY(point, axis)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS design(row INTEGER PRIMARY KEY, point INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS results(
  point INTEGER NOT NULL REFERENCES points(id), name TEXT NOT NULL, value NOT NULL,
  PRIMARY KEY(point, name)) WITHOUT ROWID;
)";

const char* const kStates[] = {"waiting", "done", "failed"};

}  // namespace

class SweepDatabase::Statement {
 public:
  Statement(SweepDatabase& owner, const char* sql) : owner_(owner) {
    if (sqlite3_prepare_v2(owner.handle_, sql, -1, &statement_, nullptr) != SQLITE_OK) {
      owner.fail();
    }
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::int64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  Statement& bind(const Value& value) {
    if (value.is_text) {
      return bind(value.text);
    }
    sqlite3_bind_double(statement_, ++bound_, value.number);
    return *this;
  }
  Statement& bind_nothing() {
    sqlite3_bind_null(statement_, ++bound_);
    return *this;
  }

  /// True while there are rows.
  bool step() {
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
      owner_.fail();
    }
    return result == SQLITE_ROW;
  }
  void execute() {
    step();
    sqlite3_reset(statement_);
    bound_ = 0;
  }

  std::string text(int column) {
    const auto* data = sqlite3_column_text(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr
               ? ""
               : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  std::int64_t integer(int column) { return sqlite3_column_int64(statement_, column); }
  Value value(int column) {
    return sqlite3_column_type(statement_, column) == SQLITE_TEXT
               ? Value::of(text(column))
               : Value::of(sqlite3_column_double(statement_, column));
  }
  bool null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  SweepDatabase& owner_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

void SweepDatabase::fail() {
  throw UserError(fmt::format("{}: {}", path_, sqlite3_errmsg(handle_)));
}

void SweepDatabase::run(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail();
  }
}

SweepDatabase::SweepDatabase(const std::string& path) : path_(path) {
  try {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) {
      fail();
    }
    sqlite3_busy_timeout(handle_, kBusyMilliseconds);
    // A commit is in the file system's hands at once, whatever becomes of this process.
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    run(kSchema);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

SweepDatabase::~SweepDatabase() {
  sqlite3_close(handle_);
}

std::optional<std::string> SweepDatabase::fact(const std::string& key) {
  Statement query(*this, "SELECT value FROM sweep WHERE key = ?");
  return query.bind(key).step() ? std::optional(query.text(0)) : std::nullopt;
}

void SweepDatabase::define(const std::map<std::string, std::string>& facts,
                           const std::vector<Axis>& axes) {
  run("BEGIN IMMEDIATE");
  Statement fact(*this, "INSERT OR REPLACE INTO sweep VALUES(?, ?)");
  for (const auto& [key, value] : facts) {
    fact.bind(key).bind(value).execute();
  }
  Statement axis(*this, "INSERT OR REPLACE INTO axes VALUES(?, ?, ?)");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axis.bind(static_cast<std::int64_t>(i))
        .bind(axes[i].name)
        .bind(fmt::format("{}", fmt::join(axes[i].targets, " ")))
        .execute();
  }
  run("COMMIT");
}

std::vector<std::string> SweepDatabase::axis_names() {
  std::vector<std::string> names;
  Statement query(*this, "SELECT name FROM axes ORDER BY position");
  while (query.step()) {
    names.push_back(query.text(0));
  }
  return names;
}

std::vector<std::int64_t> SweepDatabase::add(const std::vector<Axis>& axes,
                                             const std::vector<Point>& points) {
  run("BEGIN IMMEDIATE");
  Statement find(*this, "SELECT id FROM points WHERE key = ?");
  Statement insert(*this, "INSERT INTO points(key, state) VALUES(?, 'waiting')");
  Statement setting(*this, "INSERT INTO settings VALUES(?, ?, ?, ?)");
  std::vector<std::int64_t> ids;
  for (const Point& point : points) {
    const bool known = find.bind(point.key()).step();
    std::int64_t id = known ? find.integer(0) : 0;
    find.execute();
    if (!known) {
      insert.bind(point.key()).execute();
      id = sqlite3_last_insert_rowid(handle_);
      for (std::size_t i = 0; i < axes.size(); ++i) {
        const AxisValue& value = point.values[i];
        setting.bind(id).bind(static_cast<std::int64_t>(i)).bind(value.text);
        (value.value.is_text ? setting.bind_nothing() : setting.bind(value.value)).execute();
      }
    }
    ids.push_back(id);
  }
  run("COMMIT");
  return ids;
}

void SweepDatabase::set_design(const std::vector<std::int64_t>& rows) {
  run("BEGIN IMMEDIATE; DELETE FROM design");
  Statement insert(*this, "INSERT INTO design VALUES(?, ?)");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    insert.bind(static_cast<std::int64_t>(i)).bind(rows[i]).execute();
  }
  run("COMMIT");
}

std::vector<std::int64_t> SweepDatabase::design() {
  std::vector<std::int64_t> rows;
  Statement query(*this, "SELECT point FROM design ORDER BY row");
  while (query.step()) {
    rows.push_back(query.integer(0));
  }
  return rows;
}

void SweepDatabase::store(const PointRecord& record) {
  run("BEGIN IMMEDIATE");
  Statement clear(*this, "DELETE FROM results WHERE point = ?");
  clear.bind(record.id).execute();
  Statement insert(*this, "INSERT INTO results VALUES(?, ?, ?)");
  for (const auto& [name, value] : record.results) {
    insert.bind(record.id).bind(name).bind(value).execute();
  }
  Statement update(*this, "UPDATE points SET state = ?, exit_status = ?, error = ? WHERE id = ?");
  update.bind(std::string(kStates[static_cast<std::size_t>(record.state)]))
      .bind(record.exit_status);
  (record.error.empty() ? update.bind_nothing() : update.bind(record.error))
      .bind(record.id)
      .execute();
  run("COMMIT");
}

void SweepDatabase::retry_failed() {
  run("BEGIN IMMEDIATE;"
      "DELETE FROM results WHERE point IN (SELECT id FROM points WHERE state = 'failed');"
      "UPDATE points SET state = 'waiting', exit_status = NULL, error = NULL WHERE state = "
      "'failed';"
      "COMMIT");
}

std::vector<PointRecord> SweepDatabase::points(std::size_t axes) {
  std::vector<PointRecord> records;
  Statement query(*this, "SELECT id, state, exit_status, error FROM points ORDER BY id");
  std::map<std::int64_t, std::size_t> places;
  while (query.step()) {
    PointRecord record;
    record.id = query.integer(0);
    const std::string state = query.text(1);
    record.state = state == "done"     ? PointState::Done
                   : state == "failed" ? PointState::Failed
                                       : PointState::Waiting;
    record.exit_status = static_cast<int>(query.integer(2));
    record.error = query.text(3);
    record.point.values.resize(axes);
    places[record.id] = records.size();
    records.push_back(std::move(record));
  }
  Statement settings(*this, "SELECT point, axis, text, number FROM settings");
  while (settings.step()) {
    const auto axis = static_cast<std::size_t>(settings.integer(1));
    const auto place = places.find(settings.integer(0));
    if (axis < axes && place != places.end()) {
      const std::string text = settings.text(2);
      records[place->second].point.values[axis] = {
          text, settings.null(3) ? Value::of(text) : settings.value(3), {}};
    }
  }
  return records;
}

Results SweepDatabase::results(std::int64_t point) {
  Results results;
  Statement query(*this, "SELECT name, value FROM results WHERE point = ?");
  query.bind(point);
  while (query.step()) {
    results.emplace(query.text(0), query.value(1));
  }
  return results;
}

}  // namespace nsim::tool
