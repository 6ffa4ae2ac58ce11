// SPDX-License-Identifier: Apache-2.0
// What the rules of check_shapes() share, and those that stand in files of their own. Internal to
// sim/isa.
#pragma once

#include <initializer_list>
#include <string>

#include "sim/isa/check.h"

namespace nsim::isa::rules {

struct Shapes {
  const Program& program;
  const Limits& limits;
  const Instruction& source;
  const StreamInstruction& in;

  [[noreturn]] void fail(const std::string& rule) const { refuse(program, source, rule); }
};

std::string shape(const Operand& operand);
void expect_shape(const Shapes& s, const Operand& operand, const char* what,
                  std::int64_t partitions, std::int64_t elements);
bool is_one_of(num::AluOp op, std::initializer_list<num::AluOp> set);
bool is_unary(num::AluOp op);
/// Bitwise operators keep bits: all elements are integers.
void check_bitwise(const Shapes& s, num::AluOp op);
void check_comparison(const Shapes& s, num::AluOp op);
/// Partitions and elements of dst and all sources are equal, scalars have one per partition.
void elementwise(const Shapes& s);
void not_both_in_psum(const Shapes& s);
/// What an instruction does with its accumulator.
void check_reduction(const Shapes& s);

void matmul(const Shapes& s);
void matmul_mx(const Shapes& s);
void copy_predicated(const Shapes& s);
void tensor_scalar_reduce(const Shapes& s);
void cumulative(const Shapes& s);
void max8(const Shapes& s);
void find_index8(const Shapes& s);
void match_replace8(const Shapes& s);
void stream_shuffle(const Shapes& s);
void range_select(const Shapes& s);
void select_reduce(const Shapes& s);
void elementwise_reduce(const Shapes& s);
void activate2(const Shapes& s);
void quantize_mx(const Shapes& s);
void dynamic_copy(const Shapes& s);
void partition_reduce(const Shapes& s);
void local_gather(const Shapes& s);
void n_gather(const Shapes& s);
void topk(const Shapes& s);
void sequence_bounds(const Shapes& s);
void nonzero_with_count(const Shapes& s);
void random_bits(const Shapes& s);
void random_state(const Shapes& s);
void random_seed(const Shapes& s);
void registers(const Shapes& s);
/// Operators that one instruction or generation alone has.
void check_operators(const Shapes& s);
/// Packed elements are moved, never computed with or converted.
void check_packed(const Shapes& s);

}  // namespace nsim::isa::rules
