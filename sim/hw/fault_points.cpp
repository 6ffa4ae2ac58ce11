// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/fault_points.h"

namespace nsim::hw {
namespace {

constexpr std::uint8_t bit(UnitType type) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(type));
}

constexpr std::uint8_t kCompute = bit(UnitType::Compute);
constexpr std::uint8_t kRead = bit(UnitType::TensorRead);
constexpr std::uint8_t kWrite = bit(UnitType::TensorWrite);
constexpr std::uint8_t kOp = bit(UnitType::TensorOp);
constexpr std::uint8_t kSync = bit(UnitType::Sync);
constexpr std::uint8_t kCc = bit(UnitType::Collectives);
constexpr std::uint8_t kTensor = kRead | kWrite | kOp | kSync;
constexpr std::uint8_t kAll = kCompute | kCc | kTensor;

// In the order of FaultPoint. Which error belongs to which fault: the runtime's troubleshooting
// page.
constexpr FaultPointInfo kPoints[] = {
    {FaultPoint::HbmUncorrectable,
     "hbm_uncorrectable",
     "an access to HBM meets an error that cannot be corrected",
     DeviceError::HbmUncorrectable,
     {{{FaultPhase::DmaRead, kCompute | kCc | kRead | kOp | kSync},
       {FaultPhase::DmaWrite, kCompute | kCc | kWrite | kOp | kSync},
       {FaultPhase::DmaDescriptor, kCompute | kCc}}}},
    {FaultPoint::HbmRepairable,
     "hbm_repairable",
     "the same, in a row that the next reset can replace",
     DeviceError::HbmRepairable,
     {{{FaultPhase::DmaRead, kCompute | kCc | kRead | kOp | kSync},
       {FaultPhase::DmaWrite, kCompute | kCc | kWrite | kOp | kSync},
       {FaultPhase::DmaDescriptor, kCompute | kCc}}}},
    {FaultPoint::SbufParity,
     "sbuf_parity",
     "a read of SBUF, by an engine or by a DMA engine, has wrong parity",
     DeviceError::SramParity,
     {{{FaultPhase::Issue, kCompute}, {FaultPhase::DmaRead, kCompute}}}},
    {FaultPoint::PsumParity,
     "psum_parity",
     "an engine's read of PSUM has wrong parity",
     DeviceError::SramParity,
     {{{FaultPhase::Issue, kCompute}}}},
    {FaultPoint::DmaAbort,
     "dma_abort",
     "a DMA queue enters its abort state",
     DeviceError::DmaAbort,
     {{{FaultPhase::DmaDescriptor, kCompute},
       {FaultPhase::DmaRead, kAll},
       {FaultPhase::DmaWrite, kAll}}}},
    {FaultPoint::DmaHang,
     "dma_hang",
     "the last write of a DMA queue's job is never acknowledged",
     DeviceError::Hang,
     {{{FaultPhase::DmaWrite, kAll}}}},
    {FaultPoint::EngineHang,
     "engine_hang",
     "an engine never retires an instruction",
     DeviceError::Hang,
     {{{FaultPhase::Issue, kCompute}}}},
    {FaultPoint::SemaphoreMisuse,
     "semaphore_misuse",
     "an update takes a semaphore below zero",
     DeviceError::SemaphoreMisuse,
     {{{FaultPhase::Retire, kCompute}, {FaultPhase::DmaWrite, kCompute}}}},
    {FaultPoint::IndexOutOfBounds,
     "index_out_of_bounds",
     "an index of an indirect DMA is changed to one past the end of its table",
     DeviceError::OutOfBounds,
     {{{FaultPhase::DmaDescriptor, kCompute}}}},
    {FaultPoint::NumericalNan,
     "nan",
     "the first element of an instruction's result becomes NaN (found only where NaN is looked "
     "for)",
     DeviceError::NumericalNan,
     {{{FaultPhase::Issue, kCompute}}}},
    {FaultPoint::BadDescriptor,
     "bad_descriptor",
     "the request descriptor arrives with an operation that does not exist",
     DeviceError::BadDescriptor,
     {{{FaultPhase::Fetch, kAll}}}},
    {FaultPoint::HostLinkTimeout,
     "host_link_timeout",
     "a transaction over the host link times out",
     DeviceError::HostLinkTimeout,
     {{{FaultPhase::Fetch, kAll},
       {FaultPhase::DmaRead, kWrite | kOp | kSync},
       {FaultPhase::DmaWrite, kRead | kOp | kSync}}}},
    {FaultPoint::NotificationOverflow,
     "notification_overflow",
     "the notification ring overflows: flooded by the device, or because the unit no longer learns "
     "what the host has read",
     DeviceError::NotificationOverflow,
     {{{FaultPhase::Completion, kAll}, {FaultPhase::Drain, kAll}}}},
    {FaultPoint::NotificationLost,
     "notification_lost",
     "the last notification of a request never reaches the ring",
     DeviceError::Hang,
     {{{FaultPhase::Completion, kAll}}}},
    {FaultPoint::NotificationDuplicated,
     "notification_duplicated",
     "the last notification of a request is written twice",
     DeviceError::None,
     {{{FaultPhase::Completion, kAll}}}},
    {FaultPoint::NotificationCorrupted,
     "notification_corrupted",
     "the last notification of a request arrives with changed bits",
     DeviceError::NotificationCorrupted,
     {{{FaultPhase::Completion, kAll}}}},
    {FaultPoint::InterruptLost,
     "interrupt_lost",
     "the interrupt of a request never reaches the host",
     DeviceError::None,
     {{{FaultPhase::Interrupt, kAll}}}},
    {FaultPoint::DeviceGone,
     "device_gone",
     "the device stops answering: nothing crosses the host link any more",
     DeviceError::DeviceGone,
     {{{FaultPhase::Doorbell, kAll}, {FaultPhase::Fetch, kAll}, {FaultPhase::Completion, kAll}}}},
    {FaultPoint::CcMessageLost,
     "cc_message_lost",
     "a message between collectives cores does not arrive",
     DeviceError::CollectiveStuck,
     {{{FaultPhase::RankReady, kCc}, {FaultPhase::RankDone, kCc}}}},
    {FaultPoint::CcCoreHang,
     "cc_core_hang",
     "a collectives core never executes an instruction of a stream, and none behind it",
     DeviceError::CollectiveStuck,
     {{{FaultPhase::Issue, kCc}}}},
    {FaultPoint::NeuronLinkFailure,
     "neuron_link_failure",
     "a transaction over a link between devices is not answered",
     DeviceError::CollectiveStuck,
     {{{FaultPhase::DmaRead, kCc}, {FaultPhase::DmaWrite, kCc}}}},
};

