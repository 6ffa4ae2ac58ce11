// SPDX-License-Identifier: Apache-2.0
// What can be read of a NEFF that a compiler for the real devices made: header, tensors, cores. The
// instructions of its engines are opaque. Which members are read, and how, stands on top of
// neff.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/isa/archive.h"
#include "sim/isa/neff_header.h"
#include "sim/numerics/dtype.h"

namespace nsim::isa {

struct NeffTensor {
  std::string name;
  std::string dtype;  // as the NEFF calls it
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;
  bool is_parameter = false;  // of the model, fed as an input
};

/// The part of one physical core.
struct NeffGraph {
  std::string name;                   // "sg00"
  std::string definition;             // its member of the archive
  std::vector<std::string> binaries;  // files of engine instructions
  std::int64_t constant_bytes = 0;    // of its constants
  bool has_collectives = false;
};

struct Neff {
  NeffHeader header;
  std::string md5;       // of the payload: what a substitution names
  std::string compiler;  // version, "" when not told
  std::string target;    // the compiler's name of the architecture: "cayman"
  int core_version = 0;  // the generation of NeuronCores that is; 0: unknown name
  std::vector<std::string> features;
  std::vector<NeffTensor> inputs;
  std::vector<NeffTensor> outputs;
  std::vector<NeffGraph> graphs;
  std::vector<ArchiveEntry> members;  // without contents

  bool hash_matches() const { return md5 == header.hash_text(); }
  bool has_collectives() const;
};

/// Never trusts a byte of its input; throws ContainerError.
Neff read_neff(const std::byte* data, std::size_t size);

/// The simulator's type for the elements of a NEFF's tensor, if it has one.
std::optional<num::Dtype> neff_dtype(const std::string& name);

}  // namespace nsim::isa
