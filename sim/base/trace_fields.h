// SPDX-License-Identifier: Apache-2.0
// Field numbers of Perfetto's trace format, as far as we write it.
// Source: perfetto, protos/perfetto/trace/trace_packet.proto and
// protos/perfetto/trace/track_event/*.proto. Shared by the writer (trace.cpp) and the reader of the
// tests.
#pragma once

#include <cstdint>

namespace nsim::trace_fields {

using Field = std::uint32_t;

namespace trace {
inline constexpr Field kPacket = 1;
}

namespace packet {
inline constexpr Field kTimestamp = 8;
inline constexpr Field kSequenceId = 10;
inline constexpr Field kTrackEvent = 11;
inline constexpr Field kInternedData = 12;
inline constexpr Field kSequenceFlags = 13;
inline constexpr Field kTrackDescriptor = 60;
inline constexpr std::uint32_t kIncrementalStateCleared = 1;
inline constexpr std::uint32_t kNeedsIncrementalState = 2;
}  // namespace packet

namespace track {
inline constexpr Field kUuid = 1;
inline constexpr Field kName = 2;
inline constexpr Field kProcess = 3;
inline constexpr Field kParentUuid = 5;
inline constexpr Field kCounter = 8;
inline constexpr Field kChildOrdering = 11;
inline constexpr Field kSiblingOrderRank = 12;
inline constexpr std::int32_t kExplicitOrder = 3;
inline constexpr Field kProcessPid = 1;
inline constexpr Field kProcessName = 6;
inline constexpr Field kCounterUnitName = 6;
}  // namespace track

namespace event {
inline constexpr Field kDebugAnnotation = 4;
inline constexpr Field kType = 9;
inline constexpr Field kNameId = 10;
inline constexpr Field kTrackUuid = 11;
inline constexpr Field kDoubleCounterValue = 44;
inline constexpr Field kFlowId = 47;
}  // namespace event

enum class EventType : std::int32_t { SliceBegin = 1, SliceEnd = 2, Instant = 3, Counter = 4 };

namespace annotation {
inline constexpr Field kNameId = 1;
inline constexpr Field kIntValue = 4;
inline constexpr Field kStringValue = 6;
}  // namespace annotation

namespace interned {
inline constexpr Field kEventNames = 2;
inline constexpr Field kAnnotationNames = 3;
inline constexpr Field kId = 1;
inline constexpr Field kText = 2;
}  // namespace interned

}  // namespace nsim::trace_fields
