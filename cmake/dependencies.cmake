# SPDX-License-Identifier: Apache-2.0
# Every dependency of the project, and what it replaces. All come from Debian 12 packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# libsystemc-dev: the discrete-event kernel and TLM-2.0. Third-party headers: SYSTEM, so that -Werror is ours alone.
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
# libtomlplusplus-dev: configuration and model files. Always linked: its header-only form aborts on bad input.
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)
# libspdlog-dev + libfmt-dev: logging (only behind sim/base/log.h) and text formatting.
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
# nlohmann-json3-dev: summary.json and the JSON members of containers.
find_package(nlohmann_json REQUIRED)
# libprotozero-dev: protobuf wire format of the Perfetto traces. Header-only, found as a header.
find_path(PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)
# libarchive-dev: gzip'ed tar payload of program containers.
find_package(LibArchive REQUIRED)
# zlib1g-dev: timelines inside the HTML page of a report, which browsers unpack by themselves.
find_package(ZLIB REQUIRED)
# libboost-program-options-dev: the command line of nsim.
find_package(Boost REQUIRED COMPONENTS program_options)
# libeigen3-dev: the independent reference of `nsim run --check`; never used by the simulated datapath.
find_package(Eigen3 REQUIRED NO_MODULE)
# libssl-dev: MD5/SHA-256 hash in the container header.
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
# libsqlite3-dev: results of sweeps, in a file that survives a kill and that every tool can query.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
# python3-numpy (and Debian's python3): runs NKI kernels, whose arrays are numpy's; `nsim nki` starts it, and the build traces the
# kernels of `nsim validate`. Nothing of it is linked.
find_program(PYTHON3_PROGRAM python3 HINTS /usr/bin REQUIRED)
execute_process(COMMAND ${PYTHON3_PROGRAM} -c "import numpy" RESULT_VARIABLE without_numpy ERROR_QUIET)
if(without_numpy)
  message(FATAL_ERROR "${PYTHON3_PROGRAM} has no numpy: install python3-numpy")
endif()
if(NSIM_TESTS)
  # catch2 2.13 with its packaged main.
  find_package(Catch2 2 REQUIRED)
  # librapidcheck-dev: makes call sequences of libnrt and shrinks those that go wrong; replaces a shrinker of our own.
  find_package(rapidcheck REQUIRED)
  # spin: checks the models of the runtime's protocols (*.pml) over their full state spaces; replaces a checker of our own.
  find_program(SPIN_PROGRAM spin REQUIRED)
  # chromium, chromium-driver, python3-selenium, python3-pil: the tests of reports in a browser (tests/browser), which say so
  # when one is missing; nothing else needs them. axe-core, which looks for errors of accessibility, stands beside those tests.
  # slurm-wlm, munge: a Slurm cluster of one node for tests of `nsim sweep --executor slurm`. Only where they are installed:
  # setup.sh does not put daemons on a machine.
  find_program(SLURMCTLD_PROGRAM slurmctld HINTS /usr/sbin)
  find_program(MUNGED_PROGRAM munged HINTS /usr/sbin)
endif()
