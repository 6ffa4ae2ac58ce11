// SPDX-License-Identifier: Apache-2.0
// Files with the shape of a NEFF as a compiler for the real devices writes it: header, JSON
// members, engine binaries without meaning. To be changed where a test needs something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/isa/archive.h"
#include "sim/isa/neff_header.h"

namespace nsim::test {

struct NeffFixture {
  struct Tensor {
    std::string name;
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::int64_t bytes = 0;
  };

  std::string target = "cayman";
  int physical_cores = 2;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  int collective_streams = 0;
  isa::NeffHeader header;

  nlohmann::json neff_json() const;
  std::vector<isa::ArchiveMember> members() const;
  std::vector<std::byte> file() const;
  static std::vector<std::byte> bytes_of(const nlohmann::json& json);
};

/// The compiler's name of `target`: "cayman" for trn2.
std::string architecture_of(const std::string& target);

/// The interface of increment_container() under names of its own: "tokens" and "result".
NeffFixture increment_neff(const std::string& target, int cores);

}  // namespace nsim::test
