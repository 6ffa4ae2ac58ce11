// SPDX-License-Identifier: Apache-2.0
// The registry of fault points: everything that can be made to go wrong in the simulated hardware,
// where it can strike, and what the request that meets it ends with. The tests of faults are
// generated from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/hw/request.h"

namespace nsim::hw {

enum class FaultPoint : std::uint8_t {
  HbmUncorrectable,
  HbmRepairable,
  SbufParity,
  PsumParity,
  DmaAbort,
  DmaHang,
  EngineHang,
  SemaphoreMisuse,
  IndexOutOfBounds,
  NumericalNan,
  BadDescriptor,
  HostLinkTimeout,
  NotificationOverflow,
  NotificationLost,
  NotificationDuplicated,
  NotificationCorrupted,
  InterruptLost,
  DeviceGone,
  CcMessageLost,
  CcCoreHang,
  NeuronLinkFailure,
};
inline constexpr int kFaultPointCount = 21;

/// Where in the life of a request a fault strikes.
enum class FaultPhase : std::uint8_t {
  Doorbell,       // the host writes the unit's doorbell register
  Fetch,          // the unit reads the request's descriptor from host memory
  Issue,          // an engine or a collectives core issues an instruction
  Retire,         // an instruction of an engine updates a semaphore
  DmaDescriptor,  // a DMA instruction becomes descriptors, or an engine fetches them
  DmaRead,        // a DMA engine reads a packet
  DmaWrite,       // a DMA engine writes a packet
  Completion,     // the unit writes the last notification of the request
  Interrupt,      // the unit raises its interrupt
  Drain,          // the host tells the unit which notifications it has read
  RankReady,      // word arrives that another rank of the collective is there
  RankDone,       // word arrives that another rank is through with its transfers
};
inline constexpr int kFaultPhaseCount = 12;

/// A phase and the types of units that go through it.
struct FaultPlace {
  FaultPhase phase = FaultPhase::Fetch;
  std::uint8_t units = 0;  // bit t: UnitType t

  constexpr bool has(UnitType type) const { return (units >> static_cast<int>(type) & 1) != 0; }
};

struct FaultPointInfo {
  FaultPoint point;
  const char* name;  // in plans
  const char* what;
  // What the request ends with; None: it succeeds all the same. Hang: as FaultCell::error says.
  DeviceError error;
  std::array<FaultPlace, 3> places;  // those without units do not count

  const FaultPlace* place(FaultPhase phase) const;
};

/// A point, one of its phases, and a type of unit that goes through it.
struct FaultCell {
  FaultPoint point;
  FaultPhase phase;
  UnitType unit;
  DeviceError error;  // what the request ends with; a unit of collectives that hangs is stuck
};
/// All cells of the registry, numbered from 0; nothing past the last one.
std::optional<FaultCell> fault_cell(std::size_t index);

const FaultPointInfo& info(FaultPoint point);
const char* name(FaultPhase phase);

std::optional<FaultPoint> fault_point(const std::string& name);
std::optional<FaultPhase> fault_phase(const std::string& name);
std::vector<std::string> fault_point_names();
/// The phases of `point`.
std::vector<std::string> phase_names(FaultPoint point);

}  // namespace nsim::hw
