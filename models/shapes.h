// SPDX-License-Identifier: Apache-2.0
// The shape of each operator's result. All refuse, through Call::fail(), inputs whose types or
// shapes do not fit together.
#pragma once

#include "models/operators.h"

namespace nsim::ml::shapes {

Shape unary(const Call& call);
Shape binary(const Call& call);
Shape matmul(const Call& call);
Shape norm(const Call& call);
Shape transpose(const Call& call);
Shape reduce(const Call& call);
Shape attention(const Call& call);
Shape mlp(const Call& call);
Shape embedding(const Call& call);
Shape conv2d(const Call& call);
Shape rope(const Call& call);
Shape slice(const Call& call);

}  // namespace nsim::ml::shapes
