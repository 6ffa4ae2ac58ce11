// SPDX-License-Identifier: Apache-2.0
// nsim sweep show: the results of a sweep as a table, its Pareto front, and what moves them.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/run_directory.h"
#include "tools/sweep/analysis.h"
#include "tools/sweep/design.h"
#include "tools/sweep/sweep_check.h"
#include "tools/sweep/sweep_database.h"
#include "tools/sweep/table.h"

namespace nsim::tool {
namespace {

/// A sweep read back: its file, and the points that are done.
struct Shown {
  SweepFile file;
  std::vector<PointRecord> points;
  std::vector<std::int64_t> design;
  std::size_t others = 0;  // failed or waiting
};

Shown open_sweep(const std::string& folder) {
  const std::string path = sweep_database_path(folder);
  if (!is_sweep_directory(folder)) {
    throw UserError(fmt::format("{} holds no sweep: there is no {}", folder, path));
  }
  SweepDatabase database(path);
  const auto text = database.fact("file");
  if (!text) {
    throw UserError(fmt::format("{} has no sweep in it", path));
  }
  Shown shown{parse_sweep_file(*text, database.fact("path").value_or(path)), {}, {}, 0};
  for (PointRecord& record : database.points(shown.file.axes.size())) {
    if (record.state != PointState::Done) {
      ++shown.others;
      continue;
    }
    record.results = database.results(record.id);
    shown.points.push_back(std::move(record));
  }
  shown.design = database.design();
  return shown;
}

Value value_at(const Shown& shown, const PointRecord& record, const Expression& expression) {
  PointValues values(shown.file, record.point, &record.results);
  return expression.evaluate(values.lookup());
}

double number_at(const Shown& shown, const PointRecord& record, const Expression& expression) {
  const Value value = value_at(shown, record, expression);
  if (value.is_text) {
    throw UserError(fmt::format("'{}' is a text, no number", expression.text()));
  }
  return value.number;
}

Expression expression_of(const Shown& shown, const std::string& option, const std::string& text) {
  Expression expression = Expression::parse(text, {option, 1, 1});
  check_names(shown.file, expression, true);
  return expression;
}

/// Comma-separated, but not inside parentheses.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<PointRecord> pareto(const Shown& shown, const std::string& text) {
  std::vector<std::pair<Expression, double>> objectives;  // and the sign that makes it a minimum
  for (const std::string& part : parts_of(text)) {
    const bool most = part.compare(0, 4, "max:") == 0;
    objectives.emplace_back(expression_of(shown, "--pareto", most ? part.substr(4) : part),
                            most ? -1.0 : 1.0);
  }
  std::vector<std::vector<double>> rows;
  for (const PointRecord& record : shown.points) {
    std::vector<double> row;
    for (const auto& [expression, sign] : objectives) {
      row.push_back(sign * number_at(shown, record, expression));
    }
    rows.push_back(std::move(row));
  }
  std::vector<PointRecord> front;
  for (const std::size_t index : pareto_front(rows)) {
    front.push_back(shown.points[index]);
  }
  return front;
}

void filter(Shown& shown, const Arguments& arguments) {
  if (arguments.has("where")) {
    const Expression condition = expression_of(shown, "--where", arguments.text("where"));
    const auto gone = [&](const PointRecord& r) { return number_at(shown, r, condition) == 0; };
    std::vector<PointRecord> kept;
    std::remove_copy_if(shown.points.begin(), shown.points.end(), std::back_inserter(kept), gone);
    shown.points = std::move(kept);
  }
  if (arguments.has("pareto")) {
    shown.points = pareto(shown, arguments.text("pareto"));
  }
  if (arguments.has("sort")) {
    const Expression key = expression_of(shown, "--sort", arguments.text("sort"));
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < shown.points.size(); ++i) {
      order.emplace_back(number_at(shown, shown.points[i], key), i);
    }
    std::sort(order.begin(), order.end());
    std::vector<PointRecord> sorted;
    for (const auto& [value, index] : order) {
      sorted.push_back(shown.points[index]);
    }
    shown.points = std::move(sorted);
  }
}

