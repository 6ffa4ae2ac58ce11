// SPDX-License-Identifier: Apache-2.0
// How a session is set up: from the environment for a client program, or by the nsim program
// itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/base/waves.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

struct Options {
  /// A configuration file, or the name of a shipped one ("trn1", "trn2"). NSIM_CONFIG. Default
  /// "trn1".
  std::string config = "trn1";
  /// "path=value" overrides, in order. NSIM_SET, separated by ';'.
  std::vector<std::string> set;
  /// Where summary.json, resolved.toml and traces go; "" for none. NSIM_OUT.
  std::string out;
  /// A fault plan: a file, or the name of a shipped one; "" for none. NSIM_FAULTS.
  std::string faults;
  /// Whether traces are written there too. NSIM_TRACE=0 leaves them out.
  bool trace = true;
  /// Signals of the hardware as a VCD file. NSIM_VCD, and NSIM_SIGNALS separated by ';'.
  WaveOptions waves;
  /// Whether the critical path of every request is written there, for `nsim why`. NSIM_WHY=1.
  bool paths = false;
  /// Whether session_record() lists requests even when nothing is written. NSIM_RECORDS.
  bool records = false;
};

struct Environment;

/// The options of the next nrt_init: what set_options() said, else what `environment` says.
Options options(const Environment& environment);
void set_options(Options options);

/// The file of a configuration: an existing path as it is, else <name>.toml in NSIM_CONFIG_DIR, the
/// source tree's or the installed configs/. Throws UserError listing the shipped names.
std::string find_config(const std::string& name_or_path);
/// The same for a fault plan, in the folder configs/faults.
std::string find_faults(const std::string& name_or_path);

/// A shipped file by its path in the source tree ("models/gemm_1024.toml"), there or where it was
/// installed. Throws UserError when it is in neither place.
std::string find_shared(const std::string& path);
/// The same, or "" when it is in neither place.
std::string try_shared(const std::string& path);

/// Resolves every parameter a session has (hardware, clock, runtime) and refuses keys that nobody
/// used; what remains of the configuration is printed by `nsim params`. Throws UserError.
std::shared_ptr<const hw::InstanceParams> resolve_parameters(Config& config);

}  // namespace nsim::rt
