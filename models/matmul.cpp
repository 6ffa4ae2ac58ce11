// SPDX-License-Identifier: Apache-2.0
// matmul and mlp: which products they are made of and how the cores share them.
#include "models/gemm.h"

namespace nsim::ml {
namespace {

/// A matrix of the model, stored [K, X] or [X, K].
GemmSide side(Lowering& to, const ModelTensor& tensor, bool k_rows) {
  return {to.tensor(tensor), 0, tensor.shape[1], k_rows, {}};
}

void move_origin(GemmSide& side, const isa::Expr& start) {
  side.origin = side.origin + start * (side.k_rows ? 1 : side.pitch);
}

/// Gives each core some rows of the result, or some columns when there are too few rows.
void share_rows(Lowering& to, Gemm& gemm) {
  const Share part = to.share(gemm.m);
  gemm.m = part.size;
  move_origin(gemm.lhs, part.start);
  gemm.out_origin = gemm.out_origin + part.start * gemm.out_pitch;
  if (gemm.bias_per_row) {
    gemm.bias_origin = part.start;
  }
}

void share_columns(Lowering& to, Gemm& gemm) {
  const Share part = to.share(gemm.n);
  gemm.n = part.size;
  move_origin(gemm.rhs, part.start);
  gemm.out_origin = gemm.out_origin + part.start;
  if (!gemm.bias_per_row) {
    gemm.bias_origin = part.start;
  }
}

void share(Lowering& to, Gemm& gemm) {
  if (gemm.m >= to.limits().cores_per_logical * kPartitions || gemm.m >= gemm.n) {
    share_rows(to, gemm);
  } else {
    share_columns(to, gemm);
  }
}

void set_bias(Lowering& to, Gemm& gemm, const ModelTensor& bias, bool per_row) {
  gemm.bias = to.tensor(bias);
  gemm.bias_dtype = bias.dtype;
  gemm.bias_per_row = per_row;
}

/// x[tokens, width] to f(x w1 + b1) or f(x gate) * (x up): rows of tokens, or (`transposed`) rows
/// of hidden features, which the second product then loads without any transposition.
Gemm first_layer(Lowering& to, const Call& call, isa::TensorRef hidden, bool transposed) {
  const bool gated = call.text("activation", "gelu") == "swiglu";
  const ModelTensor& w1 = call.input(gated ? 2 : 1);
  Gemm gemm;
  gemm.name = "up";
  gemm.dtype = gemm.out_dtype = call.input(0).dtype;
  gemm.k = call.shape(0)[1];
  gemm.m = transposed ? w1.shape[1] : call.shape(0)[0];
  gemm.n = transposed ? call.shape(0)[0] : w1.shape[1];
  gemm.lhs = transposed ? side(to, w1, true) : side(to, call.input(0), false);
  gemm.rhs = transposed ? side(to, call.input(0), false) : side(to, w1, true);
  gemm.out = hidden;
  gemm.out_pitch = gemm.n;
  gemm.function = activation_function(gated ? "silu" : call.text("activation", "gelu"));
  if (gated) {
    gemm.gate = to.tensor(call.input(1));
    gemm.gate_is_lhs = transposed;
  } else {
    set_bias(to, gemm, call.input(2), transposed);
  }
  return gemm;
}

Gemm second_layer(Lowering& to, const Call& call, isa::TensorRef hidden, bool transposed) {
  const ModelTensor& w2 = call.input(3);
  Gemm gemm;
  gemm.name = "down";
  gemm.dtype = call.input(0).dtype;
  gemm.m = call.shape(0)[0];
  gemm.k = w2.shape[0];
  gemm.n = w2.shape[1];
  gemm.lhs = {hidden, 0, transposed ? gemm.m : gemm.k, transposed, {}};
  gemm.rhs = side(to, w2, true);
  gemm.out = to.tensor(to.result(call));
  gemm.out_pitch = gemm.n;
  gemm.out_dtype = to.result(call).dtype;
  if (call.has_input(4)) {
    set_bias(to, gemm, call.input(4), false);
  }
  return gemm;
}

}  // namespace

void lower_matmul(Lowering& to, const Call& call) {
  const ModelTensor& out = to.result(call);
  Gemm gemm;
  gemm.name = call.op->name;
  gemm.m = out.shape[0];
  gemm.n = out.shape[1];
  gemm.k = call.shape(0)[call.flag("transpose_a") ? 0 : 1];
  gemm.dtype = call.input(0).dtype;
  gemm.lhs = side(to, call.input(0), call.flag("transpose_a"));
  gemm.rhs = side(to, call.input(1), !call.flag("transpose_b"));
  gemm.out = to.tensor(out);
  gemm.out_pitch = gemm.n;
  gemm.out_dtype = out.dtype;
  gemm.function = activation_function(call.text("activation", "none"));
  if (call.has_input(2)) {
    set_bias(to, gemm, call.input(2), false);
  }
  share(to, gemm);
  emit_gemm(to, call, gemm, to.sbuf_left());
}

void lower_mlp(Lowering& to, const Call& call) {
  const std::int64_t tokens = call.shape(0)[0];
  const std::int64_t features = call.shape(3)[0];
  const num::Dtype dtype = call.input(0).dtype;
  // With few tokens the rows of a transposed result would be too short for the DMA engines.
  const bool transposed = tokens >= to.limits().cores_per_logical * kPartitions;
  // Transposed, the columns are tokens: each core goes on with its own, and can keep them on chip.
  const std::int64_t kept = ceil_div(features, kPartitions) * to.share(tokens).size;
  const bool keeps = transposed && kept * bytes_of(dtype) <= to.sbuf_left() / 2;

  std::optional<isa::BufferRef> on_chip;
  isa::TensorRef hidden;
  if (keeps) {
    on_chip = to.sbuf("hidden", dtype, kept);
  } else {
    const Shape shape = transposed ? Shape{features, tokens} : Shape{tokens, features};
    hidden = to.internal("hidden", dtype, shape, transposed);
  }
  Gemm up = first_layer(to, call, hidden, transposed);
  up.out_on_chip = on_chip;
  share_columns(to, up);
  // Of what is left the second product gets as much as the first.
  emit_gemm(to, call, up, keeps ? to.sbuf_left() / 2 : to.sbuf_left());
  if (keeps) {
    to.free_psum();
  } else {
    to.free_buffers();
  }
  if (!transposed) {
    to.barrier();
  }
  Gemm down = second_layer(to, call, hidden, transposed);
  if (transposed) {
    share_rows(to, down);
  } else {
    share_columns(to, down);
  }
  down.lhs.on_chip = on_chip;
  emit_gemm(to, call, down, to.sbuf_left());
}

}  // namespace nsim::ml
