// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "sim/base/error.h"
#include "sim/base/words.h"

namespace nsim::tool {
namespace {

/// Shifts below this share of the request's time explain nothing.
constexpr double kLeastShift = 1e-4;

double number_of(const ResultEntry& entry, const std::string& field) {
  const auto found = entry.numbers.find(field);
  return found == entry.numbers.end() ? 0 : found->second.number;
}

double size_of(const Amount& before, const Amount& after) {
  const double difference = std::abs(after.number - before.number);
  const double larger = std::max(std::abs(before.number), std::abs(after.number));
  if (after.unit == "%") {
    return difference / 100;
  }
  return larger > 0 ? difference / larger : 0;
}

template <class Item>
void largest_first(std::vector<Item>& items, double (*size)(const Item&)) {
  std::stable_sort(items.begin(), items.end(),
                   [size](const Item& a, const Item& b) { return size(a) > size(b); });
}

std::vector<Difference> differing(const ResultEntry& before, const ResultEntry& after) {
  std::vector<Difference> out;
  for (const auto& [field, amount] : before.numbers) {
    const auto other = after.numbers.find(field);
    if (other == after.numbers.end()) {
      out.push_back({field, amount, {0, amount.unit}, 1});
    } else if (other->second.number != amount.number) {
      out.push_back({field, amount, other->second, size_of(amount, other->second)});
    }
  }
  for (const auto& [field, amount] : after.numbers) {
    if (before.numbers.count(field) == 0) {
      out.push_back({field, {0, amount.unit}, amount, 1});
    }
  }
  largest_first<Difference>(out, [](const Difference& one) { return one.size; });
  return out;
}

/// Times of one side, per execution and core.
class Shares {
 public:
  explicit Shares(const ResultEntry& entry)
      : entry_(entry),
        executions_(std::max(1.0, number_of(entry, "executions"))),
        cores_(std::max(1.0, number_of(entry, "active_cores"))),
        active_ns_(number_of(entry, "active_time_ns")) {}

  double number(const std::string& field) const { return number_of(entry_, field); }
  double share(const std::string& field) const { return number(field) / executions_ / cores_; }
  /// Of a field that is in percent of the cores' active time.
  double of_active(const std::string& field) const {
    return number(field) / 100 * active_ns_ / executions_ / cores_;
  }
  double executions() const { return executions_; }

