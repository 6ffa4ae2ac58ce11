// SPDX-License-Identifier: Apache-2.0
#include "sim/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "sim/base/error.h"

namespace nsim::log {
namespace {

constexpr std::size_t kComponents = 4;

struct LevelRow {
  const char* name;
  spdlog::level::level_enum level;
};

// By the value of Level. The names are the real runtime's, padded to a column.
constexpr LevelRow kLevels[] = {
    {"TRACE", spdlog::level::trace}, {"DEBUG", spdlog::level::debug},
    {"INFO ", spdlog::level::info},  {"WARN ", spdlog::level::warn},
    {"ERROR", spdlog::level::err},   {"QUIET", spdlog::level::off},
};
constexpr const char* kComponentNames[kComponents] = {"NRT", "NMGR", "KMGR", "TDRV"};

using LoggerPtr = std::shared_ptr<spdlog::logger>;

constexpr const char* kLine = "%Y-%b-%d %H:%M:%S.%f  %P:%t  %v";

/// What all loggers write to beside their own location.
const std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt>& recent() {
  constexpr std::size_t kLines = 200;
  static const auto* const sink = new std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt>(
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kLines));
  return *sink;
}

LoggerPtr make_logger(spdlog::sink_ptr sink, const char* pattern) {
  const spdlog::sinks_init_list sinks{std::move(sink), recent()};
  auto logger = std::make_shared<spdlog::logger>("neuron", sinks);
  logger->set_level(spdlog::level::trace);  // enabled() decides
  logger->flush_on(spdlog::level::warn);
  logger->set_pattern(pattern);
  recent()->set_pattern(kLine);  // the one of a syslog has no time
  return logger;
}

LoggerPtr open_location(const std::string& location) {
  if (location == "console") {
    return make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), kLine);
  }
  if (location == "syslog") {
    return make_logger(
        std::make_shared<spdlog::sinks::syslog_sink_mt>("neuron", LOG_PID, LOG_USER, true), "%v");
  }
  try {
    return make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(location), kLine);
  } catch (const spdlog::spdlog_ex& error) {
    throw UserError("cannot write the log to \"" + location + "\": " + error.what());
  }
}

struct State {
  std::array<std::atomic<Level>, kComponents> levels;
  std::mutex mutex;  // of loggers
  std::array<LoggerPtr, kComponents> loggers;

  State() {
    const LoggerPtr console = open_location("console");
    for (std::size_t i = 0; i < kComponents; ++i) {
      levels[i] = Level::Error;
      loggers[i] = console;
    }
  }
};

// Never destroyed: threads may log while the process ends.
State& state() {
  static State* const instance = new State;
  return *instance;
}

std::size_t index(Component component) {
  return static_cast<std::size_t>(component);
}

}  // namespace

void set_level(Level level) {
  for (std::atomic<Level>& each : state().levels) {
    each = level;
  }
}

void set_level(Component component, Level level) {
  state().levels[index(component)] = level;
}

void set_location(const std::string& location) {
  const LoggerPtr logger = open_location(location);
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().loggers.fill(logger);
}

void set_location(Component component, const std::string& location) {
  LoggerPtr logger = open_location(location);
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().loggers[index(component)] = std::move(logger);
}

bool enabled(Component component, Level level) {
  return level != Level::Quiet &&
         level >= state().levels[index(component)].load(std::memory_order_relaxed);
}

std::string function_name(std::string_view pretty) {
  // gcc: "int f(int)::<lambda(int)>"; clang: "auto f(int)::(anonymous class)::operator()(int)
  // const".
  for (const std::string_view lambda : {"::<lambda", "::(anonymous class)"}) {
    pretty = pretty.substr(0, pretty.find(lambda));
  }
  std::string name(pretty);
  for (const std::string_view unnamed : {"(anonymous namespace)::", "{anonymous}::"}) {
    while (name.find(unnamed) != std::string::npos) {
      name.erase(name.find(unnamed), unnamed.size());
    }
  }
  name.erase(std::min(name.find('('), name.size()));
  const std::size_t before = name.find_last_of(" :*&");
  return before == std::string::npos ? name : name.substr(before + 1);
}

void write(Component component, Level level, const char* function, const std::string& text) {
  LoggerPtr logger;
  {
    const std::lock_guard<std::mutex> lock(state().mutex);
    logger = state().loggers[index(component)];
  }
  const LevelRow& row = kLevels[static_cast<std::size_t>(level)];
  logger->log(row.level, "{}  {}:{}   {}", row.name, kComponentNames[index(component)], function,
              text);
}

std::vector<std::string> tail() {
  return recent()->last_formatted();
}

}  // namespace nsim::log
