// SPDX-License-Identifier: Apache-2.0
// Substitution map: which program of ours computes what a given NEFF computes. The instructions in
// a NEFF are opaque; with an entry here nrt_load takes the program instead and the client sees the
// NEFF's tensors. The form of the file (TOML) is documented on top of substitution.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/isa/neff.h"
#include "sim/isa/program.h"

namespace nsim::rt {

struct Substitute {
  // The NEFFs it is for: all that is given must be equal, and something is.
  std::string hash;  // MD5 of the payload
  std::string uuid;
  std::string name;
  std::string program;                         // an absolute path, or one from the working folder
  std::map<std::string, std::string> tensors;  // the NEFF's name -> the program's
  SourcePos where;
};

class SubstitutionMap {
 public:
  SubstitutionMap() = default;
  /// Throws UserError with file, line and key.
  static SubstitutionMap load(const std::string& path);
  /// `file` names the text in messages; programs are looked for beside it. Survives any input.
  static SubstitutionMap parse(const std::string& text, const std::string& file);

  const std::vector<Substitute>& entries() const { return entries_; }
  /// The entry for this NEFF: one with its hash before one with its uuid before one with its name;
  /// nullptr when there is none.
  const Substitute* find(const isa::Neff& neff) const;

 private:
  std::vector<Substitute> entries_;
};

/// A tensor that a client of the NEFF sees, and the program's tensor that takes its place.
struct SubstitutedTensor {
  const isa::NeffTensor* neff = nullptr;
  std::size_t index = 0;  // into Program::tensors
};

/// Pairs the inputs and outputs of both, in the order of the NEFF. Throws UserError for what has no
/// counterpart, and for pairs that differ in dtype, shape (but for extents of 1) or size.
std::vector<SubstitutedTensor> pair_tensors(const isa::Neff& neff, const isa::Program& program,
                                            const Substitute& entry);

/// How to add an entry for this NEFF to a map, in one line.
std::string example_entry(const isa::Neff& neff);

}  // namespace nsim::rt
