// SPDX-License-Identifier: Apache-2.0
// nsim inspect: what is in a NEFF, as text or as JSON. Of a file with a program of ours it shows
// the program, of any other what can be read without knowing the instructions.
//
// --json, one object:
//   file, bytes, kind ("neff" or "program"), header {package_version, version, build_version, name,
//   uuid, num_tpb, requested_tpb_count, tpb_per_node, feature_bits, lnc_size}, hash {algorithm,
//   value, payload, matches}, target, tensors [{name, usage, dtype, shape, bytes}], members [{path,
//   bytes}]; neff: core_version, compiler, features, collectives, graphs [{name, definition,
//   binaries, constant_bytes}]; program: cores, sync, instructions {engine: number}, dma_transfers
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "models/program_file.h"
#include "sim/base/error.h"
#include "sim/base/words.h"
#include "sim/isa/container.h"
#include "sim/isa/neff.h"
#include "sim/isa/opcode.h"
#include "sim/isa/target.h"
#include "tools/command.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

/// Instructions per engine with loops run through, of one core.
struct Counts {
  std::map<std::string, double> engines;
  double dma = 0;
};

void count(const std::vector<isa::Item>& items, double times, Counts& counts) {
  for (const isa::Item& item : items) {
    if (const auto* loop = std::get_if<isa::Loop>(&item)) {
      const std::int64_t span = loop->end - loop->begin;
      const std::int64_t runs = span <= 0 ? 0 : (span - 1) / loop->step + 1;
      count(loop->body, times * static_cast<double>(runs), counts);
    } else if (const auto* core = std::get_if<isa::CoreBody>(&item)) {
      count(core->body, times, counts);
    } else {
      const auto& instruction = std::get<isa::Instruction>(item);
      counts.engines[isa::name(instruction.engine)] += times;
      counts.dma += isa::info(instruction.opcode).dma ? times : 0;
    }
  }
}

/// Loops in loops have more runs than a number may hold.
std::int64_t whole(double number) {
  return static_cast<std::int64_t>(std::min(number, 9e18));
}

Json tensor(const std::string& name, const char* usage, const std::string& dtype,
            const std::vector<std::int64_t>& shape, std::int64_t bytes) {
  return {{"name", name}, {"usage", usage}, {"dtype", dtype}, {"shape", shape}, {"bytes", bytes}};
}

Json header_of(const isa::NeffHeader& header) {
  return {{"package_version", header.package_version},
          {"version", fmt::format("{}.{}", header.major, header.minor)},
          {"build_version", header.build_version},
          {"name", header.name},
          {"uuid", header.uuid_text()},
          {"num_tpb", header.num_tpb},
          {"requested_tpb_count", header.requested_tpb_count},
          {"tpb_per_node", header.tpb_per_node},
          {"feature_bits", fmt::format("0x{:x}", header.feature_bits)},
          {"lnc_size", header.lnc_size}};
}

void describe_program(const isa::Program& program, Json& out) {
  out["target"] = program.target;
  out["cores"] = program.cores;
  out["sync"] = program.auto_sync ? "auto" : "explicit";
  Counts counts;
  count(program.body, 1, counts);
  out["instructions"] = Json::object();
  for (const auto& [engine, number] : counts.engines) {
    out["instructions"][engine] = whole(number);
  }
  out["dma_transfers"] = whole(counts.dma);
  for (const isa::Tensor& each : program.tensors) {
    out["tensors"].push_back(
        tensor(each.name, isa::name(each.kind), num::name(each.dtype), each.shape, each.bytes()));
  }
}

void describe_neff(const isa::Neff& neff, Json& out) {
  out["target"] = neff.target;
  out["core_version"] = neff.core_version;
  out["compiler"] = neff.compiler;
  out["features"] = neff.features;
  out["collectives"] = neff.has_collectives();
  for (const isa::NeffTensor& each : neff.inputs) {
    out["tensors"].push_back(tensor(each.name, each.is_parameter ? "parameter" : "input",
                                    each.dtype, each.shape, each.bytes));
  }
  for (const isa::NeffTensor& each : neff.outputs) {
    out["tensors"].push_back(tensor(each.name, "output", each.dtype, each.shape, each.bytes));
  }
  for (const isa::NeffGraph& graph : neff.graphs) {
    out["graphs"].push_back({{"name", graph.name},
                             {"definition", graph.definition},
                             {"binaries", graph.binaries},
                             {"constant_bytes", graph.constant_bytes}});
  }
}

Json members_of(const std::vector<isa::ArchiveEntry>& entries) {
  Json out = Json::array();
  for (const isa::ArchiveEntry& entry : entries) {
    out.push_back({{"path", entry.path}, {"bytes", entry.bytes}});
  }
  return out;
}

