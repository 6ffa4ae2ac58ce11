// SPDX-License-Identifier: Apache-2.0
// The file:
//
//   [[substitute]]
//   hash = "efe9b3bc98163077b94c8bcdacf51f47"   # of the NEFF, as `nsim inspect` prints it; and/or
//   uuid = "00a04c53-5fd9-4f07-bffd-d5eacdefc852"
//   name = "file.neff"                          # as its header has it
//   program = "matmul.toml"                     # .nasm, .toml or container, as seen from this file
//   [substitute.tensors]                        # where names differ: NEFF's = program's
//   output0 = "c"
#include "runtime/substitution.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "sim/base/text_file.h"
#include "sim/base/toml_text.h"

namespace nsim::rt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileSize = std::size_t{4} << 20;
constexpr std::size_t kHashDigits = 32;
constexpr std::size_t kUuidLength = 36;

const std::vector<std::string> kKeys{"hash", "uuid", "name", "program", "tensors"};

class MapReader {
 public:
  explicit MapReader(const std::string& file) : file_(file) {}

  std::vector<Substitute> read(const std::string& text) const {
    const toml::table document = parse(text);
    std::vector<Substitute> entries;
    for (const auto& [key, node] : document) {
      const toml::array* list = node.as_array();
      if (key.str() != "substitute" || list == nullptr) {
        fail(key.source(),
             fmt::format("unknown key '{}': a map has [[substitute]] entries only", key.str()));
      }
      for (const toml::node& each : *list) {
        const toml::table* table = each.as_table();
        if (table == nullptr) {
          fail(each.source(), "'substitute' is a list of tables: write [[substitute]]");
        }
        entries.push_back(entry(*table));
        refuse_repetition(entries);
      }
    }
    return entries;
  }

 private:
  [[noreturn]] void fail(const toml::source_region& at, const std::string& message) const {
    throw UserError(position(at), message);
  }
  SourcePos position(const toml::source_region& at) const {
    return {file_, static_cast<int>(at.begin.line), static_cast<int>(at.begin.column)};
  }

  toml::table parse(const std::string& text) const {
    if (text.size() > kMaxFileSize) {
      throw UserError(SourcePos{file_, 0, 0},
                      fmt::format("the map has more than {} bytes", kMaxFileSize));
    }
    return parse_toml(text, file_);
  }

  std::string text(const toml::node& node, const std::string& key) const {
    const auto* value = node.as_string();
    if (value == nullptr || value->get().empty()) {
      fail(node.source(), fmt::format("'{}' is a text in quotes", key));
    }
    return value->get();
  }

  /// Digits of a hash or an id, in lower case.
  std::string digits(const toml::node& node, const std::string& key, std::size_t length) const {
    std::string value = text(node, key);
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
    const auto good = [](unsigned char each) { return std::isxdigit(each) != 0 || each == '-'; };
    if (value.size() != length || !std::all_of(value.begin(), value.end(), good)) {
      fail(node.source(), fmt::format("'{}' has {} hexadecimal digits{}: nsim inspect prints it",
                                      key, length == kUuidLength ? 32 : length,
                                      length == kUuidLength ? " and four dashes" : ""));
    }
    return value;
  }

  Substitute entry(const toml::table& table) const {
    Substitute out;
    out.where = position(table.source());
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (name == "hash") {
        out.hash = digits(node, name, kHashDigits);
      } else if (name == "uuid") {
        out.uuid = digits(node, name, kUuidLength);
      } else if (name == "name") {
        out.name = text(node, name);
      } else if (name == "program") {
        out.program =
            (fs::path(file_).parent_path() / text(node, name)).lexically_normal().string();
      } else if (name == "tensors") {
        out.tensors = tensors(node);
      } else {
        const std::string near = nearest_name(name, kKeys);
        fail(key.source(), fmt::format("unknown key '{}'{}", name,
                                       near.empty() ? "" : "; did you mean '" + near + "'?"));
      }
    }
    if (out.program.empty()) {
      throw UserError(out.where, "key 'program' is missing");
    }
    if (out.hash.empty() && out.uuid.empty() && out.name.empty()) {
      throw UserError(out.where, "an entry needs a 'hash', a 'uuid' or a 'name'");
    }
    return out;
  }

  std::map<std::string, std::string> tensors(const toml::node& node) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      fail(node.source(), "'tensors' is a table: name in the NEFF = \"name in the program\"");
    }
    std::map<std::string, std::string> out;
    std::set<std::string> taken;
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      const std::string mine = text(value, name);
      if (!taken.insert(mine).second) {
        fail(value.source(), fmt::format("two tensors cannot be \"{}\"", mine));
      }
      out.emplace(name, mine);
    }
    return out;
  }

  /// Of two entries for the same NEFFs one would never be used.
  static void refuse_repetition(const std::vector<Substitute>& entries) {
    const Substitute& last = entries.back();
    for (std::size_t i = 0; i + 1 < entries.size(); ++i) {
      const Substitute& other = entries[i];
      if (other.hash == last.hash && other.uuid == last.uuid && other.name == last.name) {
        throw UserError(last.where,
                        fmt::format("line {} has an entry for the same NEFF", other.where.line));
      }
    }
  }

  const std::string& file_;
};