Table table_of(const Shown& shown, const Arguments& arguments) {
  Table table{{"point"}, {}};
  for (const Axis& axis : shown.file.axes) {
    table.heads.push_back(axis.name);
  }
  std::vector<Expression> columns;
  std::vector<std::string> texts{"time"};
  for (const SweepColumn& column : shown.file.columns) {
    texts.push_back(column.name);
  }
  for (const std::string& more : arguments.list("column")) {
    texts.push_back(more);
  }
  for (const std::string& text : texts) {
    columns.push_back(expression_of(shown, "--column", text));
    table.heads.push_back(text);
  }
  for (const PointRecord& record : shown.points) {
    std::vector<Value> row{Value::of(static_cast<double>(record.id))};
    for (const AxisValue& value : record.point.values) {
      row.push_back(Value::of(value.text));
    }
    for (const Expression& column : columns) {
      row.push_back(value_at(shown, record, column));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string dimension_name(const SweepFile& file, const Dimension& dimension) {
  std::vector<std::string> names;
  for (const std::size_t axis : dimension) {
    names.push_back(file.axes[axis].name);
  }
  return fmt::format("{}", fmt::join(names, "+"));
}

void print_influences(const Shown& shown, const std::vector<Influence>& influences) {
  const std::vector<Dimension> dimensions = dimensions_of(shown.file);
  std::vector<std::size_t> order(influences.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return influences[a].total > influences[b].total;
  });
  fmt::print("  {:<40} {:>18} {:>18}\n", "axis", "alone", "with interactions");
  for (const std::size_t i : order) {
    const Influence& one = influences[i];
    const auto share = [](double value, double error) {
      return error > 0 ? fmt::format("{:.3f} +- {:.3f}", value, error)
                       : fmt::format("{:.3f}", value);
    };
    fmt::print("  {:<40} {:>18} {:>18}\n", dimension_name(shown.file, dimensions[i]),
               share(one.first, one.first_error), share(one.total, one.total_error));
  }
}

/// The output of every row of the design. Throws UserError when a point of it is not done.
std::vector<double> design_outputs(const Shown& shown, const Expression& objective) {
  std::map<std::int64_t, double> known;
  for (const PointRecord& record : shown.points) {
    known[record.id] = number_at(shown, record, objective);
  }
  std::vector<double> outputs;
  for (const std::int64_t point : shown.design) {
    const auto found = known.find(point);
    if (found == known.end()) {
      throw UserError(
          "--sensitivity needs every point of the sweep done; --resume or --retry-failed");
    }
    outputs.push_back(found->second);
  }
  return outputs;
}

void one_at_a_time(const Shown& shown, const Expression& objective,
                   const std::vector<double>& outputs) {
  struct Row {
    std::string name;
    double low, high;
  };
  std::vector<Row> rows;
  std::map<std::int64_t, const PointRecord*> records;
  for (const PointRecord& record : shown.points) {
    records[record.id] = &record;
  }
  const Point& base = records.at(shown.design.front())->point;
  for (const Dimension& dimension : dimensions_of(shown.file)) {
    Row row{dimension_name(shown.file, dimension), outputs.front(), outputs.front()};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Point& point = records.at(shown.design[i])->point;
      const bool moved = std::any_of(dimension.begin(), dimension.end(), [&](std::size_t axis) {
        return point.values[axis].text != base.values[axis].text;
      });
      if (moved) {
        row.low = std::min(row.low, outputs[i]);
        row.high = std::max(row.high, outputs[i]);
      }
    }
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.high - a.low > b.high - b.low; });
  fmt::print("{} one at a time, {} points; base {:.6g}\n", objective.text(), shown.points.size(),
             outputs.front());
  fmt::print("  {:<40} {:>14} {:>14} {:>10}\n", "axis", "least", "most", "span");
  for (const Row& row : rows) {
    fmt::print("  {:<40} {:>14.6g} {:>14.6g} {:>9.1f}%\n", row.name, row.low, row.high,
               100 * (row.high - row.low) / std::abs(outputs.front()));
  }
}

