// SPDX-License-Identifier: Apache-2.0
// Values per generation. v2 is the default here; the device files of trn2 set those of v3, those of
// trn3 what v4 has instead: Vector at 1.2 GHz, fp8 in the wide modes (both wide_fp8), Scalar copies
// of narrow types at twice the rate (trainium3_arch). Sources: documented = stated by a public
// page; derived = follows from published measurements; assumed = nothing published, plausible. "a;
// b" = a for v2, b for v3; a final "v2" = v3 takes the value of v2 over. Pages:
//   [1] NKI architecture guides trainium_inferentia2_arch (v2), trainium2_arch (v3)
//   [2] NKI 2.26 nki.isa, "estimated cost" of each instruction, written for v2
//   [3] NKI performance guide and kernel-optimization page: profiler screenshots
//   [4] NKI fused mamba tutorial: intervals and durations of Vector instructions
//   [5] rmsnorm-quant design page: durations on trn2
//   [6] neuron-agentic-development: profiles of 4096^3 and 2048^3 matmuls on trn2
//   [7] Neuron Explorer overview page and glossary: clock throttling of trn2 and trn3
//
// clang-format off
// parameter                              v2      v3      source
// min_interval                           64      64      documented [2] MIN_II; v2
// dynamic_copy_interval                  600     600     documented [2]; v2
// control                                9ns     9ns     documented [3] EVENT_SEMAPHORE; v2
// dma_trigger                            30ns    30ns    assumed: as a dependent issue [3]
// register_update                        9ns     9ns     assumed: as control
// register_access                        52ns    59ns    assumed: control and an access set-up
// branch                                 9ns     9ns     assumed: as control
// strided_bytes                          16B     16B     documented [1]; v2
// strided_factor                         2       2       documented [1]; v2
// sync.clock                             1.4GHz  1.2GHz  assumed: as Scalar
// tensor.clock                           2.8GHz  2.4GHz  documented [1]
// tensor.latency                         398     384     derived: 188 ns, N=128 [3]; 160 ns [6]
// tensor.load_latency                    187     160     derived: 67 ns, 1 column [3]; same time
// tensor.load_speedup                    4       4       documented [1]
// tensor.rows_per_cycle                  1       1       documented [1]: 128 x 128
// tensor.fp32_cycles_per_row             4       4       documented [1] [2]; 2 x 428 ns, N=512 [3]
// tensor.fp32_transpose_cycles_per_row   4       2       documented [1]: transpose mode
// tensor.fp32_onezero_cycles_per_row     2       2       documented [2]: about half of fp32
// tensor.transpose_mode                  false   true    documented [1]
// tensor.double_row, sparse              false   true    documented [1]
// tensor.small_tiles                     false   true    documented [2]: not on v2
// tensor.bf16_result                     false   false   documented [1]: from v4 on
// tensor.result_bytes                    2KiB    2KiB    documented nki.isa: 512 columns
// tensor.fp8_rows_per_cycle              1       1       documented [1]: only double row gains
// tensor.throttle                        false   true    assumed: nothing is said; documented [7]
// tensor.throttle_rate                   -       0.5     documented [7]
// tensor.throttle_ramp                   -       3us     documented [7]
// tensor.throttle_window                 -       3us     documented [7]
// tensor.throttle_utilisation            -       0.5     documented [7]
// vector.clock                           1.12GHz 0.96GHz documented [1]
// vector.access_setup                    60      60      documented [1]: about 60; v2
// vector.latency                         116     90      derived: 157 ns [4]; 157 ns [3], 130 [5],
//                                                        less the set-up
// vector.copy_rate                       1       1       documented [2]
// vector.copy_rate_fp32                  1       0.5     documented [2]; derived: N=512 [3]
// vector.copy_rate_16bit                 1       0.25    documented [2]; [1] 4x mode
// vector.copy_rate_16bit_strided         1       0.5     documented [2]; [1] 2x mode
// vector.copy_rate_16bit_psum            1       0.5     documented [2]; [1] 2x mode
// vector.two_operand_rate                2       1       documented [2]; derived: 256 wide [1]
// vector.two_operand_rate_psum           1       1       documented [2]; v2
// vector.two_operand_rate_16bit          1       0.5     documented [2]; [1] 2x mode
// vector.two_operand_16bit_bf16_only     true    false   documented [2]; [1]
// vector.wide_fp8                        false   false   documented [1]: came with v4
// vector.scalar_tensor_tensor_rate_bf16  1       1       documented [2]; v2
// vector.scan_rate                       2       2       documented [2]; v2
// vector.reduce_rate                     1       1       documented [2]
// vector.reduce_rate_bf16                0.5     1       documented [2]; derived: N=16384 [5]
// vector.memset_rate                     1       1       documented [2]
// vector.memset_rate_zero_16bit          0.5     0.5     documented [2]; v2
// vector.reciprocal_rate                 8       8       documented [2]; v2
// vector.bn_stats_rate                   1       1       documented [2]; v2
// vector.bn_aggr_rate                    13/3    13/3    documented [2]; v2
// vector.transpose_rate                  1       1       documented [2]; v2
// vector.predicated_rate                 2       2       documented [2]; v2
// vector.predicated_rate_psum            1       1       documented [2]; v2
// vector.tensor_scalar_reduce_rate       1       1       documented [2]; v2
// vector.cumulative_rate                 1       1       assumed: one streamed operand
// vector.search_rate                     1       1       documented [2]; v2
// vector.shuffle_rate                    1       1       documented [2]; v2
// vector.range_select_rate               1       1       documented [2]
// vector.select_reduce_rate              2       2       assumed: as a predicated copy
// vector.dropout_rate                    1       1       documented [2]; v2
// vector.exponential_rate                0.25    0.25    documented trainium3_arch: 4 x Scalar; v4
// vector.quantize_mx_rate                0.25    0.25    documented trainium3_arch; v4
// vector.random_rate                     1       1       assumed: a word per lane and cycle
// vector.accumulator_read                64      64      documented [2]; v2
// scalar.clock                           1.4GHz  1.2GHz  documented [1]
// scalar.access_setup                    60      60      documented [1]: about 60; v2
// scalar.latency                         162     295     derived: 159 ns, N=1 [3]; N + 296 ns [5],
//                                                        less the set-up
// scalar.rate                            1       1       documented [2]
// scalar.copy_rate_16bit                 1       1       documented [1]: came with v4
// scalar.wide_fp8                        false   false   documented [1]: came with v4
// scalar.accumulator_read                64      64      documented [1] [2]; v2
// scalar.table_load                      1.28us  1.28us  assumed: v3; derived [3]: ACT_TABLE_LOAD on trn2
// gpsimd.clock                           1.4GHz  1.2GHz  documented [1]
// gpsimd.access_setup                    60      60      documented [1]: about 60; v2
// gpsimd.latency                         160     128     assumed: 157 ns as Vector, less the set-up
// gpsimd.rate                            1       1       documented [2]
// gpsimd.two_operand_rate                2       2       assumed: 512 bits/cycle for 16 lanes [1]
// gpsimd.rsqrt_rate                      4       4       documented nki.api.shared: 4 x Scalar
// gpsimd.startup                         150     150     documented [2]; v2
// gpsimd.partition_reduce_rate           4       4       assumed: within a core, then log2(8) steps
// gpsimd.gather_index                    28      28      documented [2]: local_gather; v2
// gpsimd.n_gather_group                  512     512     documented NKI 2.32 nki.isa
// gpsimd.n_gather_rate                   8       8       assumed: local_gather, one element an index
// gpsimd.topk_rate                       4       4       documented NKI 2.32 nki.isa: 4n + K
// gpsimd.topk_result_rate                1       1       documented NKI 2.32 nki.isa: 4n + K
// gpsimd.sequence_bounds_rate            2       2       assumed: once forwards, once backwards
// gpsimd.nonzero_rate                    2       2       assumed: compare, then store
// gpsimd.random_rate                     1       1       assumed: a word per lane and cycle
// gpsimd.swdge_instruction               350     300     assumed: 250 ns
// gpsimd.swdge_descriptor                4       4       assumed: 8 cores, 32 cycles each
// clang-format on
#include "sim/cost/engine_params.h"

