// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/cells.h"

#include <algorithm>

namespace nsim::isa {

std::int64_t Footprint::end() const {
  std::int64_t last = start + run;
  for (int d = 0; d < dims; ++d) {
    const auto i = static_cast<std::size_t>(d);
    last += step[i] * (count[i] - 1);
  }
  return last;
}

std::int64_t Footprint::runs() const {
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  std::int64_t product = 1;
  for (int d = 0; d < dims; ++d) {
    product = std::min(kMany, product * std::min(kMany >> 20, count[static_cast<std::size_t>(d)]));
  }
  return product;
}

Footprint footprint(const Operand& operand, std::int64_t grain) {
  const auto size = static_cast<std::int64_t>(num::size_of(operand.dtype));
  Footprint result;
  result.start = operand.offset;
  result.run = size;
  if (operand.dims == 1 && operand.dim[0].step == 1) {  // most are rows
    result.run = size * operand.dim[0].count;
    return result;
  }
  // Ascending steps, by insertion: there are at most five.
  std::array<StreamDim, 5> dims;
  std::size_t used = 0;
  for (std::size_t d = 0; d < operand.dims; ++d) {
    StreamDim dim = operand.dim[d];
    if (dim.step < 0) {  // the same bytes walked from the other end
      result.start += size * dim.step * (dim.count - 1);
      dim.step = -dim.step;
    }
    if (dim.step == 0 || dim.count == 1) {
      continue;
    }
    std::size_t at = used++;
    for (; at > 0 && dims[at - 1].step > dim.step; --at) {
      dims[at] = dims[at - 1];
    }
    dims[at] = dim;
  }
  std::size_t merged = 0;
  for (; merged < used && dims[merged].step * size - result.run < grain; ++merged) {
    result.run += dims[merged].step * size * (dims[merged].count - 1);
  }
  for (std::size_t d = used; d-- > merged; ++result.dims) {  // outermost first
    const auto i = static_cast<std::size_t>(result.dims);
    result.step[i] = dims[d].step * size;
    result.count[i] = dims[d].count;
  }
  return result;
}

Cells::Cells(int lanes, std::int64_t bytes, std::int64_t grain, int actors)
    : lanes_(lanes),
      lane_words_(static_cast<std::size_t>(CellState::words(actors))),
      record_words_(kLanes + static_cast<std::size_t>(lanes) * lane_words_) {
  while ((std::int64_t{1} << shift_) < grain) {
    ++shift_;
  }
  segment_of_.resize(static_cast<std::size_t>((bytes + this->grain() - 1) >> shift_));
  records_.resize(record_words_);
  records_[kEnd] = static_cast<std::uint32_t>(segment_of_.size());
}

void Cells::split(std::uint32_t at) {
  const std::uint32_t old = segment_of_[at];
  const auto added = static_cast<std::uint32_t>(records_.size() / record_words_);
  records_.resize(records_.size() + record_words_);
  std::copy_n(record(old), record_words_, record(added));
  // The smaller part gets the new record: a cell changes its record only a logarithmic number of
  // times.
  const std::uint32_t first = record(old)[kFirst];
  const std::uint32_t end = record(old)[kEnd];
  const bool front = at - first < end - at;
  record(front ? added : old)[kEnd] = at;
  record(front ? old : added)[kFirst] = at;
  std::fill(segment_of_.begin() + (front ? first : at), segment_of_.begin() + (front ? at : end),
            added);
}

void Cells::set_apart(std::uint32_t* record) {
  record[kApart] = 1;
  for (int lane = 1; lane < lanes_; ++lane) {
    std::copy_n(record + kLanes, lane_words_,
                record + kLanes + static_cast<std::size_t>(lane) * lane_words_);
  }
}

}  // namespace nsim::isa
