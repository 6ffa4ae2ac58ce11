// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/faults.h"

#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

bool touches(const FaultRule& rule, const FaultSite& site) {
  if (rule.bytes == 0) {
    return true;
  }
  for (std::size_t i = 0; i < site.segment_count; ++i) {
    const Segment& segment = site.segments[i];
    if (segment.address - rule.address < rule.bytes ||
        rule.address - segment.address < segment.bytes) {
      return true;
    }
  }
  return false;
}

bool concerns(const FaultRule& rule, const FaultSite& site) {
  const UnitAddress& unit = site.origin.unit;
  return (!rule.phase || *rule.phase == site.phase) && (!rule.unit || *rule.unit == unit.type) &&
         (!rule.core || *rule.core == unit.core) && (!rule.queue || *rule.queue == unit.queue) &&
         (rule.request == 0 || rule.request == site.origin.request) && now() >= rule.after &&
         touches(rule, site);
}

}  // namespace

void Faults::add(const FaultRule& rule) {
  Armed armed;
  armed.rule = rule;
  if (rule.probability) {
    armed.draws = &streams_.try_emplace(rule.stream, seed_, "fault." + rule.stream).first->second;
  }
  armed_.push_back(std::move(armed));
  active_ = true;
}

/// The occasion is counted whatever it leads to, so that rules do not change each other's counts.
bool Faults::due(Armed& armed) {
  const FaultRule& rule = armed.rule;
  ++armed.hits;
  const bool now =
      armed.draws != nullptr ? armed.draws->uniform() < *rule.probability : armed.hits >= rule.hit;
  if (!now || (rule.repeat != 0 && armed.strikes >= rule.repeat)) {
    return false;
  }
  ++armed.strikes;
  return true;
}

bool Faults::strikes(FaultPoint point, const FaultSite& site) {
  const FaultPlace* place = info(point).place(site.phase);
  if (place == nullptr || !place->has(site.origin.unit.type)) {
    return false;
  }
  bool result = false;
  for (Armed& armed : armed_) {
    if (armed.rule.point == point && concerns(armed.rule, site)) {
      result = due(armed) || result;
    }
  }
  strikes_[static_cast<std::size_t>(point)] += result ? 1 : 0;
  return result;
}

void Faults::report(StatsScope stats) const {
  if (!active_) {
    return;
  }
  for (int point = 0; point < kFaultPointCount; ++point) {
    const FaultPointInfo& row = info(static_cast<FaultPoint>(point));
    stats.add(row.name, static_cast<double>(strikes_[static_cast<std::size_t>(point)]), "1",
              "Times this fault happened");
  }
}

}  // namespace nsim::hw