namespace nsim::cost {
namespace {

constexpr const char* kClockMin = "1MHz";
constexpr const char* kClockMax = "100GHz";
constexpr std::int64_t kCyclesMax = 1'000'000;

std::int64_t clock_param(const ParamScope& scope, const char* fallback) {
  return scope.frequency("clock", fallback, kClockMin, kClockMax, "Clock of the engine");
}

std::int64_t latency_param(const ParamScope& scope, std::int64_t fallback) {
  return scope.cycles(
      "latency", fallback, 0, kCyclesMax,
      "Fixed part of an instruction's duration, from its last element until the result is visible; "
      "overlaps with the next instruction");
}

std::int64_t access_setup_param(const ParamScope& scope) {
  return scope.cycles("access_setup", 60, 0, kCyclesMax,
                      "From the issue of an instruction until its first element reaches the "
                      "datapath; overlaps with "
                      "the instruction before");
}

double rate_param(const ParamScope& scope, const char* name, double fallback,
                  const char* description) {
  return scope.ratio(name, fallback, 0.001, 1000, description);
}

}  // namespace

ThrottleParams::ThrottleParams(const ParamScope& scope)
    : on(scope.flag("throttle", false,
                    "Tensor runs at a reduced rate until it has been in use for a while")),
      rate(scope.ratio("throttle_rate", 0.5, 0.01, 1,
                       "What is left of the rate of a throttled Tensor engine")),
      ramp(scope.duration("throttle_ramp", "3us", "1ns", "1s",
                          "Time in use after which Tensor gets its full rate")),
      window(scope.duration("throttle_window", "3us", "1ns", "1s",
                            "Time over which Tensor must be in use to keep its full rate")),
      utilisation(scope.ratio("throttle_utilisation", 0.5, 0, 1,
                              "Part of ramp or window with an instruction under way that counts as "
                              "in use")) {}

TensorParams::TensorParams(const ParamScope& scope)
    : clock(clock_param(scope, "2.8GHz")),
      latency(latency_param(scope, 398)),
      load_latency(scope.cycles("load_latency", 187, 0, kCyclesMax,
                                "Fixed part of a LoadStationary's duration, on top of its columns; "
                                "overlaps with the rows that follow")),
      load_speedup(
          scope.count("load_speedup", 4, 1, 128,
                      "Stationary columns loaded per cycle and row, behind the pass before")),
      rows_per_cycle(scope.count("rows_per_cycle", 1, 1, 16,
                                 "Moving rows that enter the array per cycle: how many times 128 x "
                                 "128 processing elements it has")),
      fp32_cycles_per_row(
          scope.cycles("fp32_cycles_per_row", 4, 1, 64,
                       "Cycles per moving row of an fp32 matmul; other types take 1")),
      fp32_transpose_cycles_per_row(scope.cycles("fp32_transpose_cycles_per_row", 4, 1, 64,
                                                 "Cycles per row of an fp32 nc_transpose")),
      fp32_onezero_cycles_per_row(scope.cycles(
          "fp32_onezero_cycles_per_row", 2, 1, 64,
          "Cycles per moving row of an fp32 matmul with an operand of zeros and ones")),
      fp8_rows_per_cycle(scope.count("fp8_rows_per_cycle", 1, 1, 16,
                                     "How many times as many when both operands are fp8")),
      transpose_mode(
          scope.flag("transpose_mode", false,
                     "nc_transpose moves bits, fp8 padded to 16; else it multiplies by an "
                     "identity, which spreads what is not finite")),
      double_row(scope.flag("double_row", false, "nc_matmul has perf_mode double_row")),
      sparse(scope.flag("sparse", false, "nc_matmul has the sparse perf_modes")),
      small_tiles(scope.flag("small_tiles", false, "Tiles of the array may be 32 by 32")),
      bf16_result(scope.flag("bf16_result", false, "nc_matmul may write bfloat16 to PSUM")),
      result_bytes(scope.bytes("result_bytes", "2KiB", "4B", "64KiB",
                               "What one nc_matmul may write into a partition of PSUM")),
      throttle(scope) {}

VectorParams::VectorParams(const ParamScope& scope)
    : clock(clock_param(scope, "1120MHz")),
      access_setup(access_setup_param(scope)),
      latency(latency_param(scope, 116)),
      copy_rate(
          rate_param(scope, "copy_rate", 1, "Cycles per element of tensor_copy and tensor_scalar")),
      copy_rate_fp32(
          rate_param(scope, "copy_rate_fp32", 1, "The same from SBUF to SBUF in fp32, contiguous")),
      copy_rate_16bit(rate_param(scope, "copy_rate_16bit", 1,
                                 "The same from SBUF to SBUF in bf16 or fp16, contiguous")),
      copy_rate_16bit_strided(
          rate_param(scope, "copy_rate_16bit_strided", 1,
                     "The same from SBUF to SBUF in bf16 or fp16, not contiguous")),
      copy_rate_16bit_psum(rate_param(scope, "copy_rate_16bit_psum", 1,
                                      "The same in bf16 or fp16, contiguous, one side in PSUM")),
      two_operand_rate(rate_param(scope, "two_operand_rate", 2,
                                  "Cycles per element of tensor_tensor and scalar_tensor_tensor")),
      two_operand_rate_psum(
          rate_param(scope, "two_operand_rate_psum", 1,
                     "tensor_tensor with one operand in PSUM, the other in SBUF")),
      two_operand_rate_16bit(rate_param(scope, "two_operand_rate_16bit", 1,
                                        "tensor_tensor on SBUF with every operand bf16 or fp16")),
      two_operand_16bit_bf16_only(
          scope.flag("two_operand_16bit_bf16_only", true,
                     "two_operand_rate_16bit needs bf16, contiguous operands and "
                     "add, subtract or multiply")),
      wide_fp8(
          scope.flag("wide_fp8", false,
                     "What is said of bf16 and fp16 in copies and tensor_tensor holds for fp8")),
      scalar_tensor_tensor_rate_bf16(
          rate_param(scope, "scalar_tensor_tensor_rate_bf16", 1,
                     "scalar_tensor_tensor in bf16, subtract then multiply, even element count")),
      scan_rate(rate_param(scope, "scan_rate", 2, "Cycles per element of tensor_tensor_scan")),
      reduce_rate(
          rate_param(scope, "reduce_rate", 1, "Cycles per source element of tensor_reduce")),
      reduce_rate_bf16(rate_param(scope, "reduce_rate_bf16", 0.5,
                                  "tensor_reduce from bf16 to bf16 with add or maximum")),
      memset_rate(
          rate_param(scope, "memset_rate", 1, "Cycles per element of memset (GpSimd's too)")),
      memset_rate_zero_16bit(rate_param(scope, "memset_rate_zero_16bit", 0.5,
                                        "memset to zero in bf16 or fp16 (GpSimd's too)")),
      reciprocal_rate(rate_param(scope, "reciprocal_rate", 8, "Cycles per element of reciprocal")),
      bn_stats_rate(rate_param(scope, "bn_stats_rate", 1, "Cycles per source element of bn_stats")),
      bn_aggr_rate(
          rate_param(scope, "bn_aggr_rate", 4.333333333, "Cycles per source element of bn_aggr")),
      transpose_rate(
          rate_param(scope, "transpose_rate", 1, "Cycles per element of nc_transpose on Vector")),
      predicated_rate(rate_param(scope, "predicated_rate", 2,
                                 "tensor_copy_predicated with source and predicate in SBUF")),
      predicated_rate_psum(rate_param(scope, "predicated_rate_psum", 1,
                                      "tensor_copy_predicated with one of the two in PSUM")),
      tensor_scalar_reduce_rate(rate_param(scope, "tensor_scalar_reduce_rate", 1,
                                           "Cycles per element of tensor_scalar_reduce")),
      cumulative_rate(rate_param(scope, "cumulative_rate", 1,
                                 "Cycles per element of tensor_scalar_cumulative")),
      search_rate(rate_param(scope, "search_rate", 1,
                             "Cycles per element of max8, nc_find_index8 and nc_match_replace8")),
      shuffle_rate(rate_param(scope, "shuffle_rate", 1, "Cycles per element of nc_stream_shuffle")),
      range_select_rate(
          rate_param(scope, "range_select_rate", 1, "Cycles per element of range_select")),
      select_reduce_rate(
          rate_param(scope, "select_reduce_rate", 2, "Cycles per element of select_reduce")),
      dropout_rate(rate_param(scope, "dropout_rate", 1, "Cycles per element of dropout")),
      exponential_rate(
          rate_param(scope, "exponential_rate", 0.25, "Cycles per element of exponential")),
      quantize_mx_rate(
          rate_param(scope, "quantize_mx_rate", 0.25, "Cycles per source element of quantize_mx")),
      random_rate(rate_param(scope, "random_rate", 1, "Cycles per element of rng and rand2")),
      accumulator_read(scope.cycles("accumulator_read", 64, 0, kCyclesMax,
                                    "Reading the accumulator out into reduce_res")) {}

ScalarParams::ScalarParams(const ParamScope& scope)
    : clock(clock_param(scope, "1.4GHz")),
      access_setup(access_setup_param(scope)),
      latency(latency_param(scope, 162)),
      rate(rate_param(scope, "rate", 1, "Cycles per element; scale, bias and casts are free")),
      copy_rate_16bit(rate_param(scope, "copy_rate_16bit", 1,
                                 "tensor_copy and tensor_scalar from and to bf16 or fp16")),
      wide_fp8(scope.flag("wide_fp8", false, "copy_rate_16bit holds for fp8 too")),
      accumulator_read(scope.cycles("accumulator_read", 64, 0, kCyclesMax,
                                    "Reading the row sums out after activation_reduce")),
      table_load(scope.duration("table_load", "1280ns", "0ps", "1ms",
                                "Loading the table of the set of functions an activation needs")) {}

GpSimdParams::GpSimdParams(const ParamScope& scope)
    : clock(clock_param(scope, "1.4GHz")),
      access_setup(access_setup_param(scope)),
      latency(latency_param(scope, 160)),
      rate(rate_param(scope, "rate", 1, "Cycles per element with one streamed operand")),
      two_operand_rate(
          rate_param(scope, "two_operand_rate", 2, "Cycles per element of tensor_tensor")),
      rsqrt_rate(
          rate_param(scope, "rsqrt_rate", 4, "Cycles per element of tensor_scalar with rsqrt")),
      startup(scope.cycles("startup", 150, 0, kCyclesMax,
                           "Start of a routine: iota, affine_select, gathers, searches")),
      partition_reduce_rate(rate_param(scope, "partition_reduce_rate", 4,
                                       "Cycles per element of tensor_partition_reduce")),
      gather_index(scope.cycles("gather_index", 28, 0, kCyclesMax,
                                "local_gather: cycles per index on top of 4 per element")),
      n_gather_group(scope.count("n_gather_group", 512, 1, 65536,
                                 "nc_n_gather: elements per instruction group, each with a start")),
      n_gather_rate(rate_param(scope, "n_gather_rate", 8, "Cycles per element of nc_n_gather")),
      topk_rate(rate_param(scope, "topk_rate", 4, "topk: cycles per element of its list")),
      topk_result_rate(rate_param(scope, "topk_result_rate", 1, "topk: cycles per result")),
      sequence_bounds_rate(
          rate_param(scope, "sequence_bounds_rate", 2, "Cycles per element of sequence_bounds")),
      nonzero_rate(
          rate_param(scope, "nonzero_rate", 2, "Cycles per element of nonzero_with_count")),
      random_rate(rate_param(scope, "random_rate", 1, "Cycles per element of rng and rand2")),
      swdge_instruction(
          scope.cycles("swdge_instruction", 350, 0, kCyclesMax,
                       "Software descriptor generation: fixed part per DMA instruction")),
      swdge_descriptor(scope.cycles("swdge_descriptor", 4, 0, kCyclesMax,
                                    "Software descriptor generation: part per descriptor")) {}

EngineParams::EngineParams(const ParamScope& scope)
    : tensor(scope.table("tensor")),
      vector(scope.table("vector")),
      scalar(scope.table("scalar")),
      gpsimd(scope.table("gpsimd")),
      sync_clock(clock_param(scope.table("sync"), "1.4GHz")),
      min_interval(scope.cycles("min_interval", 64, 1, kCyclesMax,
                                "Shortest time an instruction takes the datapath of its engine")),
      dynamic_copy_interval(scope.cycles("dynamic_copy_interval", 600, 1, kCyclesMax,
                                         "Shortest interval of a tensor_copy_dynamic")),
      control(scope.duration("control", "9ns", "0ps", "10us",
                             "A control instruction on any engine: semaphore wait, barrier, nop")),
      dma_trigger(scope.duration("dma_trigger", "30ns", "0ps", "10us",
                                 "Time a DMA instruction takes the engine that triggers it")),
      register_update(scope.duration("register_update", "9ns", "0ps", "10us",
                                     "A register_move or register_alu on any engine")),
      register_access(scope.duration("register_access", "52ns", "0ps", "10us",
                                     "A register_load or register_store on any engine")),
      branch(scope.duration("branch", "9ns", "0ps", "10us",
                            "A branch on any engine; to instructions that the sequencer does not "
                            "hold it fetches them besides")),
      strided_bytes(scope.bytes("strided_bytes", "16B", "1B", "64KiB",
                                "Innermost stride from which an access on chip is slowed down")),
      strided_factor(scope.ratio("strided_factor", 2, 1, 1000,
                                 "How many times slower a slowed down access is")) {}

}  // namespace nsim::cost
