// SPDX-License-Identifier: Apache-2.0
// What the dependency tracker remembers of a memory: for every cell (a block of bytes) the last
// writer and, per actor, the last reader since. A strided access is exact at the grain of cells.
//
// Neighbouring cells that every access so far touched together have the same history and share one
// record, a segment; so do the lanes of a segment that were always touched together. An access that
// begins or ends within a segment splits it first. A tile used as a whole costs one visit per
// access, whatever its size, and the answers are those of separate cells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/isa/stream.h"

namespace nsim::isa {

/// The bytes an operand touches in one lane: runs of `run` bytes, at `start` plus the outer dims.
struct Footprint {
  std::int64_t start = 0;
  std::int64_t run = 0;
  int dims = 0;
  std::array<std::int64_t, 5> step{};  // bytes, positive
  std::array<std::int64_t, 5> count{};

  /// One past the last byte.
  std::int64_t end() const;
  /// Runs of the pattern.
  std::int64_t runs() const;
  /// Calls visit(first byte) for every run.
  template <class Visit>
  void for_each_run(Visit&& visit) const;
};

/// Dims that leave no cell of `grain` bytes untouched between their elements are merged into the
/// run.
Footprint footprint(const Operand& operand, std::int64_t grain);

/// An actor is an engine or a DMA queue; `index` counts its work from 1.
struct Completion {
  std::uint8_t actor = 0;
  std::uint32_t index = 0;  // 0: nothing
};

/// History of a cell: a view of a record, valid until the next access.
class CellState {
 public:
  /// Words of a record for so many actors.
  static int words(int actors) { return kReads + actors; }

  explicit CellState(std::uint32_t* words) : words_(words) {}

  Completion writer() const {
    return {static_cast<std::uint8_t>(words_[kWriterActor]), words_[kWriterIndex]};
  }
  /// Bit set of the actors that read since the last write.
  std::uint32_t readers() const { return words_[kReaders]; }
  /// Index of an actor's last read; for the readers only.
  std::uint32_t read(int actor) const { return words_[kReads + actor]; }

  void add_read(Completion by) {
    words_[kReaders] |= 1U << by.actor;
    words_[kReads + by.actor] = by.index;
  }
  void set_writer(Completion by) {
    words_[kWriterActor] = by.actor;
    words_[kWriterIndex] = by.index;
    words_[kReaders] = 0;
  }

 private:
  enum : int { kWriterActor, kWriterIndex, kReaders, kReads };
  std::uint32_t* words_;
};

class Cells {
 public:
  Cells() = default;
  /// `lanes` independent strips of `bytes` each; `actors` is how many readers a cell tells apart.
  Cells(int lanes, std::int64_t bytes, std::int64_t grain, int actors);

  bool tracked() const { return !segment_of_.empty(); }
  std::int64_t grain() const { return std::int64_t{1} << shift_; }
  /// Of a lane, rounded up to whole cells.
  std::int64_t bytes() const { return static_cast<std::int64_t>(segment_of_.size()) << shift_; }

  /// Calls look(writer) for every history in `where` of lanes [first, last], then adds the read.
  template <class Look>
  void read(int first, int last, const Footprint& where, Completion by, Look&& look);
  /// Calls look(state) for every history in `where` of lanes [first, last]; then `by` has written.
  template <class Look>
  void write(int first, int last, const Footprint& where, Completion by, Look&& look);

  /// Records there are: the work of for_each.
  std::size_t segments() const { return tracked() ? records_.size() / record_words_ : 0; }
  /// Calls visit(state) for every history.
  template <class Visit>
  void for_each(Visit&& visit);

 private:
  /// A record: first cell, one past the last, whether lanes have histories of their own (if not,
  /// lane 0's is everyone's), then the history of each lane.
  enum : std::size_t { kFirst, kEnd, kApart, kLanes };

  std::uint32_t* record(std::uint32_t segment) { return &records_[segment * record_words_]; }
  CellState state(std::uint32_t* record, int lane) const {
    return CellState(record + kLanes + static_cast<std::size_t>(lane) * lane_words_);
  }
  /// `at` becomes the first cell of a segment.
  void split(std::uint32_t at);
  void set_apart(std::uint32_t* record);

