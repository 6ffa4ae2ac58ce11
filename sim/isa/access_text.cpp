// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/access_text.h"

#include <algorithm>

#include "sim/isa/checked.h"
#include "sim/isa/compare.h"
#include "sim/isa/expr_text.h"
#include "sim/isa/limits.h"

namespace nsim::isa {
namespace {

/// One index between commas: `:`, `start`, or `start +: count [by step] ...`.
struct Index {
  bool everything = false;
  Expr start;
  std::vector<Dim> dims;
  SourcePos where;
};

Index parse_index(TextState& state) {
  TokenStream& tokens = state.tokens;
  Index index;
  index.where = tokens.where();
  if (tokens.accept(":")) {
    index.everything = true;
    return index;
  }
  index.start = parse_expr(state);
  while (tokens.accept("+:")) {
    if (index.dims.size() == max_dims(Space::Hbm)) {
      tokens.fail("an access may have at most 5 dimensions in HBM and 4 on chip");
    }
    Dim dim;
    dim.count = tokens.integer("the count after '+:'", 1, kMaxInteger);
    if (tokens.accept("by")) {
      dim.step = tokens.integer("the step after 'by'", -kMaxInteger, kMaxInteger);
    }
    index.dims.push_back(dim);
  }
  return index;
}

std::vector<Index> parse_indices(TextState& state) {
  std::vector<Index> indices;
  do {
    indices.push_back(parse_index(state));
  } while (state.tokens.accept(","));
  state.tokens.expect("]", "after the index");
  return indices;
}

void apply_partition_index(const Index& index, const Buffer& buffer, Access& access) {
  if (index.everything) {
    access.partitions = buffer.partitions;
    return;
  }
  if (index.dims.size() > 1 || (!index.dims.empty() && index.dims[0].step != 1)) {
    throw UserError(index.where, "partitions are written 'first +: count', without steps");
  }
  if (!index.dims.empty() && index.dims[0].count > kMaxPartitions) {
    throw UserError(index.where,
                    "an access has at most " + std::to_string(kMaxPartitions) + " partitions");
  }
  access.partition = index.start;
  access.partitions = index.dims.empty() ? 1 : index.dims[0].count;
}

void apply_free_index(const Index& index, std::int64_t elements, Access& access) {
  access.offset = index.start;
  access.dims = index.dims;
  if (index.everything) {
    access.dims = {{1, elements}};
  }
}

void apply_buffer_indices(const std::vector<Index>& indices, const Buffer& buffer, Access& access) {
  if (indices.size() != 2) {
    throw UserError(access.where, "a buffer takes two indices: " + buffer.name +
                                      "[partitions, elements], ':' for all of one");
  }
  apply_partition_index(indices[0], buffer, access);
  apply_free_index(indices[1], buffer.elements, access);
}

/// One index per dimension of the shape; each counts in units of its own dimension.
void apply_shape_indices(const std::vector<Index>& indices, const Tensor& tensor, Access& access) {
  std::vector<std::int64_t> stride(tensor.shape.size(), 1);
  for (std::size_t d = stride.size() - 1; d > 0; --d) {
    stride[d - 1] = checked_multiply(stride[d], tensor.shape[d]);
  }
  for (std::size_t d = 0; d < indices.size(); ++d) {
    if (indices[d].everything) {
      access.dims.push_back({stride[d], tensor.shape[d]});
      continue;
    }
    access.offset =
        located(indices[d].where, [&] { return access.offset + indices[d].start * stride[d]; });
    for (const Dim& dim : indices[d].dims) {
      const std::int64_t step =
          located(indices[d].where, [&] { return checked_multiply(dim.step, stride[d]); });
      access.dims.push_back({step, dim.count});
    }
  }
}

void apply_tensor_indices(const std::vector<Index>& indices, const Tensor& tensor, Access& access) {
  if (indices.size() == 1) {
    apply_free_index(indices[0], tensor.elements(), access);
  } else if (indices.size() == tensor.shape.size()) {
    apply_shape_indices(indices, tensor, access);
  } else {
    throw UserError(access.where, "'" + tensor.name + "' takes " +
                                      std::to_string(tensor.shape.size()) +
                                      " indices, one per dimension, or a single one that counts "
                                      "its elements; here are " +
                                      std::to_string(indices.size()));
  }
}

/// Of a buffer with copies: which one.
void parse_copy(TextState& state, Access& access) {
  const bool has_copies =
      access.space != Space::Hbm && state.program.buffers[access.index].copies != 1;
  if (!state.tokens.at("{")) {
    if (has_copies) {
      const Buffer& buffer = state.program.buffers[access.index];
      throw UserError(access.where, "'" + buffer.name + "' has " + std::to_string(buffer.copies) +
                                        " copies: say which, as in " + buffer.name + "{0}");
    }
    return;
  }
  if (!has_copies) {
    state.tokens.fail("only a buffer declared 'transient copies N' has copies to choose from");
  }
  state.tokens.expect("{", "before the number of the copy");
  access.copy = parse_expr(state);
  state.tokens.expect("}", "after the number of the copy");
}

MemoryName parse_memory_name(TextState& state, const std::string& what) {
  const SourcePos where = state.tokens.where();
  const std::string name = state.tokens.name(what + ", a tensor or buffer");
  const auto found = state.memory.find(name);
  if (found == state.memory.end()) {
    std::vector<std::string> names;
    for (const Buffer& buffer : state.program.buffers) {
      names.push_back(buffer.name);
    }
    for (const Tensor& tensor : state.program.tensors) {
      names.push_back(tensor.name);
    }
    throw UserError(where,
                    "no tensor or buffer is called '" + name + "'" + did_you_mean(name, names));
  }
  return found->second;
}

std::string print_dims(const std::vector<Dim>& dims) {
  std::string text;
  for (const Dim& dim : dims) {
    text += " +: " + std::to_string(dim.count);
    if (dim.step != 1) {
      text += " by " + std::to_string(dim.step);
    }
  }
  return text;
}

std::string print_free(const Access& access, const Access& all, const Program& program) {
  if (same(access.offset, all.offset) && same(access.dims, all.dims)) {
    return ":";
  }
  const std::string offset = print_expr(access.offset, program);
  return same(access.dims, {{1, 1}}) ? offset : offset + print_dims(access.dims);
}

std::string print_partition(const Access& access, const Access& all, const Program& program) {
  if (same(access.partition, all.partition) && access.partitions == all.partitions) {
    return ":";
  }
  const std::string first = print_expr(access.partition, program);
  return access.partitions == 1 ? first : first + " +: " + std::to_string(access.partitions);
}

}  // namespace

Access whole(const Program& program, Space space, std::uint32_t index) {
  Access access;
  access.space = space;
  access.index = index;
  if (space == Space::Hbm) {
    access.dims = {{1, program.tensors.at(index).elements()}};
  } else {
    access.partitions = program.buffers.at(index).partitions;
    access.dims = {{1, program.buffers.at(index).elements}};
  }
  return access;
}

Access parse_access(TextState& state, const std::string& what) {
  const SourcePos where = state.tokens.where();
  const MemoryName memory = parse_memory_name(state, what);
  Access access;
  access.space = memory.space;
  access.index = memory.index;
  access.where = where;
  parse_copy(state, access);
  if (!state.tokens.accept("[")) {
    Access all = whole(state.program, memory.space, memory.index);
    all.where = where;
    all.copy = std::move(access.copy);
    return all;
  }
  const std::vector<Index> indices = parse_indices(state);
  if (memory.space == Space::Hbm) {
    apply_tensor_indices(indices, state.program.tensors[memory.index], access);
  } else {
    apply_buffer_indices(indices, state.program.buffers[memory.index], access);
  }
  if (access.dims.empty()) {
    access.dims.push_back({1, 1});
  }
  if (access.dims.size() > max_dims(access.space)) {
    throw UserError(where, "an access has at most " + std::to_string(max_dims(access.space)) +
                               " dimensions here, not " + std::to_string(access.dims.size()));
  }
  return access;
}

std::string print_access(const Access& access, const Program& program) {
  const Access all = whole(program, access.space, access.index);
  const bool hbm = access.space == Space::Hbm;
  std::string name =
      quote_name(hbm ? program.tensors[access.index].name : program.buffers[access.index].name);
  if (!hbm && program.buffers[access.index].copies != 1) {
    name += "{" + print_expr(access.copy, program) + "}";
  }
  const std::string free = print_free(access, all, program);
  const std::string partitions = hbm ? ":" : print_partition(access, all, program);
  if (free == ":" && partitions == ":") {
    return name;
  }
  return name + "[" + (hbm ? "" : partitions + ", ") + free + "]";
}

}  // namespace nsim::isa
