// SPDX-License-Identifier: Apache-2.0
#include "runtime/loader.h"

#include <fmt/format.h>

#include "runtime/neff_loader.h"
#include "runtime/session_slot.h"
#include "runtime/status.h"
#include "sim/base/log.h"
#include "sim/isa/container.h"
#include "sim/isa/expand.h"

namespace nsim::rt {
namespace {

NRT_STATUS status_of(isa::ContainerError::Kind kind) {
  using Kind = isa::ContainerError::Kind;
  const bool unsupported = kind == Kind::UnsupportedVersion || kind == Kind::NotExecutable;
  return unsupported ? NRT_UNSUPPORTED_NEFF_VERSION : NRT_INVALID;
}

/// Mismatches of program and device that have a status of their own; expand() finds everything
/// else.
void check_device(const isa::Program& program, const isa::Limits& limits) {
  if (program.target != limits.target) {
    throw StatusError(NRT_UNSUPPORTED_NEFF_VERSION,
                      fmt::format("program \"{}\" was made for {}, the device is {}", program.name,
                                  program.target, limits.target));
  }
  if (program.cores != limits.cores_per_logical) {
    throw StatusError(NRT_INVALID,
                      fmt::format("program \"{}\" needs {} physical cores per logical core, "
                                  "NEURON_LOGICAL_NC_CONFIG is {}",
                                  program.name, program.cores, limits.cores_per_logical));
  }
}

/// A place among the models of a core, given back unless kept.
class Seat {
 public:
  Seat(Session& session, int core) : session_(session), core_(core) {
    const std::lock_guard<std::mutex> lock(session.load_mutex());
    std::vector<int>& models = session.models_of_core();
    if (core == kAnyCore) {
      core_ = 0;
      while (core_ < static_cast<int>(models.size()) &&
             models[static_cast<std::size_t>(core_)] != 0) {
        ++core_;
      }
      if (core_ == static_cast<int>(models.size())) {
        throw StatusError(NRT_LOAD_NOT_ENOUGH_NC,
                          fmt::format("all {} logical cores have a model", models.size()));
      }
    } else {
      session.require_core(core);
    }
    ++models[static_cast<std::size_t>(core_)];
  }
  ~Seat() {
    if (!kept_) {
      leave(session_, core_);
    }
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  int core() const { return core_; }
  void keep() { kept_ = true; }
  static void leave(Session& session, int core) {
    const std::lock_guard<std::mutex> lock(session.load_mutex());
    --session.models_of_core()[static_cast<std::size_t>(core)];
  }

 private:
  Session& session_;
  int core_;
  bool kept_ = false;
};

/// Inputs and outputs under the names and in the order of the program.
void make_ports(const isa::Program& program, LoadedModel& model) {
  for (std::size_t index = 0; index < program.tensors.size(); ++index) {
    const isa::Tensor& tensor = program.tensors[index];
    LoadedModel::Port port{index, tensor.name, static_cast<std::uint64_t>(tensor.bytes()),
                           dtype_of(tensor.dtype), tensor.shape};
    if (tensor.kind == isa::TensorKind::Input) {
      model.inputs.push_back(std::move(port));
    } else if (tensor.kind == isa::TensorKind::Output) {
      model.outputs.push_back(std::move(port));
    }
  }
}

/// The same, under the names, with the shapes and in the order of the NEFF.
void make_ports(const SubstitutedProgram& substituted, LoadedModel& model) {
  for (const SubstitutedTensor& each : substituted.tensors) {
    const isa::Tensor& tensor = substituted.program.tensors[each.index];
    auto& ports = tensor.kind == isa::TensorKind::Input ? model.inputs : model.outputs;
    ports.push_back({each.index, each.neff->name, static_cast<std::uint64_t>(each.neff->bytes),
                     dtype_of(tensor.dtype), each.neff->shape});
  }
}

/// Gives every weight and internal tensor its memory, and weights their contents.
void place_tensors(Session& session, const isa::Program& program, LoadedModel& model) {
  const std::shared_ptr<HbmPool> pool = session.pool_of_core(model.core);
  model.bindings.assign(program.tensors.size(), 0);
  for (std::size_t index = 0; index < program.tensors.size(); ++index) {
    const isa::Tensor& tensor = program.tensors[index];
    const auto bytes = static_cast<std::uint64_t>(tensor.bytes());
    const bool weight = tensor.kind == isa::TensorKind::Weight;
    if (weight || tensor.kind == isa::TensorKind::Internal) {
      model.memory.push_back(Allocation::device(
          pool, bytes, weight ? MemoryUse::Constants : MemoryUse::Scratchpad, model.name));
      const Allocation& memory = *model.memory.back();
      model.bindings[index] = memory.address();
      if (weight && session.numerics() && tensor.init.kind != num::Init::Kind::None) {
        num::fill(tensor.init, tensor.name, tensor.dtype, memory.data(),
                  static_cast<std::size_t>(tensor.elements()));
      }
    }
  }
}

void place_code(Session& session, LoadedModel& model) {
  std::int64_t bytes = 0;
  for (const isa::CoreStreams& core : model.streams->cores) {
    bytes += hw::code_bytes(core);
  }
  model.memory.push_back(Allocation::device(session.pool_of_core(model.core),
                                            static_cast<std::uint64_t>(bytes), MemoryUse::Code,
                                            model.name));
  const std::uint64_t code = model.memory.back()->address();
  session.on_device([&](hw::Hardware& hardware) {
    model.program =
        hardware.load_program(session.cores().first + model.core, model.streams, model.id, code);
  });
}

void log_sizes(const LoadedModel& model) {
  std::map<MemoryUse, std::uint64_t> sizes;
  for (const std::shared_ptr<Allocation>& memory : model.memory) {
    sizes[memory->use()] += memory->bytes();
  }
  for (const auto& [use, bytes] : sizes) {
    NSIM_LOG(Tdrv, Info, "model \"{}\": {} bytes of {}", model.name, bytes, memory_use_name(use));
  }
}

/// What each operator asks for; those without work are left out.
std::vector<std::pair<std::string, isa::Work>> operators_of(const isa::Streams& streams) {
  std::vector<std::pair<std::string, isa::Work>> operators;
  for (std::size_t label = 0; label < streams.labels.size(); ++label) {
    if (streams.label_work[label].instructions > 0) {
      operators.emplace_back(streams.labels[label], streams.label_work[label]);
    }
  }
  return operators;
}

/// Loads `program` for a model that has its ports.
std::shared_ptr<LoadedModel> load_onto(Session& session, const isa::Program& program,
                                       std::shared_ptr<LoadedModel> model, int core) {
  const isa::Limits limits = session.limits();
  model->streams = isa::expand(program, limits);
  model->name = program.name;

  Seat seat(session, core);
  model->core = seat.core();
  place_tensors(session, program, *model);
  ModelRecord record;
  record.name = model->name;
  record.core = session.cores().first + model->core;
  record.work = model->streams->work;
  record.operators = operators_of(*model->streams);
  record.spilled_bytes = model->streams->spilled_bytes;
  const isa::Streams& streams = *model->streams;
  record.sbuf = {streams.sbuf_peak, streams.sbuf_bytes, limits.sbuf_partition_bytes};
  record.psum = {streams.psum_peak, streams.psum_bytes, limits.psum_partition_bytes};
  model->id = session.add_model_record(std::move(record));
  place_code(session, *model);
  seat.keep();
  log_sizes(*model);
  NSIM_LOG(Nmgr, Info, "loaded \"{}\" as model {} on logical core {}", model->name, model->id,
           model->core);
  return model;
}

std::shared_ptr<LoadedModel> load_neff(Session& session, isa::Neff neff, const NeffSite& site,
                                       int core) {
  check_neff(neff, site);
  SubstitutedProgram found = substitute(std::move(neff), session.substitutions(), site);
  check_device(found.program, site.limits);
  const auto model = std::make_shared<LoadedModel>();
  make_ports(found, *model);
  NSIM_LOG(Nmgr, Info, "program \"{}\" takes the place of NEFF \"{}\"", found.program.name,
           found.neff.header.name);
  return load_onto(session, found.program, model, core);
}

}  // namespace

std::shared_ptr<LoadedModel> load(Session& session, const isa::Program& program, int core) {
  const auto model = std::make_shared<LoadedModel>();
  make_ports(program, *model);
  return load_onto(session, program, model, core);
}

std::shared_ptr<LoadedModel> load_container(Session& session, const std::byte* data,
                                            std::size_t size, int core, bool collectives) {
  const Environment& environment = session.environment();
  try {
    if (auto program = isa::find_program(data, size, environment.validate_hash)) {
      check_device(*program, session.limits());
      return load(session, *program, core);
    }
    return load_neff(
        session, isa::read_neff(data, size),
        {session.limits(), session.cores().count, environment.allow_legacy_neff, collectives},
        core);
  } catch (const isa::ContainerError& error) {
    throw StatusError(status_of(error.kind()), error.what());
  }
}

void unload(Session& session, std::shared_ptr<LoadedModel> model) {
  session.wait([&] { return model->in_flight.load(std::memory_order_acquire) == 0; });
  session.on_device([&](hw::Hardware& hardware) { hardware.unload_program(model->program); });
  Seat::leave(session, model->core);
}

nrt_model_t* load_program(const isa::Program& program, int core) {
  const Lease lease;
  if (!lease) {
    throw UserError("no session is open");
  }
  return lease->objects().models.add(load(*lease, program, core));
}

}  // namespace nsim::rt
