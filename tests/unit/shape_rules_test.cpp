// SPDX-License-Identifier: Apache-2.0
// The rules of lane_rules.cpp, seen by who writes program text.
#include "sim/isa/shape_rules.h"

#include <catch2/catch.hpp>

#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

std::string program_text(const std::string& target, const std::string& body) {
  return "program p\ntarget " + target + R"(
sbuf f float32 [128, 64]
sbuf g float32 [128, 64]
sbuf h bfloat16 [128, 256]
sbuf u8 uint8 [128, 64]
sbuf u16 uint16 [128, 64]
sbuf u32 uint32 [128, 64]
sbuf i32 int32 [128, 64]
sbuf q float8_e4m3fn_x4 [128, 64]
sbuf scale uint8 [128, 64]
psum p float32 [128, 64]
psum pu uint16 [128, 64]
)" + body +
         "\n";
}

std::string outcome(const std::string& target, const std::string& body) {
  Limits limits = test::trn1_limits();
  limits.target = target;
  try {
    expand(parse_text(program_text(target, body), "p.nasm"), limits);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

struct Case {
  const char* expected;
  std::string body;
};

void check_all(const std::vector<Case>& cases, const std::string& target = "trn3") {
  for (const Case& each : cases) {
    INFO(each.body);
    CHECK_THAT(outcome(target, each.body), Catch::Contains(each.expected));
  }
}

std::string shuffle(const std::string& operands, const std::string& first, int entries = 32) {
  std::string body = "vector.nc_stream_shuffle " + operands + " shuffle_mask [" + first;
  for (int i = 1; i < entries; ++i) {
    body += ", 0";
  }
  return body + "]";
}

}  // namespace

TEST_CASE("instructions that came later are refused on earlier generations, with both named") {
  const std::string range =
      "vector.range_select f, g comp_op0 less comp_op1 greater bound0 3 bound1 f[:, 0]";
  CHECK_THAT(outcome("trn1", range), Catch::Contains("NeuronCore-v3") && Catch::Contains("trn1") &&
                                         Catch::Contains("NeuronCore-v2"));
  CHECK(outcome("trn2", range) == "accepted");
  const std::string later[] = {
      "vector.exponential f, g",
      "vector.quantize_mx q, h, scale[0 +: 100, :]",
      "scalar.activate2 f, g function exp op0 multiply imm0 2",
  };
  for (const std::string& body : later) {
    CHECK_THAT(outcome("trn2", body), Catch::Contains("NeuronCore-v4"));
    CHECK(outcome("trn3", body) == "accepted");
  }
  for (const char* body : {"vector.select_reduce f, u8, g on_false 0",
                           "gpsimd.nonzero_with_count i32[:, 0 +: 9], f[:, 0 +: 8]"}) {
    CHECK_THAT(outcome("trn1", body), Catch::Contains("NeuronCore-v3"));
    CHECK(outcome("trn2", body) == "accepted");
  }
}

TEST_CASE("instructions of the first generation are accepted there") {
  for (const char* body : {
           "vector.tensor_copy_predicated f, g, u32 reverse_pred",
           "vector.tensor_scalar_reduce f, g op0 add operand0 1 reduce_op add reduce_res f[:, 0]",
           "vector.tensor_scalar_cumulative f, g op0 multiply op1 add imm0 1",
           "vector.max8 f[:, 0 +: 8], g",
           "vector.nc_find_index8 u32[:, 0 +: 8], g, f[:, 0 +: 8]",
           "vector.nc_match_replace8 f, g, f[:, 0 +: 8] imm 0 dst_idx u16[:, 0 +: 8]",
           "vector.dropout f, g prob 0.1",
           "vector.tensor_copy_dynamic_src f[:, 0], g[:, 0] index i32[0 +: 1, 0]",
           "gpsimd.tensor_copy_dynamic_dst f[:, 0 +: 4], g[:, 0 +: 4] index u32[0 +: 1, 0] step 4",
           "gpsimd.tensor_partition_reduce f[0 +: 1, :], g op add",
           "gpsimd.local_gather f[:, 0 +: 32], g, u16[:, 0] num_elem_per_idx 2",
           "gpsimd.nc_n_gather f, g, u32",
           "gpsimd.topk h[:, 0 +: 4], u32[:, 0 +: 4], h n 100",
           "gpsimd.sequence_bounds f[0 +: 1, 0 +: 16], g[0 +: 1, 0 +: 8]",
           "vector.rng u32",
           "gpsimd.rand2 f min 0 max g[:, 0]",
           "vector.rand_set_state u32[:, 0 +: 24]",
           "vector.rand_get_state u32[:, 0 +: 24]",
           "vector.set_rng_seed i32[:, 0]",
           "scalar.activation f, g function exp reduce_cmd reset_reduce reduce_res f[:, 0]",
       }) {
    INFO(body);
    CHECK(outcome("trn1", body) == "accepted");
  }
  CHECK(outcome("trn1", shuffle("f, g[0 +: 1, :]", "0")) == "accepted");
}

TEST_CASE("predicates are integers, and not both streams come from PSUM") {
  check_all({
      {"predicate is float32, must be an integer", "vector.tensor_copy_predicated f, g, g"},
      {"src is bfloat16, must be float32", "vector.tensor_copy_predicated f, h[:, 0 +: 64], u8"},
      {"both sources are in PSUM", "vector.tensor_copy_predicated f, p, pu"},
      {"accepted", "vector.tensor_copy_predicated f, p, u8"},
      {"predicate is uint32, must be uint8", "vector.select_reduce f, u32, g on_false 0"},
      {"on_false is [128, 64], must be [128, 1]", "vector.select_reduce f, u8, g on_false f"},
  });
}

TEST_CASE("accumulators reduce with what has an identity, into one element per partition") {
  check_all({
      {"cannot reduce by divide",
       "vector.tensor_scalar_reduce f, g op0 add operand0 1 reduce_op divide"},
      {"takes arithmetic operators only, not left_shift",
       "vector.tensor_scalar_reduce i32, i32 op0 left_shift operand0 1 reduce_op add"},
      {"reduce_res is [128, 2], must be [128, 1]",
       "vector.tensor_scalar_reduce f, g op0 add operand0 1 reduce_op add reduce_res f[:, 0 +: 2]"},
      {"no value that load_reduce could start from",
       "scalar.activation f, g function exp reduce_cmd load_reduce"},
      {"reduce_init is [128, 64], must be [128, 1]",
       "vector.exponential f, g reduce_cmd load_reduce reduce_init g"},
      {"cannot cumulate by abs_max",
       "vector.tensor_scalar_cumulative f, g op0 add op1 abs_max imm0 1"},
      {"cannot idle",
       "vector.tensor_scalar_cumulative f, g op0 add op1 add imm0 1 reduce_cmd idle"},
      {"does not take int32", "vector.tensor_scalar_cumulative f, i32 op0 add op1 add imm0 1"},
      {"add does not compare",
       "vector.range_select f, g comp_op0 less comp_op1 add bound0 3 bound1 4"},
      {"not multiply then multiply",
       "scalar.activate2 f, g function exp op0 multiply imm0 2 op1 multiply imm1 3"},
  });
}

TEST_CASE("the eight largest: eight results of 8 to 16384 elements, indices in unsigned integers") {
  check_all({
      {"looks at 7 elements per partition, 8 to 16384 are possible",
       "vector.max8 f[:, 0 +: 8], g[:, 0 +: 7]"},
      {"dst is [128, 64], must be [128, 8]", "vector.max8 f, g"},
      {"dst is int32, must be uint32 or uint16",
       "vector.nc_find_index8 i32[:, 0 +: 8], g, f[:, 0 +: 8]"},
      {"vals is [128, 4], must be [128, 8]",
       "vector.nc_find_index8 u32[:, 0 +: 8], g, f[:, 0 +: 4]"},
      {"data is [128, 64], must be [128, 32]",
       "vector.nc_match_replace8 f[:, 0 +: 32], g, f[:, 0 +: 8] imm 0"},
      {"dst_idx is [128, 9], must be [128, 8]",
       "vector.nc_match_replace8 f, g, f[:, 0 +: 8] imm 0 dst_idx u16[:, 0 +: 9]"},
  });
}

TEST_CASE("a shuffle mask has an entry per partition of a quadrant, of what src has") {
  check_all({
      {"shuffle_mask has 31 entries", shuffle("f, g", "0", 31)},
      {"shuffle_mask has the entry 32, 0 to 31 or 255", shuffle("f, g", "32")},
      {"accepted", shuffle("f, g", "255")},
      {"shuffle_mask takes partition 1, src has 1", shuffle("f, g[0 +: 1, :]", "1")},
      {"src has 64 partitions and dst 128", shuffle("f, g[0 +: 64, :]", "0")},
      {"elements per partition must be equal", shuffle("f, g[:, 0 +: 8]", "0")},
  });
}

TEST_CASE("an MX matmul takes packed operands with the scales of their groups") {
  const std::string scales = " stationary_scale scale[0 +: 100, :] moving_scale scale[4 +: 100, :]";
  CHECK_THAT(outcome("trn2", "tensor.nc_matmul_mx p[0 +: 64, :], q, q" + scales),
             Catch::Contains("NeuronCore-v4"));
  check_all({
      {"accepted", "tensor.nc_matmul_mx p[0 +: 64, :], q, q" + scales},
      {"accepted", "tensor.nc_matmul_mx p[0 +: 64, :], q, q" + scales + " tile_size [128, 64]"},
      {"both must be packed types", "tensor.nc_matmul_mx p[0 +: 64, :], q, h[:, 0 +: 64]" + scales},
      {"dst is [128, 64], must be [64, 64]", "tensor.nc_matmul_mx p, q, q" + scales},
      {"equal and a multiple of 32",
       "tensor.nc_matmul_mx p[0 +: 64, :], q[0 +: 64, :], q" + scales},
      {"moving_scale is [128, 64], must be [100, 64]",
       "tensor.nc_matmul_mx p[0 +: 64, :], q, q stationary_scale scale[0 +: 100, :] moving_scale "
       "scale"},
      {"stationary_scale is uint8 in SBUF",
       "tensor.nc_matmul_mx p[0 +: 64, :], q, q stationary_scale 1 moving_scale scale[0 +: 100, "
       ":]"},
  });
}

TEST_CASE("quantising takes whole quadrants of 16-bit floats, four elements for one") {
  check_all({
      {"src is float32, must be bfloat16 or float16",
       "vector.quantize_mx q[:, 0 +: 16], f, scale[0 +: 100, 0 +: 16]"},
      {"dst is float32, must be float8_e5m2_x4 or float8_e4m3fn_x4",
       "vector.quantize_mx f, h, scale[0 +: 100, :]"},
      {"dst_scale is float32, must be uint8", "vector.quantize_mx q, h, f[0 +: 100, :]"},
      {"must be a multiple of 32",
       "vector.quantize_mx q[0 +: 16, :], h[0 +: 16, :], scale[0 +: 4, :]"},
      {"src is [128, 128], must be [128, 256]",
       "vector.quantize_mx q, h[:, 0 +: 128], scale[0 +: 100, :]"},
      {"dst_scale is [128, 64], must be [100, 64]", "vector.quantize_mx q, h, scale"},
      {"accepted", "vector.quantize_mx q, h, scale[12 +: 100, :]"},
      {"accepted", "vector.quantize_mx q[32 +: 32, :], h[32 +: 32, :], scale[36 +: 4, :]"},
      {"cannot start at 16", "vector.quantize_mx q, h, scale[16 +: 100, :]"},
      {"cannot start at 6", "vector.quantize_mx q[32 +: 32, :], h[32 +: 32, :], scale[6 +: 4, :]"},
  });
}

TEST_CASE("packed elements are moved and zeroed, nothing else") {
  check_all({
      {"accepted", "vector.tensor_copy q, q"},
      {"accepted", "gpsimd.memset q value 0"},
      {"can only be set to 0", "vector.memset q value 1"},
      {"src is float8_e4m3fn_x4, must be float32", "vector.tensor_copy f, q"},
      {"does not compute with packed elements", "vector.tensor_tensor f, q, g op add"},
  });
}

TEST_CASE("a dynamic copy has one index in SBUF and stays within its buffer") {
  const std::string copy = "vector.tensor_copy_dynamic_src f[:, 0 +: 4], g[:, 0 +: 4] index ";
  check_all({
      {"index is one element in SBUF", copy + "3"},
      {"index is one element in SBUF", copy + "p[0 +: 1, 0]"},
      {"index is [128, 1], must be [1, 1]", copy + "i32[:, 0]"},
      {"index is float32, must be int32 or uint32", copy + "f[0 +: 1, 0]"},
      {"step 0 is not positive", copy + "i32[0 +: 1, 0] step 0"},
      {"src is [128, 4], must be [128, 8]",
       "vector.tensor_copy_dynamic_src f[:, 0 +: 8], g[:, 0 +: 4] index i32[0 +: 1, 0]"},
      {"src cannot be in PSUM",
       "vector.tensor_copy_dynamic_src f[:, 0], p[:, 0] index i32[0 +: 1, 0]"},
  });
}

TEST_CASE("gathers, searches and reductions of GpSimd have the shapes of their results") {
  check_all({
      {"dst is [128, 64], must be [1, 64]", "gpsimd.tensor_partition_reduce f, g op add"},
      {"cannot reduce by multiply", "gpsimd.tensor_partition_reduce f[0 +: 1, :], g op multiply"},
      {"bitwise_or needs integers", "gpsimd.tensor_partition_reduce f[0 +: 1, :], g op bitwise_or"},
      {"num_elem_per_idx 3 is not a power of two",
       "gpsimd.local_gather f, g, u16[:, 0] num_elem_per_idx 3"},
      {"index is uint32, must be uint16", "gpsimd.local_gather f, g, u32[:, 0]"},
      {"num_valid_indices 17 is not within the 16 indices",
       "gpsimd.local_gather f, g, u16[:, 0] num_valid_indices 17"},
      {"16 indices of 8 elements need 128",
       "gpsimd.local_gather f, g, u16[:, 0] num_elem_per_idx 8"},
      {"partitions must be equal", "gpsimd.local_gather f, g[0 +: 64, :], u16[:, 0]"},
      {"indices is uint16, must be uint32", "gpsimd.nc_n_gather f, g, u16"},
      {"indices is [128, 8], must be [128, 64]", "gpsimd.nc_n_gather f, g, u32[:, 0 +: 8]"},
      {"src is float32, must be bfloat16", "gpsimd.topk f, u32, g n 64"},
      {"n 5000 is not within the 4096", "gpsimd.topk h[:, 0 +: 4], u32[:, 0 +: 4], h n 5000"},
      {"more than n 3", "gpsimd.topk h[:, 0 +: 4], u32[:, 0 +: 4], h n 3"},
      {"a multiple of 16", "gpsimd.topk h[0 +: 8, 0 +: 4], u32[0 +: 8, 0 +: 4], h[0 +: 8, :] n 9"},
      {"dst is [1, 8], must be [1, 16]",
       "gpsimd.sequence_bounds f[0 +: 1, 0 +: 8], g[0 +: 1, 0 +: 8]"},
      {"dst is [128, 8], must be [128, 9]",
       "gpsimd.nonzero_with_count i32[:, 0 +: 8], f[:, 0 +: 8]"},
      {"dst is float32, must be int32", "gpsimd.nonzero_with_count g[:, 0 +: 9], f[:, 0 +: 8]"},
      {"which GpSimd cannot access", "gpsimd.rand2 p min 0 max 1"},
  });
}

TEST_CASE("operators that one instruction or generation alone has") {
  CHECK(outcome("trn3", "vector.tensor_tensor f, f, g op abs_min") == "accepted");
  CHECK_THAT(outcome("trn2", "vector.tensor_tensor f, f, g op abs_min"),
             Catch::Contains("abs_min came with NeuronCore-v4"));
  check_all({
      {"only tensor_partition_reduce can", "vector.tensor_tensor f, f, g op average"},
      {"accepted", "gpsimd.tensor_partition_reduce f[0 +: 1, :], g op average"},
      {"accepted", "vector.tensor_reduce u16[:, 0], u16 op bitwise_xor"},
      {"bitwise_or needs integers", "vector.tensor_reduce f[:, 0], g op bitwise_or"},
      {"negates arithmetic results only",
       "vector.tensor_reduce u16[:, 0], u16 op bitwise_or negate"},
      {"accepted", "vector.tensor_tensor f, f, g op logical_xor"},
  });
}

TEST_CASE("random bits are integers, states have 24 words, seeds are one per partition") {
  check_all({
      {"dst is float32, must be an integer", "vector.rng f"},
      {"max is [128, 64], must be [128, 1]", "vector.rand2 f min 0 max g"},
      {"the state is [128, 64], must be [128, 24]", "vector.rand_get_state u32"},
      {"the state is float32, must be uint32", "vector.rand_set_state f[:, 0 +: 24]"},
      {"src is float32, must be uint32 or int32", "vector.set_rng_seed f[:, 0]"},
      {"prob is [128, 64], must be [128, 1]", "vector.dropout f, g prob g"},
  });
}