constexpr bool in_order() {
  int expected = 0;
  for (const FaultPointInfo& row : kPoints) {
    if (static_cast<int>(row.point) != expected++) {
      return false;
    }
  }
  return expected == kFaultPointCount;
}
static_assert(in_order(), "one row per point, in the order of FaultPoint");

constexpr const char* kPhaseNames[kFaultPhaseCount] = {
    "doorbell",  "fetch",      "issue",     "retire", "dma_descriptor", "dma_read",
    "dma_write", "completion", "interrupt", "drain",  "rank_ready",     "rank_done"};

}  // namespace

const FaultPlace* FaultPointInfo::place(FaultPhase phase) const {
  for (const FaultPlace& place : places) {
    if (place.units != 0 && place.phase == phase) {
      return &place;
    }
  }
  return nullptr;
}

std::optional<FaultCell> fault_cell(std::size_t index) {
  std::size_t seen = 0;
  for (const FaultPointInfo& row : kPoints) {
    for (const FaultPlace& place : row.places) {
      for (int type = 0; type < kUnitTypeCount; ++type) {
        if (place.has(static_cast<UnitType>(type)) && seen++ == index) {
          const auto unit = static_cast<UnitType>(type);
          const bool hangs = row.error == DeviceError::Hang;
          return FaultCell{row.point, place.phase, unit, hangs ? silence_of({0, unit}) : row.error};
        }
      }
    }
  }
  return std::nullopt;
}

const FaultPointInfo& info(FaultPoint point) {
  return kPoints[static_cast<std::size_t>(point)];
}

const char* name(FaultPhase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}

std::optional<FaultPoint> fault_point(const std::string& name) {
  for (const FaultPointInfo& row : kPoints) {
    if (name == row.name) {
      return row.point;
    }
  }
  return std::nullopt;
}

std::optional<FaultPhase> fault_phase(const std::string& name) {
  for (int phase = 0; phase < kFaultPhaseCount; ++phase) {
    if (name == kPhaseNames[phase]) {
      return static_cast<FaultPhase>(phase);
    }
  }
  return std::nullopt;
}

std::vector<std::string> fault_point_names() {
  std::vector<std::string> names;
  for (const FaultPointInfo& row : kPoints) {
    names.emplace_back(row.name);
  }
  return names;
}

std::vector<std::string> phase_names(FaultPoint point) {
  std::vector<std::string> names;
  for (const FaultPlace& place : info(point).places) {
    if (place.units != 0) {
      names.emplace_back(name(place.phase));
    }
  }
  return names;
}

}  // namespace nsim::hw
