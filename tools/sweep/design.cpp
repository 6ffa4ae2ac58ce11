// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace nsim::tool {
namespace {

constexpr std::size_t kMaxPoints = 1'000'000;
constexpr std::size_t kAttempts = 1000;  // of a random sample per point, before it gives up

class Designer {
 public:
  explicit Designer(const SweepFile& file) : file_(file), dimensions_(dimensions_of(file)) {}

  Design design() {
    const std::string& method = file_.sample.method;
    if (method == "grid") {
      grid();
    } else if (method == "random") {
      random();
    } else if (method == "latin_hypercube") {
      hypercube();
    } else if (method == "one_at_a_time") {
      one_at_a_time();
    } else {
      saltelli();
    }
    if (design_.points.empty()) {
      throw UserError(
          file_.sample.where.file.empty() ? SourcePos{file_.path, 0, 0} : file_.sample.where,
          "no point meets the conditions");
    }
    return std::move(design_);
  }

 private:
  std::size_t count() const { return static_cast<std::size_t>(file_.sample.count); }
  RandomStream stream() const { return {file_.sample.seed, file_.sample.method}; }

  /// A row for `point`; false when it is there already.
  bool add(Point point) {
    const auto [place, fresh] = known_.try_emplace(point.key(), design_.points.size());
    design_.rows.push_back(place->second);
    if (!fresh) {
      return false;
    }
    if (design_.points.size() >= kMaxPoints) {
      throw UserError(SourcePos{file_.path, 0, 0},
                      fmt::format("the sweep has more than {} points", kMaxPoints));
    }
    design_.points.push_back(std::move(point));
    return true;
  }

  void need_values() const {
    for (const Axis& axis : file_.axes) {
      if (axis.values.empty()) {
        throw UserError(axis.where,
                        fmt::format("axis '{}' needs 'points' or 'step' for method '{}'", axis.name,
                                    file_.sample.method));
      }
    }
  }

  /// Every combination; the last dimension changes fastest.
  void grid() {
    need_values();
    std::vector<std::size_t> indices(dimensions_.size(), 0);
    std::size_t total = 1;
    for (const Dimension& dimension : dimensions_) {
      total *= file_.axes[dimension.front()].values.size();
      if (total > 100 * kMaxPoints) {
        throw UserError(SourcePos{file_.path, 0, 0},
                        "the axes have more than 100 million combinations");
      }
    }
    for (std::size_t i = 0; i < total; ++i) {
      std::size_t rest = i;
      for (std::size_t d = dimensions_.size(); d-- > 0;) {
        const std::size_t size = file_.axes[dimensions_[d].front()].values.size();
        indices[d] = rest % size;
        rest /= size;
      }
      Point point;
      point.values.resize(file_.axes.size());
      for (std::size_t d = 0; d < dimensions_.size(); ++d) {
        for (const std::size_t axis : dimensions_[d]) {
          point.values[axis] = file_.axes[axis].values[indices[d]];
        }
      }
      if (meets_conditions(file_, point)) {
        add(std::move(point));
      }
    }
  }

  /// Points that break a condition or repeat another are drawn again.
  void random() {
    RandomStream stream = this->stream();
    std::vector<double> fractions(dimensions_.size());
    for (std::size_t drawn = 0; design_.points.size() < count(); ++drawn) {
      if (drawn >= kAttempts * count()) {
        throw UserError(file_.sample.where,
                        fmt::format("{} draws gave {} points that differ and meet the conditions, "
                                    "not {}: the axes have too few",
                                    drawn, design_.points.size(), count()));
      }
      for (double& fraction : fractions) {
        fraction = stream.uniform();
      }
      Point point = point_at(file_, dimensions_, fractions);
      if (meets_conditions(file_, point)) {
        add(std::move(point));
      }
    }
    design_.rows.resize(design_.points.size());
    std::iota(design_.rows.begin(), design_.rows.end(), std::size_t{0});
  }