  /// Calls visit(record) for every segment of `where`.
  template <class Visit>
  void for_each_segment(const Footprint& where, Visit&& visit);
  template <class Visit>
  void visit_range(std::int64_t from, std::int64_t to, Visit&& visit);
  /// Calls visit(state) for each history of lanes [first, last] in a segment.
  template <class Visit>
  void visit_lanes(std::uint32_t* record, int first, int last, Visit&& visit);

  int shift_ = 0;
  int lanes_ = 0;
  std::size_t lane_words_ = 0;
  std::size_t record_words_ = 0;
  std::vector<std::uint32_t> segment_of_;  // by cell
  std::vector<std::uint32_t> records_;     // record_words_ per segment
};

template <class Visit>
void Footprint::for_each_run(Visit&& visit) const {
  std::array<std::int64_t, 5> at{};
  std::int64_t position = start;
  for (;;) {
    visit(position);
    int d = dims - 1;
    while (d >= 0 && ++at[static_cast<std::size_t>(d)] == count[static_cast<std::size_t>(d)]) {
      const auto i = static_cast<std::size_t>(d--);
      position -= step[i] * (count[i] - 1);
      at[i] = 0;
    }
    if (d < 0) {
      break;
    }
    position += step[static_cast<std::size_t>(d)];
  }
}

template <class Look>
void Cells::read(int first, int last, const Footprint& where, Completion by, Look&& look) {
  for_each_segment(where, [&](std::uint32_t* record) {
    visit_lanes(record, first, last, [&](CellState state) {
      look(state.writer());
      state.add_read(by);
    });
  });
}

template <class Look>
void Cells::write(int first, int last, const Footprint& where, Completion by, Look&& look) {
  for_each_segment(where, [&](std::uint32_t* record) {
    visit_lanes(record, first, last, [&](CellState state) {
      look(state);
      state.set_writer(by);
    });
    if (last - first + 1 == lanes_) {
      record[kApart] = 0;  // all lanes are equal now
    }
  });
}

template <class Visit>
void Cells::for_each(Visit&& visit) {
  for (std::size_t segment = 0; segment < segments(); ++segment) {
    std::uint32_t* const record = &records_[segment * record_words_];
    for (int lane = 0; lane < (record[kApart] == 0 ? 1 : lanes_); ++lane) {
      visit(state(record, lane));
    }
  }
}

template <class Visit>
void Cells::visit_lanes(std::uint32_t* record, int first, int last, Visit&& visit) {
  if (record[kApart] == 0) {
    if (last - first + 1 == lanes_) {
      visit(state(record, 0));
      return;
    }
    set_apart(record);
  }
  for (int lane = first; lane <= last; ++lane) {
    visit(state(record, lane));
  }
}

template <class Visit>
void Cells::visit_range(std::int64_t from, std::int64_t to, Visit&& visit) {
  auto cell = static_cast<std::uint32_t>(from >> shift_);
  const auto end = static_cast<std::uint32_t>(((to - 1) >> shift_) + 1);
  if (record(segment_of_[cell])[kFirst] != cell) {
    split(cell);
  }
  while (cell < end) {
    if (record(segment_of_[cell])[kEnd] > end) {
      split(end);
    }
    std::uint32_t* const segment = record(segment_of_[cell]);
    visit(segment);
    cell = segment[kEnd];
  }
}

template <class Visit>
void Cells::for_each_segment(const Footprint& where, Visit&& visit) {
  // A pattern that comes back to the same cells many times is taken as everything in its range:
  // never less than it touches, and the cost stays in proportion to the memory.
  if (where.dims == 0 || where.runs() > 4 * static_cast<std::int64_t>(segment_of_.size())) {
    visit_range(where.start, where.end(), visit);
    return;
  }
  where.for_each_run(
      [&](std::int64_t position) { visit_range(position, position + where.run, visit); });
}

}  // namespace nsim::isa
