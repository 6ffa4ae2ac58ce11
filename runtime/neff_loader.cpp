// SPDX-License-Identifier: Apache-2.0
#include "runtime/neff_loader.h"

#include <fmt/format.h>

#include "models/program_file.h"
#include "runtime/status.h"
#include "sim/isa/target.h"

namespace nsim::rt {
namespace {

void check_architecture(const isa::Neff& neff, const NeffSite& site) {
  const int device = isa::core_version(site.limits.target);
  const bool legacy = neff.core_version != 0 && neff.core_version < device && site.allow_legacy;
  if (neff.core_version != device && !legacy) {
    throw StatusError(
        NRT_UNSUPPORTED_NEFF_VERSION,
        fmt::format("NEFF \"{}\" was compiled for {}, the device has {}{}", neff.header.name,
                    neff.core_version == 0 ? neff.target : isa::core_name(neff.core_version),
                    isa::core_name(device),
                    neff.core_version != 0 && neff.core_version < device
                        ? ": NEURON_RT_ALLOW_LEGACY_NEFF=1 accepts older ones"
                        : ""));
  }
}

}  // namespace

void check_neff(const isa::Neff& neff, const NeffSite& site) {
  check_architecture(neff, site);
  if (neff.header.cores_per_logical() != site.limits.cores_per_logical) {
    throw StatusError(
        NRT_INVALID,
        fmt::format("NEFF \"{}\" was compiled for {} physical cores per logical core (lnc_size), "
                    "NEURON_LOGICAL_NC_CONFIG is {}",
                    neff.header.name, neff.header.cores_per_logical(),
                    site.limits.cores_per_logical));
  }
  const std::uint32_t needed = neff.header.requested_tpb_count;
  if (needed > static_cast<std::uint32_t>(site.visible_cores)) {
    throw StatusError(NRT_LOAD_NOT_ENOUGH_NC,
                      fmt::format("NEFF \"{}\" needs {} logical cores, this process has {}",
                                  neff.header.name, needed, site.visible_cores));
  }
  if (needed > 1) {
    throw StatusError(NRT_UNSUPPORTED_NEFF_VERSION,
                      fmt::format("NEFF \"{}\" runs on {} logical cores at once: only those of one "
                                  "can be substituted",
                                  neff.header.name, needed));
  }
  if (neff.has_collectives() && !site.collectives) {
    throw StatusError(NRT_INVALID, fmt::format("NEFF \"{}\" has collectives: nrt_load_collectives "
                                               "loads it, nrt_load does not",
                                               neff.header.name));
  }
}

SubstitutedProgram substitute(isa::Neff neff, const SubstitutionMap& map, const NeffSite& site) {
  SubstitutedProgram out;
  out.neff = std::move(neff);
  const Substitute* entry = map.find(out.neff);
  if (entry == nullptr) {
    throw StatusError(
        NRT_UNSUPPORTED_NEFF_VERSION,
        fmt::format("the instructions of NEFF \"{}\" cannot be simulated; to say which program "
                    "computes the same, add to the file that NSIM_SUBSTITUTE names: {}",
                    out.neff.header.name, example_entry(out.neff)));
  }
  try {
    out.program = ml::open_program(entry->program, site.limits).program;
    out.tensors = pair_tensors(out.neff, out.program, *entry);
  } catch (const UserError& error) {
    throw StatusError(NRT_INVALID, error.what());
  }
  return out;
}

}  // namespace nsim::rt
