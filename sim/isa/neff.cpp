// SPDX-License-Identifier: Apache-2.0
// Members of the archive that are read (all others are listed):
//   neff.json            graph of nodes. `arg_nodes` are the inputs, `heads` the outputs, each
//                        [node, output, version]; entry `node_row_ptr[node] + output` of
//                        attrs.shape and attrs.dltype is about them. Physical cores that share an
//                        output name it once each. Nodes with attrs.kelf name the next file.
//   info.json            tool_version
//   kelf-*.json          target; graphs: name and definition of each physical core's part
//   sgNN/def.json        var: name -> type and size in bytes; files of engines (*_instr);
//                        cc_streams; neff_features; #rank_world_size
//   sgNN/tensor_map.json dtype and tf_shape by name, where neff.json has no shapes
#include "sim/isa/neff.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/isa/json_view.h"
#include "sim/isa/limits.h"
#include "sim/isa/target.h"

namespace nsim::isa {
namespace {

using Json = nlohmann::json;
using Kind = ContainerError::Kind;

/// Of all JSON members together; some hundred times that may be needed to hold them.
constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 20;
constexpr std::int64_t kMaxNodes = 1 << 20;

struct TypeRow {
  const char* name;
  std::int64_t bytes;
  std::optional<num::Dtype> dtype;
};
/// Names that compilers write beside those of nki.language.
const TypeRow kTypes[] = {
    {"bool", 1, num::Dtype::Uint8},     {"fp32r", 4, num::Dtype::Tf32},
    {"float8e4", 1, num::Dtype::Fp8E4}, {"float8e5", 1, num::Dtype::Fp8E5},
    {"float8e3", 1, std::nullopt},      {"float8_e3m4", 1, std::nullopt},
    {"int64", 8, std::nullopt},         {"uint64", 8, std::nullopt},
    {"float64", 8, std::nullopt},
};

struct ArchitectureRow {
  const char* name;
  int core_version;
};
/// The compiler's names, as the public driver's folders and kelf files have them.
constexpr ArchitectureRow kArchitectures[] = {{"sunda", 2}, {"cayman", 3}, {"mariana", 4}};

int version_of_architecture(const std::string& name) {
  for (const ArchitectureRow& row : kArchitectures) {
    if (name == row.name) {
      return row.core_version;
    }
  }
  return core_version(name);
}

/// 0 for a name that is unknown.
std::int64_t element_bytes(const std::string& name) {
  for (const TypeRow& row : kTypes) {
    if (name == row.name) {
      return row.bytes;
    }
  }
  const std::optional<num::Dtype> dtype = num::parse_dtype(name);
  return dtype ? static_cast<std::int64_t>(num::size_of(*dtype)) : 0;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_read(const std::string& path) {
  return path == "neff.json" || path == "info.json" ||
         (path.rfind("kelf-", 0) == 0 && ends_with(path, ".json")) ||
         ends_with(path, "/def.json") || ends_with(path, "/tensor_map.json");
}

class NeffReader {
 public:
  explicit NeffReader(std::vector<ArchiveEntry>& members) {
    for (ArchiveEntry& member : members) {
      if (member.content) {
        const auto* text = reinterpret_cast<const char*>(member.content->data());
        Json document = Json::parse(text, text + member.content->size(), nullptr, false);
        if (document.is_discarded()) {
          throw ContainerError(Kind::Malformed, "member " + member.path + " is no JSON");
        }
        documents_[member.path] = std::move(document);
        member.content.reset();
      }
    }
  }

  void read(Neff& neff) {
    const JsonView graph = document("neff.json");
    if (const auto version = document("info.json").find("tool_version")) {
      neff.compiler = version->text();
    }
    const JsonView nodes = graph.at("nodes");
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (const auto attrs = nodes.element(i).find("attrs")) {
        if (const auto kelf = attrs->find("kelf")) {
          read_kelf(kelf->text(), neff);
        }
      }
    }
    if (neff.graphs.empty()) {
      nodes.fail("name no kelf with graphs: the NEFF has nothing to execute");
    }
    read_inputs(graph, neff);
    read_outputs(graph, neff);
  }

 private:
  JsonView document(const std::string& path) const {
    const auto found = documents_.find(path);
    if (found == documents_.end()) {
      throw ContainerError(Kind::Malformed, "the NEFF has no member " + path);
    }
    return {found->second, path + ":"};
  }

  void read_kelf(const std::string& path, Neff& neff) {
    if (!read_.insert(path).second) {
      return;
    }
    const JsonView kelf = document(path);
    neff.target = kelf.at("target").text();
    neff.core_version = version_of_architecture(neff.target);
    const JsonView graphs = kelf.at("graphs");
    for (std::size_t i = 0; i < graphs.size(); ++i) {
      NeffGraph graph;
      graph.name = graphs.element(i).at("name").text();
      graph.definition = graphs.element(i).at("definition").text();
      if (!read_.insert(graph.definition).second) {
        graphs.fail("name " + graph.definition + " twice");
      }
      read_definition(document(graph.definition), graph, neff);
      neff.graphs.push_back(std::move(graph));
    }
  }

  void read_definition(const JsonView& definition, NeffGraph& graph, Neff& neff) {
    for (const auto& [name, variable] : definition.at("var").members()) {
      const std::string type = variable.at("type").text();
      if (type == "input" || type == "output") {
        std::int64_t& bytes = sizes_[name];
        bytes = std::max(bytes, variable.at("size").integer(0, kMaxTensorBytes));
      } else if (type == "file") {
        graph.constant_bytes += variable.at("size").integer(0, kMaxTensorBytes >> 8U);
      }
    }
    for (const auto& [name, value] : definition.members()) {
      if (ends_with(name, "_instr")) {
        graph.binaries.push_back(value.text());
      }
    }
    if (const auto features = definition.find("neff_features")) {
      for (std::size_t i = 0; i < features->size(); ++i) {
        const std::string feature = features->element(i).text();
        if (std::find(neff.features.begin(), neff.features.end(), feature) == neff.features.end()) {
          neff.features.push_back(feature);
        }
      }
    }
    const auto streams = definition.find("cc_streams");
    const auto ranks = definition.find("#rank_world_size");
    const auto is_above = [](const std::optional<JsonView>& number, std::int64_t least) {
      return number && number->integer(0, INT32_MAX) > least;
    };
    graph.has_collectives =
        is_above(streams ? streams->find("num_streams") : std::nullopt, 0) || is_above(ranks, 1);
  }

  /// Entry `index` of attrs.`key`, which is ["list_...", [entries]]; nothing where there are none.
  static std::optional<JsonView> attribute(const JsonView& graph, const char* key,
                                           std::size_t index) {
    const auto attrs = graph.find("attrs");
    const auto list = attrs ? attrs->find(key) : std::nullopt;
    return list ? std::optional<JsonView>(list->element(1).element(index)) : std::nullopt;
  }

  NeffTensor tensor(const JsonView& graph, const std::string& name, std::size_t entry,
                    const Neff& neff) const {
    NeffTensor tensor;
    tensor.name = name;
    const auto shape = attribute(graph, "shape", entry);
    const auto dtype = attribute(graph, "dltype", entry);
    if (shape && dtype) {
      tensor.shape = shape->integers(0, kMaxTensorBytes);
      tensor.dtype = dtype->text();
    } else {
      from_tensor_map(neff, tensor);
    }
    if (tensor.shape.size() > 2 * kMaxRank) {
      graph.fail("gives tensor " + name + " more than " + std::to_string(2 * kMaxRank) +
                 " dimensions");
    }
    set_bytes(graph, tensor);
    return tensor;
  }

  void from_tensor_map(const Neff& neff, NeffTensor& tensor) const {
    for (const NeffGraph& graph : neff.graphs) {
      const std::string path =
          graph.definition.substr(0, graph.definition.rfind('/') + 1) + "tensor_map.json";
      const auto found = documents_.find(path);
      if (found == documents_.end()) {
        continue;
      }
      if (const auto entry = JsonView(found->second, path + ":").find(tensor.name.c_str())) {
        tensor.shape = entry->at("tf_shape").integers(0, kMaxTensorBytes);
        tensor.dtype = entry->at("dtype").text();
        return;
      }
    }
    throw ContainerError(Kind::Malformed,
                         "neither neff.json nor a tensor_map.json tells the shape "
                         "and dtype of tensor " +
                             tensor.name);
  }

  /// The size in the definition, which may have padding; else that of the elements.
  void set_bytes(const JsonView& graph, NeffTensor& tensor) const {
    std::int64_t bytes = element_bytes(tensor.dtype);
    const bool known = bytes != 0;
    for (const std::int64_t extent : tensor.shape) {
      if (extent != 0 && bytes > kMaxTensorBytes / extent) {
        graph.fail("gives tensor " + tensor.name + " more than " + std::to_string(kMaxTensorBytes) +
                   " bytes");
      }
      bytes *= extent;
    }
    const auto found = sizes_.find(tensor.name);
    if (found == sizes_.end() && !known) {
      graph.fail("has the unknown dtype " + tensor.dtype + " for tensor " + tensor.name);
    }
    tensor.bytes = found == sizes_.end() ? bytes : found->second;
    if (tensor.bytes < bytes) {
      graph.fail("and the def.json contradict each other: tensor " + tensor.name + " has " +
                 std::to_string(bytes) + " bytes in one, " + std::to_string(tensor.bytes) +
                 " in the other");
    }
  }

  static std::size_t entry_of(const JsonView& graph, std::size_t node, std::int64_t output) {
    if (graph.find("node_row_ptr")) {
      return static_cast<std::size_t>(graph.at("node_row_ptr").element(node).integer(0, kMaxNodes) +
                                      output);
    }
    return node;
  }

  void read_inputs(const JsonView& graph, Neff& neff) const {
    std::set<std::string> seen;
    const JsonView nodes = graph.at("nodes");
    for (const std::int64_t index : graph.at("arg_nodes").integers(0, kMaxNodes)) {
      const auto at = static_cast<std::size_t>(index);
      const JsonView node = nodes.element(at);
      const std::string name = node.at("name").text();
      if (!seen.insert(name).second) {
        graph.fail("has the input " + name + " twice");
      }
      NeffTensor input = tensor(graph, name, entry_of(graph, at, 0), neff);
      const auto parameter = node.find("is_param");
      input.is_parameter = parameter && parameter->text() == "1";
      neff.inputs.push_back(std::move(input));
    }
  }

  void read_outputs(const JsonView& graph, Neff& neff) const {
    std::set<std::string> seen;
    const JsonView heads = graph.at("heads");
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const auto node = static_cast<std::size_t>(heads.element(i).element(0).integer(0, kMaxNodes));
      const std::int64_t output = heads.element(i).element(1).integer(0, kMaxNodes);
      const std::string name = graph.at("nodes")
                                   .element(node)
                                   .at("output_names")
                                   .element(static_cast<std::size_t>(output))
                                   .text();
      if (seen.insert(name).second) {
        neff.outputs.push_back(tensor(graph, name, entry_of(graph, node, output), neff));
      }
    }
  }

  std::map<std::string, Json> documents_;
  std::set<std::string> read_;                 // kelf files and definitions
  std::map<std::string, std::int64_t> sizes_;  // bytes of inputs and outputs, of the largest part
};

}  // namespace

bool Neff::has_collectives() const {
  return std::any_of(graphs.begin(), graphs.end(),
                     [](const NeffGraph& graph) { return graph.has_collectives; });
}

Neff read_neff(const std::byte* data, std::size_t size) {
  Neff neff;
  neff.header = read_neff_header(data, size);
  const std::byte* payload = data + kNeffHeaderSize;
  neff.md5 = payload_md5(payload, size - kNeffHeaderSize);
  neff.members = read_archive(payload, size - kNeffHeaderSize, is_read, kMaxJsonBytes);
  NeffReader(neff.members).read(neff);
  return neff;
}

std::optional<num::Dtype> neff_dtype(const std::string& name) {
  for (const TypeRow& row : kTypes) {
    if (name == row.name) {
      return row.dtype;
    }
  }
  return num::parse_dtype(name);
}

}  // namespace nsim::isa
