// SPDX-License-Identifier: Apache-2.0
// The text form of programs (.nasm). The grammar is documented on top of text.cpp and in docs/program-text.md.
#pragma once

#include <string>

#include "sim/isa/program.h"
#include "sim/isa/stream.h"

namespace nsim::isa {

/// Throws UserError with file:line:column for the first error. Survives any input.
Program parse_text(const std::string& text, const std::string& file);

/// The canonical text: parse_text(print_text(p)) is p, and print_text(parse_text(t)) is t for canonical t.
std::string print_text(const Program& program);

/// One line per resolved instruction of every engine, with the inserted semaphores; for people.
std::string print_streams(const Streams& streams);

}  // namespace nsim::isa
