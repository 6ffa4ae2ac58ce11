// SPDX-License-Identifier: Apache-2.0
// A client of libnrt that does what a sequence of bytes says: right calls and wrong ones (NULL,
// stale, freed and foreign handles, overflowing ranges, ids never given, calls without a session),
// full queues, paused units, faults, nrt_close with work in flight. Every status, id and byte is
// compared with the oracle, in the generation whose calls it is linked with. It orders accesses of
// different units to one storage as clients must (R26), and nothing else.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "tests/support/api_oracle.h"

namespace nsim::test {

class ApiMachine {
 public:
  /// `container`: the program y = x + 1 of test_program.h for the configured device, of which
  /// `bytes` bytes are x, and y.
  ApiMachine(std::vector<std::byte> container, std::size_t bytes, std::uint64_t depth);
  ~ApiMachine();
  ApiMachine(const ApiMachine&) = delete;
  ApiMachine& operator=(const ApiMachine&) = delete;

  /// Throws ApiMismatch. Afterwards the session is closed.
  void run(const std::uint8_t* data, std::size_t size);
  // How much was done, so that a run that shows nothing is noticed.
  std::uint64_t calls() const { return calls_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t failed() const { return failed_; }
  std::uint64_t compared() const { return compared_; }

 private:
  struct Job {  // of one core
    nrt_model_t* model = nullptr;
    nrt_tensor_set_t* inputs = nullptr;
    nrt_tensor_set_t* outputs = nullptr;
    TensorModel x, y;
    nrta_error_tracker_t* tracker = nullptr;
  };

  void walk(const std::uint8_t* data, std::size_t size);
  void forget();

  // One call each.
  void open();
  void close();
  void allocate(Decisions& decide);
  void slice(Decisions& decide);
  void free(Decisions& decide);
  void write(Decisions& decide);
  void read(Decisions& decide);
  void copy(Decisions& decide);
  void execute(Decisions& decide);
  void sum(Decisions& decide);
  void fill_input(Decisions& decide);
  void ask_completed(Decisions& decide);
  void ask_sequence(Decisions& decide);
  void ask_errors(Decisions& decide);
  void ask_handle(Decisions& decide);
  void pause(Decisions& decide);
  void inject(Decisions& decide);
  void wait(Decisions& decide);
  void write_now(Decisions& decide);
  void read_now(Decisions& decide);

  struct Range {
    TensorModel tensor;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    Statuses errors;
  };
  struct Target {
    UnitModel* unit = nullptr;
    int queue = 0;
    nrta_error_tracker_t* tracker = nullptr;
    Statuses errors;
  };
  Range choose_range(Decisions& decide);
  static int core_of(const Range& range);
  Target choose_target(Decisions& decide, int core, nrta_xu_t xu);
  /// Makes one schedule call and checks its answer; true when it was accepted.
  bool schedule(const char* name, const Target& target, const Statuses& errors,
                const std::function<NRT_STATUS(nrta_seq_t*)>& call);
  void check(NRT_STATUS got, Statuses errors, const char* call);
  /// What a call returns without a session.
  NRT_STATUS closed() const;
  UnitModel& choose_unit(Decisions& decide);
  UnitModel* unit_of(int core, nrta_xu_t xu, int queue);
  void drain(UnitModel& unit);
  void settle(UnitModel& unit, std::uint64_t completed, bool cancelled);
  void order(StorageModel& storage, UnitModel* unit, bool writes);
  void open_job(int core);
  void prepare_wrong(Decisions& decide);
  nrt_cc_context_t* prepare_sum(int core);

  const std::vector<std::byte> container_;
  const std::size_t bytes_;
  const std::uint64_t depth_;
  std::uint64_t calls_ = 0;
  std::uint64_t accepted_ = 0;  // requests
  std::uint64_t failed_ = 0;    // of them, by faults
  std::uint64_t compared_ = 0;  // bytes read
  bool is_open_ = false;
  std::vector<UnitModel> units_;
  std::array<Job, 2> jobs_;
  std::vector<TensorModel> tensors_;
  std::vector<nrt_tensor_t*> stale_;
  nrta_error_tracker_t* stale_tracker_ = nullptr;
};

}  // namespace nsim::test
