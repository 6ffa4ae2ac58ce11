// SPDX-License-Identifier: Apache-2.0
#include "models/program_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "models/lower.h"
#include "sim/base/error.h"
#include "sim/isa/container.h"
#include "sim/isa/target.h"
#include "sim/isa/text.h"

namespace nsim::ml {
namespace {

enum class Form { Model, Text, Container };

std::string as_text(const std::vector<std::byte>& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Form form_of(const std::string& path, const std::vector<std::byte>& bytes) {
  if (isa::looks_like_container(bytes.data(), bytes.size())) {
    return Form::Container;
  }
  return std::filesystem::path(path).extension() == ".toml" ? Form::Model : Form::Text;
}

isa::Program read_program(const std::string& path, const std::vector<std::byte>& bytes, Form form) {
  if (form == Form::Text) {
    return isa::parse_text(as_text(bytes), path);
  }
  try {
    return isa::read_container(bytes.data(), bytes.size());
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw UserError(fmt::format("cannot read {}: it is a directory", path));
  }
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    throw UserError(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  const std::streamoff size = file.tellg();
  std::vector<std::byte> bytes(size > 0 ? static_cast<std::size_t>(size) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file && !bytes.empty()) {
    throw UserError(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  return bytes;
}

MadeFor made_for(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  const Form form = form_of(path, bytes);
  if (form == Form::Model) {
    return {};
  }
  const isa::Program program = read_program(path, bytes, form);
  return {program.target, program.cores};
}

void retarget(isa::Program& program, const std::string& target, const std::string& path) {
  if (isa::core_version(program.target) == 0) {
    std::vector<std::string> targets;
    for (const isa::TargetRow& row : isa::kTargets) {
      targets.emplace_back(row.name);
    }
    throw UserError(fmt::format("{}: there is no target '{}', there are {}", path, program.target,
                                fmt::join(targets, ", ")));
  }
  program.target = target;
}

void check_tensors(const isa::Program& program, const isa::Limits& limits) {
  for (const isa::Tensor& tensor : program.tensors) {
    if (tensor.bytes() > limits.hbm_stack_bytes) {
      throw UserError(
          tensor.where,
          fmt::format("tensor {} has {} bytes, a stack of the HBM of {} has {}: split it",
                      tensor.name, tensor.bytes(), limits.target, limits.hbm_stack_bytes));
    }
  }
}

ProgramFile make_program(const std::vector<std::byte>& bytes, const std::string& path,
                         const isa::Limits& limits) {
  const Form form = form_of(path, bytes);
  if (form == Form::Model) {
    Model model = parse_model(as_text(bytes), path);
    isa::Program program = lower(model, limits);
    check_tensors(program, limits);
    return {std::move(program), std::move(model)};
  }
  isa::Program program = read_program(path, bytes, form);
  if (form == Form::Text) {
    retarget(program, limits.target, path);
  }
  check_tensors(program, limits);
  return {std::move(program), std::nullopt};
}

ProgramFile open_program(const std::string& path, const isa::Limits& limits) {
  return make_program(read_file(path), path, limits);
}

}  // namespace nsim::ml