 private:
  const ResultEntry& entry_;
  double executions_;
  double cores_;
  double active_ns_;
};

/// How the means of many compare: "32 of 533.3 ns -> 583.3 ns". `total` is their sum.
TimeShift shift_of(const Shares& before, const Shares& after, const std::string& count,
                   const std::string& total) {
  const auto counts = [&](const Shares& of) { return of.number(count) / of.executions(); };
  const auto mean = [&](const Shares& of) {
    return of.number(count) > 0 ? of.number(total) / of.number(count) : 0;
  };
  const std::string number = counts(before) == counts(after)
                                 ? fmt::format("{:.6g}", counts(after))
                                 : fmt::format("{:.6g} -> {:.6g}", counts(before), counts(after));
  return {after.share(total) - before.share(total),
          fmt::format("{} of {} -> {}", number, time_text(mean(before)), time_text(mean(after)))};
}

/// The part of `field` between "engines." and `part`, and what follows: {"vector",
/// "tensor_copy.busy_ns"}. Empty: it is no such field.
std::array<std::string, 2> split_engine(const std::string& field, const std::string& part) {
  static const std::string kPrefix = "engines.";
  const std::size_t at = field.find("." + part + ".", kPrefix.size());
  if (field.compare(0, kPrefix.size(), kPrefix) != 0 || at == std::string::npos) {
    return {};
  }
  return {field.substr(kPrefix.size(), at - kPrefix.size()), field.substr(at + part.size() + 2)};
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// What it occupies of the engine, or, where that changed less, how late its result comes.
TimeShift op_shift(const Shares& before, const Shares& after, const std::string& op) {
  TimeShift busy = shift_of(before, after, op + ".count", op + ".busy_ns");
  TimeShift latency = shift_of(before, after, op + ".count", op + ".latency_ns");
  if (std::abs(busy.ns) >= std::abs(latency.ns) / 2) {
    return busy;
  }
  latency.what += " from start to result";
  return latency;
}

void explain_engines(const std::set<std::string>& fields, const Shares& before, const Shares& after,
                     EntryDifference& out) {
  static const std::string kCount = ".count";
  for (const std::string& field : fields) {
    const auto [engine, op] = split_engine(field, "ops");
    if (!engine.empty() && ends_with(op, kCount)) {
      TimeShift shift = op_shift(before, after, field.substr(0, field.size() - kCount.size()));
      shift.what =
          fmt::format("{} {}: {}", engine, op.substr(0, op.size() - kCount.size()), shift.what);
      out.work.push_back(std::move(shift));
    }
    const auto [waiting, cause] = split_engine(field, "idle_percent");
    if (!waiting.empty()) {
      out.waits.push_back({after.of_active(field) - before.of_active(field),
                           cause == "drained" ? fmt::format("{} is done, others are not", waiting)
                                              : fmt::format("{} waits for {}", waiting, cause)});
    }
  }
}

void explain_others(const std::set<std::string>& fields, const Shares& before, const Shares& after,
                    EntryDifference& out) {
  static const std::string kTransfers = ".transfers";
  static const std::string kGap = ".gap_ns";
  for (const std::string& field : fields) {
    if (field.compare(0, 7, "queues.") == 0 && ends_with(field, kTransfers)) {
      const std::string queue = field.substr(0, field.size() - kTransfers.size());
      TimeShift shift = shift_of(before, after, field, queue + ".latency_ns");
      shift.what =
          fmt::format("dma {}: transfers {} from issue to end", queue.substr(7), shift.what);
      out.work.push_back(std::move(shift));
    } else if (field.compare(0, 6, "units.") == 0 && ends_with(field, kGap)) {
      out.waits.push_back(
          {after.number(field) / after.executions() - before.number(field) / before.executions(),
           fmt::format("{} is empty between requests",
                       field.substr(6, field.size() - 6 - kGap.size()))});
    }
  }
}

void explain(const ResultEntry& before, const ResultEntry& after, EntryDifference& out) {
  static const std::string kTime = "time_per_request_ns";
  const double time = std::max(number_of(before, kTime), number_of(after, kTime));
  if (time <= 0) {
    return;
  }
  std::set<std::string> fields;
  for (const ResultEntry* side : {&before, &after}) {
    for (const auto& [field, amount] : side->numbers) {
      fields.insert(field);
    }
  }
  const Shares shares_before(before);
  const Shares shares_after(after);
  explain_engines(fields, shares_before, shares_after, out);
  explain_others(fields, shares_before, shares_after, out);
  for (std::vector<TimeShift>* shifts : {&out.work, &out.waits}) {
    const auto small = [&](const TimeShift& one) { return std::abs(one.ns) < kLeastShift * time; };
    shifts->erase(std::remove_if(shifts->begin(), shifts->end(), small), shifts->end());
    largest_first<TimeShift>(*shifts, [](const TimeShift& one) { return std::abs(one.ns); });
  }
}

EntryDifference compare_entries(const ResultEntry& before, const ResultEntry& after) {
  EntryDifference out;
  out.name = after.name;
  out.fields = differing(before, after);
  for (const auto& [field, text] : before.texts) {
    const auto other = after.texts.find(field);
    if (other != after.texts.end() && other->second != text) {
      out.texts.push_back(fmt::format("{}: {} -> {}", field, text, other->second));
    }
  }
  if (!out.fields.empty()) {
    explain(before, after, out);
  }
  return out;
}

}  // namespace

bool SetDifference::within(double tolerance) const {
  return only_before.empty() && only_after.empty() &&
         std::all_of(entries.begin(), entries.end(), [tolerance](const EntryDifference& entry) {
           return entry.largest() <= tolerance;
         });
}

SetDifference compare(const ResultSet& before, const ResultSet& after) {
  if (before.kind != after.kind) {
    throw UserError(
        fmt::format("{} and {} are of two kinds: a run is compared with a run, a sweep "
                    "with a sweep, a golden file with a golden file",
                    before.path, after.path));
  }
  SetDifference out;
  std::map<std::string, const ResultEntry*> others;
  for (const ResultEntry& entry : after.entries) {
    others[entry.name] = &entry;
  }
  for (const ResultEntry& entry : before.entries) {
    const auto other = others.find(entry.name);
    if (other == others.end()) {
      out.only_before.push_back(entry.name);
      continue;
    }
    ++out.compared;
    EntryDifference difference = compare_entries(entry, *other->second);
    if (!difference.fields.empty() || !difference.texts.empty()) {
      out.entries.push_back(std::move(difference));
    }
    others.erase(other);
  }
  for (const auto& [name, entry] : others) {
    out.only_after.push_back(name);
  }
  if (out.compared == 0) {
    throw UserError(fmt::format("{} and {} have nothing in common", before.path, after.path));
  }
  largest_first<EntryDifference>(out.entries,
                                 [](const EntryDifference& one) { return one.largest(); });
  return out;
}

}  // namespace nsim::tool
