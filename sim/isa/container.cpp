// SPDX-License-Identifier: Apache-2.0
// The members of the archive: neff.json and info.json for people and tools, nsim/program.bin for
// the simulator.
#include "sim/isa/container.h"

#include <nlohmann/json.hpp>

#include "sim/base/words.h"
#include "sim/isa/archive.h"
#include "sim/isa/opcode.h"

namespace nsim::isa {
namespace {

using Kind = ContainerError::Kind;

constexpr const char* kBuildVersion = "neuronsim program 1";
constexpr const char* kProgramMember = "nsim/program.bin";
constexpr std::size_t kMaxProgramBytes = std::size_t{1} << 30;

std::vector<std::byte> to_bytes(const nlohmann::ordered_json& json) {
  // Names are bytes to us; where they are not UTF-8 the JSON gets a replacement character.
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

nlohmann::ordered_json describe_tensors(const Program& program, TensorKind kind) {
  auto list = nlohmann::ordered_json::array();
  for (const Tensor& tensor : program.tensors) {
    if (tensor.kind == kind) {
      list.push_back({{"name", tensor.name},
                      {"dtype", num::name(tensor.dtype)},
                      {"shape", tensor.shape},
                      {"size", tensor.bytes()}});
    }
  }
  return list;
}

std::vector<ArchiveMember> members(const Program& program) {
  const nlohmann::ordered_json neff = {{"name", program.name},
                                       {"target", program.target},
                                       {"inputs", describe_tensors(program, TensorKind::Input)},
                                       {"outputs", describe_tensors(program, TensorKind::Output)}};
  const nlohmann::ordered_json about = {
      {"generator", kBuildVersion}, {"target", program.target}, {"cores", program.cores}};
  return {{"neff.json", to_bytes(neff)},
          {"info.json", to_bytes(about)},
          {kProgramMember, write_binary(program)}};
}

/// That the payload of the file `data` is the one its `header` was made for.
void verify_payload(const NeffHeader& header, const std::byte* data, std::size_t size) {
  if (payload_md5(data + kNeffHeaderSize, size - kNeffHeaderSize) != header.hash_text()) {
    throw ContainerError(
        Kind::HashMismatch,
        "the container's payload does not have the hash in its header: the file is damaged");
  }
}

}  // namespace

std::vector<std::byte> write_container(const Program& program) {
  NeffHeader header;
  header.build_version = kBuildVersion;
  header.name = program.name;
  header.tpb_per_node[0] = 1;
  header.lnc_size = static_cast<std::uint32_t>(program.cores);
  return write_neff(header, write_archive(members(program)));
}

std::optional<Program> find_program(const std::byte* data, std::size_t size, bool verify_hash) {
  const NeffHeader header = read_neff_header(data, size);
  if (verify_hash) {
    verify_payload(header, data, size);
  }
  const auto binary =
      read_member(data + kNeffHeaderSize, size - kNeffHeaderSize, kProgramMember, kMaxProgramBytes);
  if (!binary) {
    return std::nullopt;
  }
  Program program = read_binary(binary->data(), binary->size());
  if (header.lnc_size != static_cast<std::uint32_t>(program.cores)) {
    throw ContainerError(Kind::Malformed,
                         "the header says the program runs on " + counted(header.lnc_size, "core") +
                             ", the program says " + std::to_string(program.cores));
  }
  return program;
}

Program read_container(const std::byte* data, std::size_t size, bool verify_hash) {
  std::optional<Program> program = find_program(data, size, verify_hash);
  if (!program) {
    throw ContainerError(Kind::NotExecutable,
                         std::string("the container has no member ") + kProgramMember +
                             ": instructions of real devices cannot be simulated, only programs "
                             "of nsim");
  }
  return std::move(*program);
}

}  // namespace nsim::isa