/// Without extents of 1, which compilers add and drop.
std::vector<std::int64_t> squeezed(std::vector<std::int64_t> shape) {
  shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
  return shape;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

/// What one tensor's counterpart must be.
void check_pair(const isa::NeffTensor& theirs, const isa::Tensor& ours, const Substitute& entry) {
  const auto refuse = [&](const std::string& what) {
    throw UserError(entry.where, fmt::format("tensor \"{}\" of the NEFF cannot be \"{}\" of {}: {}",
                                             theirs.name, ours.name, entry.program, what));
  };
  const std::optional<num::Dtype> dtype = isa::neff_dtype(theirs.dtype);
  if (!dtype) {
    refuse(fmt::format("the simulator has no dtype {}", theirs.dtype));
  }
  if (*dtype != ours.dtype) {
    refuse(fmt::format("{} and {} differ", theirs.dtype, num::name(ours.dtype)));
  }
  if (squeezed(theirs.shape) != squeezed(ours.shape)) {
    refuse(fmt::format("{} and {} differ", shape_text(theirs.shape), shape_text(ours.shape)));
  }
  if (theirs.bytes != ours.bytes()) {
    refuse(fmt::format("{} and {} bytes differ", theirs.bytes, ours.bytes()));
  }
}

}  // namespace

SubstitutionMap SubstitutionMap::parse(const std::string& text, const std::string& file) {
  SubstitutionMap map;
  map.entries_ = MapReader(file).read(text);
  return map;
}

SubstitutionMap SubstitutionMap::load(const std::string& path) {
  return parse(read_text_file(path), path);
}

const Substitute* SubstitutionMap::find(const isa::Neff& neff) const {
  const Substitute* best = nullptr;
  int best_rank = 0;
  const std::string uuid = neff.header.uuid_text();
  for (const Substitute& entry : entries_) {
    const bool fits = (entry.hash.empty() || entry.hash == neff.md5) &&
                      (entry.uuid.empty() || entry.uuid == uuid) &&
                      (entry.name.empty() || entry.name == neff.header.name);
    const int rank =
        (entry.hash.empty() ? 0 : 4) + (entry.uuid.empty() ? 0 : 2) + (entry.name.empty() ? 0 : 1);
    if (fits && rank > best_rank) {
      best = &entry;
      best_rank = rank;
    }
  }
  return best;
}

std::vector<SubstitutedTensor> pair_tensors(const isa::Neff& neff, const isa::Program& program,
                                            const Substitute& entry) {
  std::map<std::string, std::string> unused = entry.tensors;
  std::vector<SubstitutedTensor> pairs;
  std::set<std::size_t> taken;
  const auto pair = [&](const isa::NeffTensor& theirs, isa::TensorKind kind, const char* what) {
    const auto renamed = entry.tensors.find(theirs.name);
    const std::string& name = renamed == entry.tensors.end() ? theirs.name : renamed->second;
    unused.erase(theirs.name);
    const auto found = std::find_if(
        program.tensors.begin(), program.tensors.end(),
        [&](const isa::Tensor& each) { return each.name == name && each.kind == kind; });
    if (found == program.tensors.end()) {
      throw UserError(entry.where,
                      fmt::format("{} has no {} \"{}\" for tensor \"{}\" of the NEFF: name the one "
                                  "it is under [substitute.tensors]",
                                  entry.program, what, name, theirs.name));
    }
    check_pair(theirs, *found, entry);
    pairs.push_back({&theirs, static_cast<std::size_t>(found - program.tensors.begin())});
    taken.insert(pairs.back().index);
  };
  for (const isa::NeffTensor& input : neff.inputs) {
    pair(input, isa::TensorKind::Input, "input");
  }
  for (const isa::NeffTensor& output : neff.outputs) {
    pair(output, isa::TensorKind::Output, "output");
  }
  if (!unused.empty()) {
    throw UserError(entry.where,
                    fmt::format("the NEFF has no input or output \"{}\"", unused.begin()->first));
  }
  for (std::size_t index = 0; index < program.tensors.size(); ++index) {
    const isa::Tensor& tensor = program.tensors[index];
    const bool is_port =
        tensor.kind == isa::TensorKind::Input || tensor.kind == isa::TensorKind::Output;
    if (is_port && taken.count(index) == 0) {
      throw UserError(entry.where,
                      fmt::format("{} \"{}\" of {} is no tensor of the NEFF",
                                  tensor.kind == isa::TensorKind::Input ? "input" : "output",
                                  tensor.name, entry.program));
    }
  }
  return pairs;
}

std::string example_entry(const isa::Neff& neff) {
  return fmt::format("[[substitute]] with the lines hash = \"{}\" and program = \"FILE\"",
                     neff.md5);
}

}  // namespace nsim::rt