  /// Rows that break a condition are left out.
  void hypercube() {
    RandomStream stream = this->stream();
    for (const auto& row : latin_hypercube(stream, count(), dimensions_.size())) {
      Point point = point_at(file_, dimensions_, row);
      if (meets_conditions(file_, point)) {
        add(std::move(point));
      }
    }
  }

  void need_independence() const {
    if (!file_.conditions.empty()) {
      throw UserError(file_.sample.where,
                      fmt::format("method '{}' needs axes that are independent: leave 'where' out",
                                  file_.sample.method));
    }
  }

  /// The base, then every other value of each axis with all others at the base.
  void one_at_a_time() {
    need_values();
    need_independence();
    Point base;
    for (const Axis& axis : file_.axes) {
      base.values.push_back(axis.first());
    }
    add(base);
    for (const Dimension& dimension : dimensions_) {
      const std::size_t size = file_.axes[dimension.front()].values.size();
      for (std::size_t i = 0; i < size; ++i) {
        Point point = base;
        for (const std::size_t axis : dimension) {
          point.values[axis] = file_.axes[axis].values[i];
        }
        add(std::move(point));
      }
    }
  }

  void saltelli() {
    need_independence();
    RandomStream stream = this->stream();
    const std::size_t k = dimensions_.size();
    const auto a = latin_hypercube(stream, count(), k);
    const auto b = latin_hypercube(stream, count(), k);
    const auto add_all = [&](const std::vector<std::vector<double>>& matrix) {
      for (const std::vector<double>& row : matrix) {
        add(point_at(file_, dimensions_, row));
      }
    };
    add_all(a);
    add_all(b);
    for (std::size_t column = 0; column < k; ++column) {
      auto mixed = a;
      for (std::size_t row = 0; row < count(); ++row) {
        mixed[row][column] = b[row][column];
      }
      add_all(mixed);
    }
  }

  const SweepFile& file_;
  const std::vector<Dimension> dimensions_;
  Design design_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

std::vector<Dimension> dimensions_of(const SweepFile& file) {
  std::vector<Dimension> dimensions;
  std::unordered_map<std::string, std::size_t> zipped;
  for (std::size_t i = 0; i < file.axes.size(); ++i) {
    const std::string& zip = file.axes[i].zip;
    if (zip.empty()) {
      dimensions.push_back({i});
      continue;
    }
    const auto [place, fresh] = zipped.try_emplace(zip, dimensions.size());
    if (fresh) {
      dimensions.emplace_back();
    }
    dimensions[place->second].push_back(i);
  }
  return dimensions;
}

Point point_at(const SweepFile& file, const std::vector<Dimension>& dimensions,
               const std::vector<double>& fractions) {
  Point point;
  point.values.resize(file.axes.size());
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    for (const std::size_t axis : dimensions[d]) {
      point.values[axis] = file.axes[axis].at(fractions[d]);
    }
  }
  return point;
}

bool meets_conditions(const SweepFile& file, const Point& point) {
  PointValues values(file, point);
  return std::all_of(file.conditions.begin(), file.conditions.end(),
                     [&](const Expression& condition) { return condition.holds(values.lookup()); });
}

Design design_of(const SweepFile& file) {
  return Designer(file).design();
}

std::vector<std::vector<double>> latin_hypercube(RandomStream& random, std::size_t count,
                                                 std::size_t columns) {
  std::vector<std::vector<double>> rows(count, std::vector<double>(columns));
  std::vector<std::size_t> strata(count);
  for (std::size_t column = 0; column < columns; ++column) {
    std::iota(strata.begin(), strata.end(), std::size_t{0});
    for (std::size_t i = count; i > 1; --i) {
      std::swap(strata[i - 1], strata[random.below(i)]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows[i][column] =
          (static_cast<double>(strata[i]) + random.uniform()) / static_cast<double>(count);
    }
  }
  return rows;
}

}  // namespace nsim::tool
