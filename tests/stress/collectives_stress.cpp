// SPDX-License-Identifier: Apache-2.0
// collectives_stress [--rounds N] [--seed S]: a thread per logical core, each a rank. In N rounds
// the ranks reduce, scatter and gather counters, several operations in flight, beside barriers of
// their hosts; what comes out is compared with what each thread computes by itself.
#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/stress_checks.h"

using nsim::test::expect;
using nsim::test::failures;
using nsim::test::require;

namespace {

constexpr std::uint64_t kElements = 240;  // shared out evenly over 1 to 6 and 8 ranks
constexpr int kInFlight = 5;

/// One rank: all operations are in place in a tensor of its own, or between it and a smaller one.
class Rank {
 public:
  Rank(std::uint32_t rank, std::uint32_t ranks, unsigned seed)
      : rank_(rank), ranks_(ranks), random_(seed), all_(kElements), expected_(ranks) {
    const int core = static_cast<int>(rank);
    require(nrt_cc_global_comm_init(rank, rank, ranks), "nrt_cc_global_comm_init");
    require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, bytes(), "all", &whole_),
            "nrt_tensor_allocate");
    require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, bytes() / ranks, "part", &part_),
            "nrt_tensor_allocate");
    require(nrta_error_tracker_create(rank, &tracker_), "nrta_error_tracker_create");
    for (std::uint32_t r = 0; r < ranks; ++r) {
      expected_[r].resize(kElements);
      for (std::uint64_t i = 0; i < kElements; ++i) {
        expected_[r][i] = static_cast<std::uint32_t>(r * 1000 + i);
      }
    }
    require(nrt_tensor_write(whole_, expected_[rank].data(), 0, bytes()), "nrt_tensor_write");
  }

  void run(int rounds) {
    nrta_seq_t last = 0;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < kInFlight; ++i) {
        if (random_() % 2 == 0) {
          last = schedule(NRT_CC_ALLREDUCE, whole_, whole_);
          reduce();
        } else {
          schedule(NRT_CC_REDUCESCATTER, whole_, part_);
          last = schedule(NRT_CC_ALLGATHER, part_, whole_);
          reduce();
        }
      }
      bool done = false;
      while (!done) {
        require(nrta_is_completed(last, &done), "nrta_is_completed");
        usleep(1);
      }
      if (random_() % 4 == 0) {
        require(nrt_barrier(static_cast<std::int32_t>(rank_), rank_, ranks_), "nrt_barrier");
      }
      require(nrt_tensor_read(whole_, all_.data(), 0, bytes()), "nrt_tensor_read");
      expect(all_ == expected_[rank_], "a rank has what it computed by itself");
    }
    const nrta_error_t* errors = nullptr;
    std::size_t count = 1;
    require(nrta_error_tracker_get_list(tracker_, &errors, &count), "nrta_error_tracker_get_list");
    expect(count == 0, "no request fails");
  }

 private:
  static std::size_t bytes() { return kElements * sizeof(std::uint32_t); }

  nrta_seq_t schedule(nrt_cc_op_type_t kind, nrt_tensor_t* input, nrt_tensor_t* output) {
    nrt_cc_comm_t comm{};
    comm.rank = rank_;
    comm.rank_n = ranks_;
    comm.ctx_device_id = rank_;
    comm.ctx_device_count = ranks_;
    comm.vnc = rank_;
    nrt_tensor_list_t inputs{&input, 1};
    nrt_tensor_list_t outputs{&output, 1};
    nrt_cc_context_t* context = nullptr;
    require(nrta_cc_prepare(&comm, &inputs, &outputs, NRT_DTYPE_UINT32, NRT_OP_ADD, kind, &context),
            "nrta_cc_prepare");
    nrta_seq_t sequence = 0;
    require(nrta_cc_schedule(&context, 0, tracker_, &sequence), "nrta_cc_schedule");
    return sequence;
  }

  /// Every rank has the sum of all, modulo 2^32.
  void reduce() {
    for (std::uint64_t i = 0; i < kElements; ++i) {
      std::uint32_t sum = 0;
      for (const std::vector<std::uint32_t>& one : expected_) {
        sum += one[i];
      }
      for (std::vector<std::uint32_t>& one : expected_) {
        one[i] = sum;
      }
    }
  }

  const std::uint32_t rank_;
  const std::uint32_t ranks_;
  std::mt19937 random_;  // the same for all ranks: they agree on what comes next
  nrt_tensor_t* whole_ = nullptr;
  nrt_tensor_t* part_ = nullptr;
  nrta_error_tracker_t* tracker_ = nullptr;
  std::vector<std::uint32_t> all_;
  std::vector<std::vector<std::uint32_t>> expected_;  // by rank
};

}  // namespace

int main(int argc, char** argv) {
  int rounds = 20;
  unsigned seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const int value = std::atoi(argv[i + 1]);
    rounds = option == "--rounds" ? value : rounds;
    seed = option == "--seed" ? static_cast<unsigned>(value) : seed;
  }
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  std::uint32_t ranks = 0;
  require(nrt_get_visible_vnc_count(&ranks), "nrt_get_visible_vnc_count");
  std::vector<std::thread> threads;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([=] { Rank(rank, ranks, seed).run(rounds); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  nrt_close();
  std::printf("%u ranks, %d rounds, %d failures\n", ranks, rounds, failures.load());
  return failures == 0 ? 0 : 1;
}
