// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/fault_plan.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/base/error.h"

namespace nsim::hw {
namespace {

using Value = Config::Value;

[[noreturn]] void refuse(const Value& value, const std::string& key, const std::string& problem) {
  throw UserError(fmt::format("{}: fault.{}: {}", value.origin, key, problem));
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

[[noreturn]] void refuse_name(const Value& value, const std::string& key,
                              const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(value.text, names);
  refuse(value, key,
         fmt::format("\"{}\" is none of {}{}", value.text, joined(names),
                     nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
}

std::int64_t number(const Value& value, const std::string& key, std::int64_t min,
                    std::int64_t max) {
  const auto parsed = parse_quantity(Quantity::Count, value.text);
  if (!parsed || *parsed < min || *parsed > max) {
    refuse(value, key, fmt::format("\"{}\" is no number in {} .. {}", value.text, min, max));
  }
  return *parsed;
}

std::uint64_t address(const Value& value, const std::string& key) {
  std::uint64_t parsed = 0;
  const std::string& text = value.text;
  const bool hex = text.rfind("0x", 0) == 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data() + (hex ? 2 : 0), end, parsed, hex ? 16 : 10);
  if (error != std::errc() || stop != end) {
    refuse(value, key, fmt::format("\"{}\" is no address; write for example \"0x1000000\"", text));
  }
  return parsed;
}

std::int64_t quantity(Quantity kind, const Value& value, const std::string& key,
                      const char* example) {
  const auto parsed = parse_quantity(kind, value.text);
  if (!parsed || *parsed == 0) {
    refuse(
        value, key,
        fmt::format("\"{}\" is no {}; write for example \"{}\"", value.text, name(kind), example));
  }
  return *parsed;
}

double probability(const Value& value, const std::string& key) {
  constexpr double kBillion = 1e9;
  const auto parsed = parse_quantity(Quantity::Ratio, value.text);
  if (!parsed || static_cast<double>(*parsed) > kBillion) {
    refuse(value, key, fmt::format("\"{}\" is no probability in 0 .. 1", value.text));
  }
  return static_cast<double>(*parsed) / kBillion;
}

FaultPhase phase(const Value& value, const std::string& key, const FaultRule& rule) {
  const auto parsed = fault_phase(value.text);
  if (!parsed || info(rule.point).place(*parsed) == nullptr) {
    refuse_name(value, key, phase_names(rule.point));
  }
  return *parsed;
}

UnitType unit(const Value& value, const std::string& key) {
  std::vector<std::string> names;
  for (int type = 0; type < kUnitTypeCount; ++type) {
    names.emplace_back(name(static_cast<UnitType>(type)));
    if (value.text == names.back()) {
      return static_cast<UnitType>(type);
    }
  }
  refuse_name(value, key, names);
}

constexpr std::int64_t kMost = 1'000'000'000'000;

struct KeyRow {
  const char* name;
  void (*read)(FaultRule& rule, const Value& value, const std::string& key);
};

// "point" is read before all others.
constexpr KeyRow kKeys[] = {
    {"point", [](FaultRule&, const Value&, const std::string&) {}},
    {"phase", [](FaultRule& r, const Value& v, const std::string& k) { r.phase = phase(v, k, r); }},
    {"unit", [](FaultRule& r, const Value& v, const std::string& k) { r.unit = unit(v, k); }},
    {"core",
     [](FaultRule& r, const Value& v, const std::string& k) { r.core = number(v, k, 0, 65535); }},
    {"queue",
     [](FaultRule& r, const Value& v, const std::string& k) { r.queue = number(v, k, 0, 255); }},
    {"request",
     [](FaultRule& r, const Value& v, const std::string& k) {
       r.request = static_cast<std::uint64_t>(number(v, k, 1, kMost));
     }},
    {"address",
     [](FaultRule& r, const Value& v, const std::string& k) { r.address = address(v, k); }},
    {"bytes",
     [](FaultRule& r, const Value& v, const std::string& k) {
       r.bytes = static_cast<std::uint64_t>(quantity(Quantity::Bytes, v, k, "64B"));
     }},
    {"after", [](FaultRule& r, const Value& v,
                 const std::string& k) { r.after = quantity(Quantity::Duration, v, k, "5us"); }},
    {"hit",
     [](FaultRule& r, const Value& v, const std::string& k) {
       r.hit = static_cast<std::uint64_t>(number(v, k, 1, kMost));
     }},
    {"probability",
     [](FaultRule& r, const Value& v, const std::string& k) { r.probability = probability(v, k); }},
    {"stream", [](FaultRule& r, const Value& v, const std::string&) { r.stream = v.text; }},
    {"repeat",
     [](FaultRule& r, const Value& v, const std::string& k) {
       r.repeat = static_cast<std::uint64_t>(number(v, k, 0, kMost));
     }},
};

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const KeyRow& row : kKeys) {
    names.emplace_back(row.name);
  }
  return names;
}

void read_key(FaultRule& rule, const std::string& key, const Value& value) {
  for (const KeyRow& row : kKeys) {
    if (key == row.name) {
      row.read(rule, value, key);
      return;
    }
  }
  const std::string nearest = nearest_name(key, key_names());
  throw UserError(fmt::format("{}: a fault has no key \"{}\"{}", value.origin, key,
                              nearest.empty() ? "; its keys are " + joined(key_names())
                                              : "; did you mean \"" + nearest + "\"?"));
}

/// Whether the phases that the rule speaks of exist at the units that it speaks of.
void check_unit(const FaultRule& rule) {
  if (!rule.unit) {
    return;
  }
  for (const FaultPlace& place : info(rule.point).places) {
    if (place.has(*rule.unit) && (!rule.phase || *rule.phase == place.phase)) {
      return;
    }
  }
  throw UserError(fmt::format("{}: {} cannot strike at a unit of type {}{}", rule.origin,
                              info(rule.point).name, name(*rule.unit),
                              rule.phase ? fmt::format(" in phase {}", name(*rule.phase)) : ""));
}

FaultRule read_rule(const Config::Entry& entry) {
  FaultRule rule;
  rule.origin = entry.origin;
  const auto named = entry.values.find("point");
  if (named == entry.values.end()) {
    throw UserError(fmt::format("{}: a fault needs a point: one of {}", entry.origin,
                                joined(fault_point_names())));
  }
  const auto point = fault_point(named->second.text);
  if (!point) {
    refuse_name(named->second, "point", fault_point_names());
  }
  rule.point = *point;
  rule.stream = info(rule.point).name;
  for (const auto& [key, value] : entry.values) {
    read_key(rule, key, value);
  }
  const auto both = [&](const char* a, const char* b) {
    return entry.values.count(a) != 0 && entry.values.count(b) != 0;
  };
  if (both("hit", "probability")) {
    throw UserError(entry.origin + ": a fault has either hit or probability");
  }
  if (entry.values.count("address") != entry.values.count("bytes")) {
    throw UserError(entry.origin + ": address and bytes belong together");
  }
  check_unit(rule);
  return rule;
}

}  // namespace

std::vector<FaultRule> take_fault_plan(Config& config) {
  std::vector<FaultRule> plan;
  for (const Config::Entry& entry : config.take_list("fault")) {
    plan.push_back(read_rule(entry));
  }
  return plan;
}

}  // namespace nsim::hw
