// SPDX-License-Identifier: Apache-2.0
// Waves: how chosen signals of the hardware change over simulated time, as a VCD file for GTKWave
// and its kind. The file counts in picoseconds, as simulated time does.
//
// Modules know when something ends as soon as it begins (ports, packets), so changes may lie in the
// future and come in any order. They are kept until the time that follow() tells has passed them,
// then sorted and written; of several at one moment the last one counts. The body goes to a
// temporary file, because signals may still appear; close() puts the header in front of it.
// Simulation thread only. Nobody looks: a change costs the test of a null pointer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim {

class Waves;

/// One signal; a default one is not looked at.
class Wave {
 public:
  Wave() = default;
  bool watched() const { return waves_ != nullptr; }
  void set(SimTime at, std::int64_t value) {
    if (waves_ != nullptr) {
      change(at, value);
    }
  }
  /// 1 from `from` until `until`.
  void busy(SimTime from, SimTime until) {
    set(from, 1);
    set(until, 0);
  }
  /// What was announced for later than `at` does not happen: 0 from then on.
  void cut(SimTime at);

 private:
  friend class Waves;
  void change(SimTime at, std::int64_t value);

  Waves* waves_ = nullptr;
  std::uint32_t id_ = 0;
};

struct WaveOptions {
  std::string file;  // "" for none
  /// Patterns of the shell, "nd0.nc0.semaphores.*"; none: all signals.
  std::vector<std::string> signals;
};

class Waves {
 public:
  /// Nobody looks.
  Waves();
  /// Throws UserError when the file cannot be created.
  explicit Waves(const WaveOptions& options);
  ~Waves();
  Waves(const Waves&) = delete;
  Waves& operator=(const Waves&) = delete;

  bool enabled() const { return recorder_ != nullptr; }
  /// `now` tells a time before which no module makes a change any more.
  void follow(std::function<SimTime()> now);
  /// A signal of so many bits, 0 at first; names are hierarchical ("nd0.nc0.sbuf.port"). Not
  /// watched when no pattern wants it.
  Wave signal(const std::string& name, int bits);
  /// Signals that may appear later, if anything uses them: check() knows of them.
  void expect(const std::vector<std::string>& names);
  /// All signals that exist from the start are there. Throws UserError, which names what signals
  /// exist, when a pattern fits none of them and none that is expected; no file is left then.
  void check();
  /// Throws UserError when the file cannot be written.
  void close();

 private:
  friend class Wave;
  class Recorder;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace nsim
