// SPDX-License-Identifier: Apache-2.0
#include "tests/support/neff_fixture.h"

#include "tests/support/test_program.h"

namespace nsim::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kEngines[] = {"pe", "act", "pool", "dve", "sp"};

Json node(const std::string& op, const std::string& name, const Json& inputs,
          const std::vector<std::string>& outputs) {
  return {{"op", op}, {"name", name}, {"inputs", inputs}, {"output_names", outputs}};
}

Json definition(const NeffFixture& fixture) {
  Json variables{{"SB", {{"type", "state-buffer"}, {"var_id", 0}}},
                 {"ones", {{"type", "file"}, {"file_name", "ones.npy"}, {"size", 512}}}};
  for (const auto* tensors : {&fixture.inputs, &fixture.outputs}) {
    for (const NeffFixture::Tensor& tensor : *tensors) {
      variables[tensor.name] = {{"type", tensors == &fixture.inputs ? "input" : "output"},
                                {"size", tensor.bytes}};
    }
  }
  Json out{{"name", "definition"},
           {"version", "0.6"},
           {"var", variables},
           {"neff_features", {"neff_feature_vnc"}},
           {"cc_streams", {{"num_streams", fixture.collective_streams}}}};
  for (const char* engine : kEngines) {
    out[std::string(engine) + "_instr"] = std::string(engine) + ".bin";
  }
  return out;
}

Json tensor_map(const NeffFixture& fixture) {
  Json out = Json::object();
  for (const auto* tensors : {&fixture.inputs, &fixture.outputs}) {
    for (const NeffFixture::Tensor& tensor : *tensors) {
      out[tensor.name] = {{"dtype", tensor.dtype},
                          {"tf_shape", tensor.shape},
                          {"kind", tensors == &fixture.inputs ? "input" : "output"}};
    }
  }
  return out;
}

}  // namespace

std::vector<std::byte> NeffFixture::bytes_of(const Json& json) {
  const std::string text = json.dump(2);
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

nlohmann::json NeffFixture::neff_json() const {
  Json nodes = Json::array();
  Json arguments = Json::array();
  Json rows = Json::array();
  Json sources = Json::array();
  std::vector<std::vector<std::int64_t>> shapes;
  std::vector<std::string> dtypes;
  for (const Tensor& input : inputs) {
    const std::size_t index = nodes.size();
    arguments.push_back(index);
    sources.push_back({index, 0, 0});
    rows.push_back(index);
    nodes.push_back(node("null", input.name, Json::array(), {input.name}));
    nodes.back()["is_param"] = "0";
    shapes.push_back(input.shape);
    dtypes.push_back(input.dtype);
  }
  std::vector<std::string> names;
  Json heads = Json::array();
  for (const Tensor& output : outputs) {
    for (int core = 0; core < physical_cores; ++core) {
      heads.push_back({inputs.size(), names.size(), 0});
      names.push_back(output.name);
      shapes.push_back(output.shape);
      dtypes.push_back(output.dtype);
    }
  }
  rows.push_back(inputs.size());
  rows.push_back(shapes.size());
  nodes.push_back(node("tvm_op", "sg_core", sources, names));
  nodes.back()["attrs"] = {{"kelf", "kelf-0.json"}};
  return {{"nodes", nodes},
          {"arg_nodes", arguments},
          {"heads", heads},
          {"node_row_ptr", rows},
          {"attrs", {{"shape", {"list_shape", shapes}}, {"dltype", {"list_str", dtypes}}}}};
}

std::vector<isa::ArchiveMember> NeffFixture::members() const {
  std::vector<isa::ArchiveMember> out;
  Json graphs = Json::array();
  for (int core = 0; core < physical_cores; ++core) {
    const std::string folder = "sg0" + std::to_string(core);
    graphs.push_back({{"name", folder}, {"definition", folder + "/def.json"}});
    out.push_back({folder + "/def.json", bytes_of(definition(*this))});
    out.push_back({folder + "/tensor_map.json", bytes_of(tensor_map(*this))});
    for (const char* engine : kEngines) {
      out.push_back({folder + "/" + engine + ".bin", std::vector<std::byte>(64)});
    }
    out.push_back({folder + "/ones.npy", std::vector<std::byte>(512 + 128)});
  }
  out.push_back({"info.json", bytes_of({{"tool_version", "2.99.1.0"}, {"name", header.name}})});
  out.push_back(
      {"kelf-0.json", bytes_of({{"graphs", graphs}, {"target", target}, {"version", "0.5"}})});
  out.push_back({"neff.json", bytes_of(neff_json())});
  return out;
}

std::vector<std::byte> NeffFixture::file() const {
  return isa::write_neff(header, isa::write_archive(members()));
}

std::string architecture_of(const std::string& target) {
  return target == "trn3" ? "mariana" : target == "trn2" ? "cayman" : "sunda";
}

NeffFixture increment_neff(const std::string& target, int cores) {
  const auto bytes = static_cast<std::int64_t>(increment_bytes(cores));
  const std::int64_t rows = 128 * cores;
  const std::vector<std::int64_t> shape{rows, bytes / rows / 4};
  NeffFixture fixture;
  fixture.target = architecture_of(target);
  fixture.physical_cores = cores;
  fixture.inputs = {{"tokens", "float32", shape, bytes}};
  fixture.outputs = {{"result", "float32", shape, bytes}};
  fixture.header.name = "increment.neff";
  fixture.header.tpb_per_node[0] = 1;
  fixture.header.lnc_size = static_cast<std::uint32_t>(cores);
  return fixture;
}

}  // namespace nsim::test
