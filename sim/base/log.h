// SPDX-License-Identifier: Apache-2.0
// Log lines for people, in the shape of the real runtime's:
//   2026-Nov-24 18:57:20.782962  4444:4445  ERROR  TDRV:function   text
// Components NRT (API), NMGR (models), KMGR (execution), TDRV (device and driver). Errors only by
// default.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace nsim::log {

enum class Level { Trace, Debug, Info, Warn, Error, Quiet };
enum class Component { Nrt, Nmgr, Kmgr, Tdrv };

/// Sets the least level shown, for all components or for one. Thread safe.
void set_level(Level level);
void set_level(Component component, Level level);
/// Sends a component's lines to "console" (stderr), "syslog" or a file; throws UserError when it
/// cannot be opened.
void set_location(const std::string& location);
void set_location(Component component, const std::string& location);

bool enabled(Component component, Level level);
/// "f" of __PRETTY_FUNCTION__ in a function f or in a lambda inside it.
std::string function_name(std::string_view pretty);
void write(Component component, Level level, const char* function, const std::string& text);

/// The last lines written, whatever their location, oldest first and each with its line end.
std::vector<std::string> tail();

}  // namespace nsim::log

#define NSIM_LOG(component, level, ...)                                                       \
  do {                                                                                        \
    if (::nsim::log::enabled(::nsim::log::Component::component, ::nsim::log::Level::level)) { \
      ::nsim::log::write(::nsim::log::Component::component, ::nsim::log::Level::level,        \
                         ::nsim::log::function_name(__PRETTY_FUNCTION__).c_str(),             \
                         ::fmt::format(__VA_ARGS__));                                         \
    }                                                                                         \
  } while (false)
