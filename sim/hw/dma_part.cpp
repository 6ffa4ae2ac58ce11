// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_part.h"

#include <algorithm>

#include "sim/hw/dge.h"
#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

/// Neighbouring rows are one access to memory.
void append(std::vector<Segment>& rows, std::uint64_t address, std::int64_t bytes) {
  if (!rows.empty() && rows.back().address + rows.back().bytes == address) {
    rows.back().bytes += static_cast<std::uint64_t>(bytes);
    return;
  }
  rows.push_back({address, static_cast<std::uint64_t>(bytes)});
}

/// Descriptors for a row, which may be longer than one can describe.
std::int64_t descriptors_for(std::int64_t bytes) {
  return (bytes + DmaJob::kMaxDescriptorBytes - 1) / DmaJob::kMaxDescriptorBytes;
}

}  // namespace

void DmaPart::next_packet(DmaPacket& packet, const PacketLimits& limits) {
  if (move->aborted) {
    position = end;
  }
  begun = std::min(begun, now());
  packet.from = move->source.dtype();
  packet.to = move->destination.dtype();
  packet.second = move->adds ? packet.to : move->second.dtype();
  packet.rate_factor = move->rate_factor;
  if (move->error != DeviceError::None && this == move->parts.data()) {
    packet.error = move->error;
    position = end;
  }
  if (position < end) {
    switch (move->kind) {
      case DmaMove::Kind::Copy:
        copy(packet, limits);
        break;
      case DmaMove::Kind::Gather:
      case DmaMove::Kind::Scatter:
        move_rows(packet, limits);
        break;
      case DmaMove::Kind::Transpose:
        transpose(packet);
        break;
      case DmaMove::Kind::Compute:
        compute(packet, limits);
        break;
    }
  }
  descriptors += packet.descriptors;
  packet.last = position == end;
}

void DmaPart::packet_moved(SimTime at, SimTime waited) {
  moved = at;
  memory_waited += waited;
}

void DmaPart::copy(DmaPacket& packet, const PacketLimits& limits) {
  DmaWalk& source = move->source;
  DmaWalk& destination = move->destination;
  source.seek(position);
  destination.seek(position);
  const std::int64_t longest =
      kMaxDescriptorBytes / std::max(source.element_bytes(), destination.element_bytes());
  const std::int64_t from = position;
  const auto fits = [&](std::int64_t run) {
    return packet.descriptors == 0 ||
           (packet.descriptors < limits.descriptors &&
            (position - from + run) * destination.element_bytes() <= limits.bytes);
  };
  while (position < end) {
    const std::int64_t run = std::min({source.run(), destination.run(), longest, end - position});
    if (!fits(run)) {
      break;
    }
    append(packet.read, source.address(), run * source.element_bytes());
    append(packet.write, destination.address(), run * destination.element_bytes());
    ++packet.descriptors;
    position += run;
    source.advance(run);
    destination.advance(run);
  }
  packet.read_bytes = (position - from) * source.element_bytes();
  packet.write_bytes = (position - from) * destination.element_bytes();
}

/// Both sources of a packet are read one after the other, then their sum is written.
void DmaPart::compute(DmaPacket& packet, const PacketLimits& limits) {
  DmaWalk& second = move->second;
  second.seek(position);
  const std::int64_t from = position;
  copy(packet, limits);
  std::int64_t left = position - from;
  packet.sum_of = left;
  packet.apart = move->apart ? packet.read.size() : 0;
  packet.read_bytes += left * second.element_bytes();
  while (left > 0) {
    const std::int64_t run = std::min(second.run(), left);
    append(packet.read, second.address(), run * second.element_bytes());
    second.advance(run);
    left -= run;
  }
}

/// Each row lies somewhere of its own on the side of the table.
void DmaPart::move_rows(DmaPacket& packet, const PacketLimits& limits) {
  const bool gathers = move->kind == DmaMove::Kind::Gather;
  DmaWalk& table = gathers ? move->source : move->destination;
  DmaWalk& other = gathers ? move->destination : move->source;
  other.seek(position);
  std::int64_t taken = 0;
  while (position < end && packet.descriptors < limits.descriptors) {
    const std::int64_t in_row = position % move->row_elements;
    table.seek(in_row);
    const std::int64_t run =
        std::min({table.run(), other.run(), move->row_elements - in_row, end - position});
    const std::uint64_t row = move->rows[static_cast<std::size_t>(position / move->row_elements)];
    if (row != DmaMove::kSkipped) {
      const std::uint64_t in_table = table.address() + row;
      append(packet.read, gathers ? in_table : other.address(), run * move->source.element_bytes());
      append(packet.write, gathers ? other.address() : in_table,
             run * move->destination.element_bytes());
      packet.descriptors += descriptors_for(run * table.element_bytes());
      taken += run;
    }
    position += run;
    other.advance(run);
  }
  packet.read_bytes = taken * move->source.element_bytes();
  packet.write_bytes = taken * move->destination.element_bytes();
  if (move->adds && taken > 0) {
    add_destination(packet, taken);
  }
}

/// What the destination holds is read behind the source, then the sum is written there.
void DmaPart::add_destination(DmaPacket& packet, std::int64_t elements) {
  packet.sum_of = elements;
  packet.apart = move->apart ? packet.read.size() : 0;
  packet.read_bytes += packet.write_bytes;
  packet.read.insert(packet.read.end(), packet.write.begin(), packet.write.end());
}

/// All rows of this engine's destination partitions at once: the source is read in its own rows, a
/// few columns of each.
void DmaPart::transpose(DmaPacket& packet) {
  DmaWalk& source = move->source;
  DmaWalk& destination = move->destination;
  const std::int64_t rows = move->row_elements;
  const std::int64_t all_columns = source.elements() / rows;
  const std::int64_t first = position / rows;
  const std::int64_t columns = (end - position) / rows;
  const std::int64_t size = source.element_bytes();
  for (std::int64_t row = 0; row < rows; ++row) {
    source.seek(row * all_columns + first);
    for (std::int64_t left = columns; left > 0;) {
      const std::int64_t run = std::min(source.run(), left);
      append(packet.read, source.address(), run * size);
      source.advance(run);
      left -= run;
    }
  }
  destination.seek(position);
  while (position < end) {
    const std::int64_t run = std::min(destination.run(), end - position);
    append(packet.write, destination.address(), run * size);
    packet.descriptors += descriptors_for(run * size);
    position += run;
    destination.advance(run);
  }
  packet.transpose_rows = rows;
  packet.read_bytes = rows * columns * size;
  packet.write_bytes = packet.read_bytes;
}

void DmaPart::done(DeviceError error) {
  move->owner->part_done(*this, error);
}

DmaLabel DmaPart::label() const {
  return {move->trace, move->queue->name.c_str(), 0, move->label};
}

bool DmaPart::host_built() const {
  return move->host_built;
}

int DmaPart::qos() const {
  return move->qos;
}

Origin DmaPart::origin() const {
  return move->origin;
}

bool DmaPart::moves_data() const {
  return move->moves_data;
}

}  // namespace nsim::hw
