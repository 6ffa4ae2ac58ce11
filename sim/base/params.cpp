// SPDX-License-Identifier: Apache-2.0
#include "sim/base/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "sim/base/error.h"

namespace nsim {
namespace {

constexpr double kBillion = 1e9;  // Quantity::Ratio is in parts per billion

std::string joined(const std::string& table, const char* key) {
  return table.empty() ? key : table + "." + key;
}

[[noreturn]] void refuse(const ParamInfo& info, const std::string& problem) {
  throw UserError(info.origin + ": " + info.path + ": " + problem);
}

// What a declaration says about the code, not about the user's input.
std::int64_t declared(Quantity kind, const std::string& path, const std::string& text) {
  const std::optional<std::int64_t> value = parse_quantity(kind, text);
  if (!value) {
    throw InternalError(fmt::format("parameter {} is declared with \"{}\", which is no {}", path,
                                    text, name(kind)));
  }
  return *value;
}

// Takes the value of info.path out of the configuration into `info`; nullptr: it stays at its
// default.
const Config::Value* take(Config& config, ParamInfo& info) {
  const Config::Value* value = config.take(info.path);
  if (value != nullptr) {
    info.value = value->text;
    info.origin = value->origin;
    info.source = value->source;
  }
  return value;
}

bool is_bare_number(const std::string& text) {
  return parse_quantity(Quantity::Ratio, text).has_value() && text.find('%') == std::string::npos;
}

// Why `text` is no `kind`; `example` is a legal value.
std::string misfit(Quantity kind, const std::string& text, const std::string& example) {
  const std::string units = suffixes(kind);
  if (!units.empty() && is_bare_number(text) && kind != Quantity::Ratio &&
      kind != Quantity::Cycles) {
    const std::size_t unit = example.find_first_not_of("0123456789.");
    return fmt::format("{} has no unit; write for example \"{}{}\"", text, text,
                       unit == std::string::npos ? "" : example.substr(unit));
  }
  return fmt::format("\"{}\" is no {}; write for example {}{}", text, name(kind), example,
                     units.empty() ? "" : " (units: " + units + ")");
}

}  // namespace

ParamScope ParamScope::table(const std::string& name) const {
  return {*config_, joined(path_, name.c_str())};
}

ParamScope ParamScope::from(Text source) const {
  ParamScope scope = *this;
  scope.source_ = source;
  return scope;
}

ParamInfo ParamScope::describe(Text name, const char* kind, std::string fallback, std::string range,
                               Text description) const {
  ParamInfo info;
  info.path = joined(path_, name);
  info.kind = kind;
  info.default_value = std::move(fallback);
  info.range = std::move(range);
  info.description = description;
  info.value = info.default_value;
  info.origin = "default";
  info.source = source_;
  return info;
}

std::int64_t ParamScope::quantity(Quantity kind, Text name, Text fallback, Text min, Text max,
                                  Text description) const {
  ParamInfo info =
      describe(name, nsim::name(kind), fallback, fmt::format("{} .. {}", min, max), description);
  const std::int64_t least = declared(kind, info.path, min);
  const std::int64_t most = declared(kind, info.path, max);
  std::int64_t result = declared(kind, info.path, fallback);
  if (result < least || result > most) {
    throw InternalError("parameter " + info.path + " has a default outside of its range");
  }
  if (const Config::Value* value = take(*config_, info)) {
    const std::optional<std::int64_t> parsed = parse_quantity(kind, value->text);
    if (kind == Quantity::Count && value->is_string) {
      refuse(info, "a count stands without quotes");
    }
    if (!parsed) {
      refuse(info, misfit(kind, value->text, fallback));
    }
    if (*parsed < least || *parsed > most) {
      refuse(info, fmt::format("{} is out of range; allowed is {}", value->text, info.range));
    }
    result = *parsed;
  }
  info.value = format_quantity(kind, result);
  config_->record(std::move(info));
  return result;
}

std::int64_t ParamScope::bytes(Text name, Text fallback, Text min, Text max,
                               Text description) const {
  return quantity(Quantity::Bytes, name, fallback, min, max, description);
}

std::int64_t ParamScope::rate(Text name, Text fallback, Text min, Text max,
                              Text description) const {
  return quantity(Quantity::Rate, name, fallback, min, max, description);
}

std::int64_t ParamScope::frequency(Text name, Text fallback, Text min, Text max,
                                   Text description) const {
  return quantity(Quantity::Frequency, name, fallback, min, max, description);
}

SimTime ParamScope::duration(Text name, Text fallback, Text min, Text max, Text description) const {
  return quantity(Quantity::Duration, name, fallback, min, max, description);
}

std::int64_t ParamScope::cycles(Text name, std::int64_t fallback, std::int64_t min,
                                std::int64_t max, Text description) const {
  return quantity(Quantity::Cycles, name, std::to_string(fallback).c_str(),
                  std::to_string(min).c_str(), std::to_string(max).c_str(), description);
}

std::int64_t ParamScope::count(Text name, std::int64_t fallback, std::int64_t min, std::int64_t max,
                               Text description) const {
  return quantity(Quantity::Count, name, std::to_string(fallback).c_str(),
                  std::to_string(min).c_str(), std::to_string(max).c_str(), description);
}

double ParamScope::ratio(Text name, double fallback, double min, double max,
                         Text description) const {
  const auto text = [](double value) {
    return format_quantity(Quantity::Ratio, std::llround(value * kBillion));
  };
  return static_cast<double>(quantity(Quantity::Ratio, name, text(fallback).c_str(),
                                      text(min).c_str(), text(max).c_str(), description)) /
         kBillion;
}

bool ParamScope::flag(Text name, bool fallback, Text description) const {
  ParamInfo info =
      describe(name, "flag", fallback ? "true" : "false", "true or false", description);
  const Config::Value* value = take(*config_, info);
  if (value != nullptr && value->is_string) {
    refuse(info, "a flag stands without quotes");
  }
  if (info.value != "true" && info.value != "false") {
    refuse(info, fmt::format("\"{}\" is no flag; write true or false", info.value));
  }
  const bool result = info.value == "true";
  config_->record(std::move(info));
  return result;
}

std::string ParamScope::choice(Text name, Text fallback, std::initializer_list<Text> choices,
                               Text description) const {
  const std::vector<std::string> names(choices.begin(), choices.end());
  ParamInfo info =
      describe(name, "choice", fallback, fmt::format("{}", fmt::join(names, ", ")), description);
  const Config::Value* value = take(*config_, info);
  if (std::find(names.begin(), names.end(), info.value) == names.end()) {
    if (value == nullptr) {
      throw InternalError("parameter " + info.path + " has a default that is none of its choices");
    }
    const std::string nearest = nearest_name(info.value, names);
    refuse(info, fmt::format("\"{}\" is none of {}{}", info.value, info.range,
                             nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  std::string result = info.value;
  config_->record(std::move(info));
  return result;
}

std::string ParamScope::text(Text name, Text fallback, Text description) const {
  ParamInfo info = describe(name, "text", fallback, "any text", description);
  const Config::Value* value = take(*config_, info);
  if (value != nullptr && !value->is_string && value->origin != "--set") {
    refuse(info, fmt::format("{} is no text; write \"{}\"", value->text, value->text));
  }
  std::string result = info.value;
  config_->record(std::move(info));
  return result;
}

}  // namespace nsim
