// SPDX-License-Identifier: Apache-2.0
// Files that describe a program: container, known by its content, else model file (.toml) or text
// (.nasm), told apart by the name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/model.h"
#include "sim/isa/expand.h"
#include "sim/isa/program.h"

namespace nsim::ml {

/// Whole file; throws UserError when it cannot be read.
std::vector<std::byte> read_file(const std::string& path);

struct ProgramFile {
  isa::Program program;
  std::optional<Model> model;  // when it came from a model file
};

/// The device that a program is made for.
struct MadeFor {
  std::string target;  // "": a model file, which takes any
  int cores = 0;       // physical cores per logical core
};
MadeFor made_for(const std::string& path);

/// Makes a program that was read from the text at `path` one for `target`: text is checked against
/// the device at hand, whichever it was written for. Throws UserError when it names no target there
/// is.
void retarget(isa::Program& program, const std::string& target, const std::string& path);

/// Throws UserError for a tensor larger than what holds it: it could never be allocated.
void check_tensors(const isa::Program& program, const isa::Limits& limits);

/// Reads `bytes`, the contents of the file called `path`, and, for a model, lowers for `limits`.
/// Program text becomes a program for the target of `limits`, whichever it names; a container stays
/// one for its own.
ProgramFile make_program(const std::vector<std::byte>& bytes, const std::string& path,
                         const isa::Limits& limits);
/// The same of a file.
ProgramFile open_program(const std::string& path, const isa::Limits& limits);

}  // namespace nsim::ml