void print_sensitivity(const Shown& shown, const std::string& text) {
  const Expression objective = expression_of(shown, "--sensitivity", text);
  const std::vector<double> outputs = design_outputs(shown, objective);
  const std::vector<Dimension> dimensions = dimensions_of(shown.file);
  const std::string& method = shown.file.sample.method;
  if (method == "one_at_a_time") {
    one_at_a_time(shown, objective, outputs);
  } else if (method == "saltelli") {
    fmt::print(
        "{}: Sobol indices, {} rows of {} base samples (saltelli, seed {}), {} runs; +- half "
        "of 95 %\n",
        text, outputs.size(), shown.file.sample.count, shown.file.sample.seed, shown.points.size());
    print_influences(shown, sobol_indices(outputs, dimensions.size(), shown.file.sample.seed));
  } else if (method == "grid" && shown.file.conditions.empty() && !outputs.empty()) {
    std::vector<std::vector<std::size_t>> levels;
    for (const PointRecord& record : shown.points) {
      levels.emplace_back();
      for (const Dimension& dimension : dimensions) {
        const Axis& axis = shown.file.axes[dimension.front()];
        const auto place =
            std::find_if(axis.values.begin(), axis.values.end(), [&](const AxisValue& value) {
              return value.text == record.point.values[dimension.front()].text;
            });
        levels.back().push_back(static_cast<std::size_t>(place - axis.values.begin()));
      }
    }
    fmt::print("{}: shares of its variance over the grid of {} points (exact)\n", text,
               outputs.size());
    print_influences(shown, grid_indices(levels, outputs));
  } else {
    throw UserError(
        fmt::format("--sensitivity: method '{}'{} tells nothing about single axes; use "
                    "one_at_a_time, saltelli or a grid without conditions",
                    method, shown.file.conditions.empty() ? "" : " with conditions"));
  }
}

int execute(const Arguments& arguments) {
  Shown shown = open_sweep(arguments.text("DIR"));
  if (arguments.has("sensitivity")) {
    for (const char* option : {"column", "where", "pareto", "sort"}) {
      if (arguments.has(option)) {
        throw UserError(fmt::format(
            "--sensitivity is about all points of the sweep: it does not go with --{}", option));
      }
    }
    print_sensitivity(shown, arguments.text("sensitivity"));
    return 0;
  }
  filter(shown, arguments);
  const Table table = table_of(shown, arguments);
  const std::string format = arguments.text("format");
  if (format == "csv") {
    print_csv(table);
  } else if (format == "json") {
    print_json(table);
  } else if (format == "text") {
    if (shown.points.empty()) {
      fmt::print("no point that is done meets the condition\n");
    } else {
      print_text(table);
    }
    if (shown.others > 0) {
      fmt::print("and {} point(s) that failed or have not ended\n", shown.others);
    }
  } else {
    throw UserError(fmt::format("--format: '{}' is none of text, csv, json", format));
  }
  return 0;
}

}  // namespace

Command sweep_show_command() {
  using Kind = Option::Kind;
  return {
      {"sweep show",
       "sweep show DIR [options]",
       "the results of a sweep: table, Pareto front, sensitivity\n"
       "Expressions are those of sweep files (docs/sweeps.md).",
       {"DIR"},
       {{"format,f", Kind::Text, "text|csv|json", "how the table is written", "text"},
        {"column", Kind::List, "EXPRESSION", "a further column; may be repeated"},
        {"where", Kind::Text, "CONDITION", "only points that meet it"},
        {"pareto", Kind::Text, "A,B,..",
         "only points that no other beats in all of these; smaller is better, max:A the reverse"},
        {"sort", Kind::Text, "EXPRESSION", "smallest first"},
        {"sensitivity", Kind::Text, "EXPRESSION", "which axis moves it how much"}}},
      execute};
}

}  // namespace nsim::tool
