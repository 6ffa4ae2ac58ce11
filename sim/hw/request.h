// SPDX-License-Identifier: Apache-2.0
// What the driver and the hardware exchange through simulated host memory. Layouts are ours (the
// real ones are not public); little endian, no padding.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace nsim::hw {

/// Execution unit types of one logical core; every (core, type, queue) is one unit with its own
/// rings.
enum class UnitType : std::uint8_t {
  TensorRead,
  TensorWrite,
  TensorOp,
  Compute,
  Collectives,
  Sync
};
inline constexpr int kUnitTypeCount = 6;  // Sync: the driver's own unit for synchronous copies

/// "compute", "tensor_read", ...
const char* name(UnitType type);

struct UnitAddress {
  std::uint16_t core = 0;  // logical core of the instance
  UnitType type = UnitType::Compute;
  std::uint8_t queue = 0;
};

/// As people know it: "nc0.compute.q0".
std::string unit_name(const UnitAddress& unit);

/// The second of the driver's own units is where hosts meet.
inline constexpr bool does_collectives(UnitAddress unit) {
  return unit.type == UnitType::Collectives || (unit.type == UnitType::Sync && unit.queue == 1);
}

/// The first copies for the host's synchronous calls.
inline constexpr bool copies_for_host(UnitAddress unit) {
  return unit.type == UnitType::Sync && unit.queue == 0;
}

/// Whose work something in the device is. `request` counts the requests of the unit from 1.
struct Origin {
  UnitAddress unit;
  std::uint64_t request = 0;
};

enum class RequestOpcode : std::uint32_t {
  Nop = 0,
  Execute = 1,
  Copy = 2,
  Fill = 3,
  Collective = 4
};

/// One entry of a unit's descriptor ring, in host memory. The unit fetches it by DMA.
struct RequestDescriptor {
  RequestOpcode opcode = RequestOpcode::Nop;
  std::uint32_t tag = 0;      // comes back in the notification
  std::uint64_t program = 0;  // Execute: id given by Hardware::load_program
  // Host address of a table of `binding_count` u64. Execute: one device address per tensor.
  // Collective: a CollectiveHeader, the logical core of every rank, and a CollectiveBuffer for
  // every buffer.
  std::uint64_t bindings = 0;
  std::uint32_t binding_count = 0;
  std::uint32_t fill_value = 0;   // Fill: the byte
  std::uint64_t source = 0;       // Copy
  std::uint64_t destination = 0;  // Copy, Fill
  std::uint64_t size = 0;         // Copy, Fill: bytes; 0 is legal
  std::uint64_t flow = 0;         // trace flow id
};
static_assert(sizeof(RequestDescriptor) == 64);

enum class CollectiveOp : std::uint8_t { AllGather, AllReduce, ReduceScatter, Barrier };

/// What a rank does in a collective. The n-th one of a communicator on a queue meets the n-th ones
/// of the other ranks on theirs: `order` counts them.
struct CollectiveHeader {
  CollectiveOp op = CollectiveOp::Barrier;
  std::uint8_t combine = 0;  // num::CombineOp
  std::uint8_t type = 0;     // num::ElementType
  std::uint8_t reserved = 0;
  std::uint32_t communicator = 0;
  std::uint64_t order = 0;
  std::uint32_t rank = 0;  // of the unit's core
  std::uint32_t ranks = 0;
};
static_assert(sizeof(CollectiveHeader) == 24);

/// Core of a rank that nobody has claimed yet: it is learnt from the rank's own message.
inline constexpr std::uint64_t kUnknownCore = UINT64_MAX;

struct CollectiveBuffer {
  std::uint64_t input = 0;  // device addresses
  std::uint64_t output = 0;
  std::uint64_t bytes = 0;  // of the input
};
static_assert(sizeof(CollectiveBuffer) == 24);

/// Trace: the unit began the request (no interrupt); Notify: it is over (interrupt); Error: why it
/// failed; TraceDma: descriptors of one DMA instruction were generated (no interrupt).
enum class NotificationType : std::uint8_t {
  Trace = 0,
  Notify = 1,
  Event = 2,
  Error = 3,
  TraceDma = 4
};

/// Why a request failed, as the hardware sees it. The runtime maps these to NRT_STATUS.
enum class DeviceError : std::uint8_t {
  None,
  Hang,
  HbmUncorrectable,
  HbmRepairable,
  SramParity,
  DmaAbort,
  SemaphoreMisuse,
  OutOfBounds,
  NumericalNan,
  NotificationOverflow,
  CollectiveStuck,
  HostLinkTimeout,
  BadDescriptor,
  // What the host finds out by itself, because the device cannot say it any more.
  NotificationCorrupted,
  DeviceGone
};
inline constexpr int kDeviceErrorCount = 15;

/// True for errors that leave the unit unable to go on (contract rule R60).
constexpr bool is_fatal(DeviceError error) {
  return error != DeviceError::None && error != DeviceError::SemaphoreMisuse &&
         error != DeviceError::OutOfBounds && error != DeviceError::NumericalNan &&
         error != DeviceError::BadDescriptor;
}

/// What it means that the unit says nothing any more.
constexpr DeviceError silence_of(UnitAddress unit) {
  return does_collectives(unit) ? DeviceError::CollectiveStuck : DeviceError::Hang;
}

/// One entry of a unit's notification ring, in host memory. An Error entry precedes the Notify
/// entry of its request, which repeats the error. `phase` is 1 in the first pass over the ring and
/// toggles at every wrap, so that a reader sees which entries are new; the driver clears the ring
/// before it programs kNotifyBase.
struct Notification {
  NotificationType type = NotificationType::Trace;
  DeviceError error = DeviceError::None;
  std::uint8_t phase = 0;
  std::uint8_t check = 0;  // check_of() of the rest
  std::uint32_t tag = 0;
  std::uint64_t timestamp = 0;  // picoseconds
};
static_assert(sizeof(Notification) == 16);

/// Differs from `check` when bits of one byte of the entry were changed on the way.
inline std::uint8_t check_of(Notification entry) {
  unsigned char bytes[sizeof entry];
  entry.check = 0;
  std::memcpy(bytes, &entry, sizeof entry);
  std::uint8_t sum = 0xa5;
  for (const unsigned char byte : bytes) {
    sum = static_cast<std::uint8_t>((sum << 1 | sum >> 7) ^ byte);
  }
  return sum;
}

/// Registers of one unit, byte offsets from Hardware::unit_registers(address). 64-bit each. Writing
/// kRingBase or kNotifyBase starts that ring anew: all its counts are zero again.
enum UnitRegister : std::uint64_t {
  kRingBase = 0x00,    // host address of the descriptor ring
  kRingSize = 0x08,    // entries, power of two
  kDoorbell = 0x10,    // tail: total number of descriptors written so far
  kNotifyBase = 0x18,  // host address of the notification ring
  kNotifySize = 0x20,  // entries, power of two
  kNotifyHead = 0x28,  // total number of notifications consumed so far
  kControl = 0x30,     // 1: reset the unit (leaves the halted state, forgets queued work)
  kTimeout = 0x38,     // execution watchdog in picoseconds, 0: none
  kUnitRegisterBytes = 0x40
};

// Device-visible addresses: one 64-bit space for the instance.
/// Host memory: this bit plus the process's virtual address.
inline constexpr std::uint64_t kHostWindow = 1ULL << 62;
/// HBM and core windows of device d start at d << kDeviceShift.
inline constexpr int kDeviceShift = 48;

}  // namespace nsim::hw