Json describe(const std::string& path, const std::vector<std::byte>& bytes) {
  const std::byte* payload = bytes.data() + isa::kNeffHeaderSize;
  const isa::NeffHeader header = isa::read_neff_header(bytes.data(), bytes.size());
  const std::size_t payload_size = bytes.size() - isa::kNeffHeaderSize;
  const std::string md5 = isa::payload_md5(payload, payload_size);
  const std::optional<isa::Program> program = isa::find_program(bytes.data(), bytes.size());
  Json out{{"file", path}, {"bytes", bytes.size()}, {"kind", program ? "program" : "neff"}};
  out["header"] = header_of(header);
  out["hash"] = {{"algorithm", "MD5"},
                 {"value", header.hash_text()},
                 {"payload", md5},
                 {"matches", md5 == header.hash_text()}};
  out["tensors"] = Json::array();
  if (program) {
    describe_program(*program, out);
    const auto none = [](const std::string&) { return false; };
    out["members"] = members_of(isa::read_archive(payload, payload_size, none, 0));
  } else {
    const isa::Neff neff = isa::read_neff(bytes.data(), bytes.size());
    describe_neff(neff, out);
    out["members"] = members_of(neff.members);
  }
  return out;
}

/// Names are bytes that somebody else wrote: nothing that would move a terminal's cursor.
std::string word(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  std::replace_if(
      text.begin(), text.end(),
      [](char each) { return std::iscntrl(static_cast<unsigned char>(each)) != 0; }, '?');
  return text;
}

std::string program_text(const Json& of) {
  std::string text =
      fmt::format("  target       {}, {} per logical core, sync {}\n", word(of["target"]),
                  counted(of["cores"], "physical core"), word(of["sync"]));
  std::vector<std::string> engines;
  double total = 0;
  for (const auto& [engine, number] : of["instructions"].items()) {
    engines.push_back(fmt::format("{} {:.0f}", engine, number.get<double>()));
    total += number.get<double>();
  }
  return text + fmt::format("  instructions {} per physical core ({}), {}\n",
                            counted(whole(total), "instruction"), fmt::join(engines, ", "),
                            counted(of["dma_transfers"], "DMA transfer"));
}

std::string neff_text(const Json& of) {
  const int version = of["core_version"];
  std::vector<std::string> features;
  for (const Json& feature : of["features"]) {
    features.push_back(word(feature));
  }
  std::string text =
      fmt::format("  target       {}, {}\n", word(of["target"]),
                  version == 0 ? "which no device here has" : isa::core_name(version));
  text +=
      fmt::format("  compiler     {}\n", of["compiler"] == "" ? "unknown" : word(of["compiler"]));
  text += fmt::format("  cores        {}, {} each (lnc_size)\n",
                      counted(of["header"]["requested_tpb_count"], "logical core"),
                      counted(of["header"]["lnc_size"], "physical core"));
  text += fmt::format("  features     {} {}\n", word(of["header"]["feature_bits"]),
                      fmt::join(features, ", "));
  text += fmt::format("  collectives  {}\n", of["collectives"].get<bool>() ? "yes" : "no");
  for (const Json& graph : of["graphs"]) {
    text += fmt::format(
        "  graph        {}: {}, {} of opaque engine instructions, {} bytes of "
        "constants\n",
        word(graph["name"]), word(graph["definition"]),
        counted(static_cast<std::int64_t>(graph["binaries"].size()), "file"),
        word(graph["constant_bytes"]));
  }
  return text;
}

std::string text_of(const Json& of) {
  const Json& header = of["header"];
  const bool is_program = of["kind"] == "program";
  std::string text = fmt::format("{}: {}, version {}, {} bytes\n", word(of["file"]),
                                 is_program ? "program container" : "NEFF", word(header["version"]),
                                 word(of["bytes"]));
  text += fmt::format("  name         {}\n  uuid         {}\n", word(header["name"]),
                      word(header["uuid"]));
  text += of["hash"]["matches"].get<bool>()
              ? fmt::format("  hash         {} (MD5 of the payload: matches)\n",
                            word(of["hash"]["value"]))
              : fmt::format("  hash         {} (MD5: doesn't match, the payload has {})\n",
                            word(of["hash"]["value"]), word(of["hash"]["payload"]));
  text += is_program ? program_text(of) : neff_text(of);
  text += fmt::format("  members      {}\n", of["members"].size());
  std::size_t width = 4;
  for (const Json& each : of["tensors"]) {
    width = std::max(width, word(each["name"]).size());
  }
  text += fmt::format("\n  {:<{}}  {:<9}  {:<14}  {:>12}  shape\n", "name", width, "usage", "dtype",
                      "bytes");
  for (const Json& each : of["tensors"]) {
    text += fmt::format("  {:<{}}  {:<9}  {:<14}  {:>12}  [{}]\n", word(each["name"]), width,
                        word(each["usage"]), word(each["dtype"]), word(each["bytes"]),
                        fmt::join(each["shape"].get<std::vector<std::int64_t>>(), ", "));
  }
  return text;
}

int execute(const Arguments& arguments) {
  const std::string path = arguments.text("FILE");
  const std::vector<std::byte> bytes = ml::read_file(path);
  Json description;
  try {
    description = describe(path, bytes);
  } catch (const isa::ContainerError& error) {
    throw UserError(fmt::format("{}: {}", path, error.what()));
  }
  fmt::print("{}", arguments.flag("json")
                       ? description.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"
                       : text_of(description));
  return 0;
}

}  // namespace

Command inspect_command() {
  return {{"inspect",
           "inspect FILE [--json]",
           "show what is in a NEFF: header, hash, cores, tensors\n"
           "A NEFF of a real compiler can be read but not executed; docs/runtime.md tells how a "
           "program takes its place.",
           {"FILE"},
           {{"json", Option::Kind::Flag, "", "print everything as one JSON object"}}},
          execute};
}

}  // namespace nsim::tool
