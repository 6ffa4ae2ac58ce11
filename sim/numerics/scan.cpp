// SPDX-License-Identifier: Apache-2.0
// Instructions whose elements depend on the ones before them in the row.
#include "sim/numerics/alu.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

/// One operator on two values, in fp32.
class Step {
 public:
  Step(AluOp op, bool reverse) : apply_(alu_loops<float>(op).one), reverse_(reverse) {}
  float operator()(float a, float b) const { return reverse_ ? apply_(b, a) : apply_(a, b); }

 private:
  float (*apply_)(float a, float b);
  bool reverse_;
};

}  // namespace

void tensor_tensor_scan(const View& dst, const View& data0, const View& data1,
                        const Scalar& initial, AluOp op0, bool reverse0, AluOp op1, bool reverse1) {
  const Rows to(dst);
  const Rows from0(data0);
  const Rows from1(data1);
  const Step first(op0, reverse0);
  const Step second(op1, reverse1);
  float* row0 = scratch<float>(0, to.elements());
  float* row1 = scratch<float>(1, to.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    from0.read(p, row0);
    from1.read(p, row1);
    float result = scalar_value<float>(initial, p);
    for (std::size_t i = 0; i < to.elements(); ++i) {
      result = second(first(row0[i], result), row1[i]);
      row0[i] = result;
    }
    to.write(p, row0);
  }
}

}  // namespace nsim::num
