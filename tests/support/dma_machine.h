// SPDX-License-Identifier: Apache-2.0
// A program of transfers on one core of a trn2, executed on demand.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/programs.h"

namespace nsim::test {

class DmaMachine {
 public:
  explicit DmaMachine(const std::function<void(isa::Builder&)>& write,
                      std::initializer_list<const char*> settings = {})
      : bench(NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml", settings), loaded(bench, make(write)) {}

  template <class T>
  T* tensor(std::size_t index) {
    return reinterpret_cast<T*>(bench.hardware().pointer(loaded.bindings[index], 1));
  }
  hw::DeviceError run() {
    bench.submit(kUnit, loaded.request());
    bench.run();
    return bench.results(kUnit).back();
  }
  double engine(int index, const std::string& what) {
    return bench.stat("nd0.nc0.dma.engine" + std::to_string(index) + "." + what);
  }

  static inline const hw::UnitAddress kUnit = unit(hw::UnitType::Compute);

  InstanceBench bench;
  Loaded loaded;

 private:
  std::shared_ptr<const isa::Streams> make(const std::function<void(isa::Builder&)>& write) {
    isa::Builder b("test", "trn2", 1);
    write(b);
    return isa::expand(b.finish(), bench.hardware().limits());
  }
};

inline isa::TensorRef input(isa::Builder& b, num::Dtype dtype, std::vector<std::int64_t> shape) {
  return b.tensor("in", isa::TensorKind::Input, dtype, std::move(shape));
}
inline isa::TensorRef output(isa::Builder& b, num::Dtype dtype, std::vector<std::int64_t> shape) {
  return b.tensor("out", isa::TensorKind::Output, dtype, std::move(shape));
}

}  // namespace nsim::test
