// SPDX-License-Identifier: Apache-2.0
// A client of libnrt for conformance tests: a session with a small model (y = x + 1), through
// public headers only.
#pragma once

#include <nrt/nrt_experimental.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "tests/conformance/any_generation.h"

namespace nsim::test {

struct Variable {
  const char* name;
  std::string value;
};

/// Sets environment variables, and puts the old values back.
class EnvironmentGuard {
 public:
  EnvironmentGuard(std::initializer_list<Variable> variables);
  ~EnvironmentGuard();
  EnvironmentGuard(const EnvironmentGuard&) = delete;
  EnvironmentGuard& operator=(const EnvironmentGuard&) = delete;

 private:
  std::map<std::string, std::string> before_;
  std::vector<std::string> unset_before_;
};

/// A session with hooks, without log lines and without dumps of failures. Everything it makes lives
/// until nrt_close.
class Client {
 public:
  /// An x and a y, in the sets of an execution.
  struct Job {
    nrt_model_t* model = nullptr;
    nrt_tensor_t* x = nullptr;
    nrt_tensor_t* y = nullptr;
    nrt_tensor_set_t* inputs = nullptr;
    nrt_tensor_set_t* outputs = nullptr;
  };

  Client(std::initializer_list<Variable> environment = {});
  ~Client();

  /// Physical cores per logical core: what programs must be made for to be loaded.
  static int cores_per_logical();
  static std::string target();
  static std::vector<std::byte> container(int repeat = 1);
  /// Bytes of x, and of y.
  static std::size_t bytes(int repeat = 1);

  nrt_model_t* load(int core = 0, int repeat = 1);
  nrt_tensor_t* tensor(std::size_t size, int core = 0);
  nrt_tensor_set_t* set(const char* name, nrt_tensor_t* tensor);
  /// A loaded model with tensors of its own; x is all zero.
  Job job(int core = 0, int repeat = 1);
  /// The same model with input and output exchanged.
  Job reversed(const Job& job);
  nrta_error_tracker_t* tracker(int core = 0);

  static NRT_STATUS schedule(const Job& job, nrta_seq_t* sequence,
                             nrta_error_tracker_t* tracker = nullptr);
  /// Schedules one that must be accepted.
  static nrta_seq_t start(const Job& job, nrta_error_tracker_t* tracker = nullptr);
  /// Until the request is complete; fails the test after five minutes.
  static void wait(nrta_seq_t sequence);
  static std::vector<nrta_error_t> errors(nrta_error_tracker_t* tracker);
  static std::vector<float> read(nrt_tensor_t* tensor);
  static void fill(nrt_tensor_t* tensor, float value);
  static nrta_seq_t completed(nrta_xu_t xu, int queue = 0, std::uint32_t core = 0);
  static void pause(nrta_xu_t xu, bool paused, int queue = 0);

 private:
  EnvironmentGuard defaults_{{"NSIM_HOOKS", "1"}, {"NEURON_RT_LOG_LEVEL", "QUIET"},
                             {"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", ""}};
  EnvironmentGuard environment_;
};

}  // namespace nsim::test
