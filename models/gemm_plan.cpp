// SPDX-License-Identifier: Apache-2.0
// Choice of block sizes: every candidate that fits is rated by the bytes it moves, the cheapest
// wins.
#include <algorithm>
#include <limits>

#include "models/gemm.h"

namespace nsim::ml {
namespace {

// A heuristic for ranking plans, in bytes of DMA traffic; no simulated time depends on it.
// A contiguous run costs about as much as this many bytes more (rows of 2 KiB are near the full
// rate, of 512 B at half of it: "NKI DMA bandwidth guide").
constexpr double kRunOverhead = 512;
// Traffic below one byte per so many operations hides behind the Tensor engine on every generation,
// with room to spare: the rooflines' knees are at 220 (trn1) and 210 (trn2) operations per byte.
constexpr double kOperationsPerByte = 600;

std::int64_t k_tiles(const Gemm& gemm) {
  return ceil_div(gemm.k, kPartitions);
}

double with_runs(const Gemm& gemm, bool rhs, std::int64_t block, double bytes) {
  const std::int64_t columns = gemm.side(rhs).k_rows ? std::min(block, gemm.extent(rhs))
                                                     : std::min(gemm.k, kStagedTiles * kPartitions);
  const auto run = static_cast<double>(columns * bytes_of(gemm.dtype));
  return bytes * (run + kRunOverhead) / run;
}

/// What a plan costs, in bytes of traffic.
double rate(const Gemm& gemm, const GemmPlan& plan) {
  const bool rhs = plan.resident_rhs;
  const auto column = static_cast<double>(gemm.k * bytes_of(gemm.dtype));
  const double factors = gemm.gate ? 2 : 1;
  const auto blocks = static_cast<double>(ceil_div(gemm.extent(rhs), plan.resident));
  const double resident =
      with_runs(gemm, rhs, plan.resident, column * static_cast<double>(gemm.extent(rhs)));
  const double streamed = with_runs(gemm, !rhs, plan.streamed,
                                    column * factors * static_cast<double>(gemm.extent(!rhs)));
  const auto operations = 2.0 * factors * static_cast<double>(gemm.m) *
                          static_cast<double>(gemm.n) * static_cast<double>(gemm.k) *
                          (bytes_of(gemm.dtype) == 4 ? 4 : 1);
  const double hidden = std::max(resident + blocks * streamed, operations / kOperationsPerByte);

  // Nothing runs before the first block is there; with one buffer that repeats for every block.
  const double first = resident / blocks;
  const double exposed = plan.resident_turns > 1 ? first : resident;
  const double strip =
      streamed *
      std::min(1.0, static_cast<double>(plan.streamed) / static_cast<double>(gemm.extent(!rhs))) /
      static_cast<double>(plan.k_blocks);
  // A side that must be transposed is transposed again for every block of the other: Tensor engine
  // time.
  const double again =
      gemm.side(!rhs).k_rows || loads_directly(gemm, !rhs) ? 0 : (blocks - 1) * streamed;
  const double partial_sums = 0.05 * static_cast<double>(plan.k_blocks - 1) * hidden;
  return hidden + exposed + strip + again + partial_sums;
}

std::vector<std::int64_t> candidates(const Gemm& gemm, bool rhs) {
  // A row of output tiles and the next one must fit into PSUM together, with the gate's beside
  // them.
  const std::int64_t most = rhs && gemm.gate ? kMaxBlockColumns / 2 : kMaxBlockColumns;
  std::vector<std::int64_t> result;
  for (std::int64_t block = most; block >= (rhs ? kMovingColumns : kStationaryColumns);
       block /= 2) {
    result.push_back(std::min(block, gemm.extent(rhs)));
  }
  return result;
}

std::vector<GemmPlan> all_plans(const Gemm& gemm) {
  constexpr std::int64_t kMostParts = 16;
  std::vector<GemmPlan> result;
  const auto add = [&](bool resident_rhs, std::int64_t resident, std::int64_t streamed) {
    for (std::int64_t parts = 1; parts <= kMostParts; parts *= 2) {
      for (const int turns : {1, 2}) {
        GemmPlan plan{resident_rhs, resident, streamed, turns, ceil_div(k_tiles(gemm), parts), 1};
        plan.k_blocks = ceil_div(k_tiles(gemm), plan.k_tiles);
        result.push_back(plan);
      }
    }
  };
  for (const bool resident_rhs : {false, true}) {
    // The gate stands beside the streamed factor.
    if (gemm.gate && resident_rhs != gemm.gate_is_lhs) {
      continue;
    }
    // What is on chip already stays as it is.
    if (gemm.lhs.on_chip && resident_rhs) {
      continue;
    }
    const std::vector<std::int64_t> residents =
        gemm.lhs.on_chip ? std::vector<std::int64_t>{gemm.m} : candidates(gemm, resident_rhs);
    for (const std::int64_t resident : residents) {
      for (const std::int64_t streamed : candidates(gemm, !resident_rhs)) {
        add(resident_rhs, resident, streamed);
      }
    }
  }
  return result;
}

}  // namespace

bool loads_directly(const Gemm& gemm, bool of_rhs) {
  // Element by element within a row: worth it for the handful of rows of a decoding step.
  constexpr std::int64_t kFewRows = 8;
  return !gemm.side(of_rhs).k_rows && gemm.extent(of_rhs) <= kFewRows &&
         gemm.k % kPartitions == 0 &&
         (gemm.side(!of_rhs).k_rows || gemm.extent(!of_rhs) <= kFewRows);
}

std::int64_t footprint(const Gemm& gemm, const GemmPlan& plan) {
  const std::int64_t element = bytes_of(gemm.dtype);
  const std::int64_t columns = plan.block(true);
  const std::int64_t resident =
      gemm.lhs.on_chip ? 0 : plan.resident_turns * k_tiles(gemm) * plan.resident * element;
  const std::int64_t result =
      gemm.out_on_chip ? 0 : kResultTurns * columns * bytes_of(gemm.out_dtype);
  std::int64_t bytes =
      resident + result + 2 * plan.k_tiles * plan.streamed * element * (gemm.gate ? 2 : 1);
  for (const bool rhs : {false, true}) {
    if (!gemm.side(rhs).k_rows && !loads_directly(gemm, rhs)) {
      bytes += 2 * std::min(k_tiles(gemm), kStagedTiles) * kPartitions * element;
    }
  }
  if (gemm.bias) {
    bytes += 2 * (gemm.bias_per_row ? ceil_div(plan.block(false), kPartitions) : columns) *
             bytes_of(gemm.bias_dtype);
  }
  if (gemm.gate) {
    bytes += 2 * kMovingColumns * 4;
  }
  if (plan.k_blocks > 1) {
    bytes += ceil_div(plan.block(false), kPartitions) * columns * 4 * (gemm.gate ? 2 : 1);
  }
  constexpr std::int64_t kRounding = 64 * 10;  // every buffer starts at a multiple of 64
  return bytes + kRounding;
}

GemmPlan plan_gemm(const Gemm& gemm, const Call& call, std::int64_t bytes) {
  GemmPlan best;
  double best_rate = std::numeric_limits<double>::infinity();
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const GemmPlan& plan : all_plans(gemm)) {
    const std::int64_t needed = footprint(gemm, plan);
    smallest = std::min(smallest, needed);
    const double rated = rate(gemm, plan);
    if (needed <= bytes && rated < best_rate) {
      best = plan;
      best_rate = rated;
    }
  }
  if (best.resident == 0) {
    const auto shape = [](std::int64_t a, std::int64_t b) { return text(Shape{a, b}); };
    call.fail("the smallest blocks of a " + shape(gemm.m, gemm.k) + " x " + shape(gemm.k, gemm.n) +
              " product need " + std::to_string(smallest) +
              " bytes per partition of SBUF: " + std::to_string(smallest - bytes) + " are missing");
  }
  return best;
}

}  // namespace nsim::ml
