// SPDX-License-Identifier: Apache-2.0
// Programs from their sources; see nsim_program.h.
#include <nsim_program.h>

#include <cstdlib>
#include <cstring>

#include "models/program_file.h"
#include "runtime/border.h"
#include "runtime/loader.h"
#include "runtime/parameters.h"
#include "runtime/status.h"
#include "sim/isa/container.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

/// Memory of the client's, with a NUL behind `size` bytes.
char* give_memory(const void* data, std::size_t size) {
  auto* const memory = static_cast<char*>(std::malloc(size + 1));
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  std::memcpy(memory, data, size);
  memory[size] = '\0';
  return memory;
}

void clear(char** message) {
  if (message != nullptr) {
    *message = nullptr;
  }
}

/// body(), whose exceptions become `message` on their way to the border.
template <class Body>
NRT_STATUS explained(char** message, Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    const char* const text = error.what();
    if (message != nullptr) {
      *message = static_cast<char*>(std::malloc(std::strlen(text) + 1));
    }
    if (message != nullptr && *message != nullptr) {
      std::memcpy(*message, text, std::strlen(text) + 1);
    }
    throw;
  }
}

isa::Limits limits_of(const char* config) {
  const Lease lease;
  if (config == nullptr && lease) {
    return lease->limits();
  }
  const Environment environment = read_environment();
  Options chosen = options(environment);
  if (config != nullptr) {
    chosen.config = config;
  }
  Config loaded = load_config(environment, chosen);
  return hw::Hardware::limits_of(*resolve(loaded).hardware);
}

isa::Program program_of(const void* source, std::size_t size, const char* name,
                        const isa::Limits& limits) {
  require_pointer(source, "source");
  require_pointer(name, "name");
  const auto* const bytes = static_cast<const std::byte*>(source);
  return ml::make_program({bytes, bytes + size}, name, limits).program;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nsim_program_assemble(const void* source, size_t size, const char* name,
                                 const char* config, void** container, size_t* container_size,
                                 char** message) {
  clear(message);
  return at_border(__func__, [&] {
    return explained(message, [&] {
      require_pointer(container, "container");
      require_pointer(container_size, "container_size");
      const nsim::isa::Limits limits = limits_of(config);
      const nsim::isa::Program program = program_of(source, size, name, limits);
      nsim::isa::expand(program, limits);
      const std::vector<std::byte> bytes = nsim::isa::write_container(program);
      *container = give_memory(bytes.data(), bytes.size());
      *container_size = bytes.size();
      return NRT_SUCCESS;
    });
  });
}

NRT_STATUS nsim_program_load(const void* source, size_t size, const char* name, int32_t vnc,
                             nrt_model_t** model, char** message) {
  clear(message);
  return in_session(__func__, [&](Session& session) {
    return explained(message, [&] {
      require_pointer(model, "model");
      if (vnc < kAnyCore) {
        throw StatusError(NRT_INVALID, "vnc must be -1 or a logical core");
      }
      const nsim::SimTime start = session.now();
      *model = session.objects().models.add(
          load(session, program_of(source, size, name, session.limits()), vnc));
      session.trace_call("nrt_load", session.objects().models.get(*model)->core, start);
      return NRT_SUCCESS;
    });
  });
}

NRT_STATUS nsim_program_report(char** json) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(json, "json");
    const std::string text = summary_json(session.record());
    *json = give_memory(text.data(), text.size());
    return NRT_SUCCESS;
  });
}

void nsim_program_free(void* memory) {
  std::free(memory);
}
