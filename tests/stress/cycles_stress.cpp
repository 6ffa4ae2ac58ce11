// SPDX-License-Identifier: Apache-2.0
// cycles_stress [--cycles N] [--signals]: N times nrt_init and nrt_close with configurations,
// clocks and core ranges that change, every third time with requests in flight. Between the first
// 100 cycles (of fewer than 200: the first half) and the last the process may grow by 1 MiB, and
// has as many descriptors and threads as before. With --signals a handled signal interrupts
// whatever is under way two thousand times a second.
#include <malloc.h>
#include <nrt/nrt_async.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "tests/stress/stress_checks.h"

using nsim::test::entries;
using nsim::test::living_threads;
using nsim::test::require;

namespace {

struct Variant {
  const char* config;
  const char* clock;
  const char* cores;
  const char* set;
};
constexpr Variant kVariants[] = {
    {"trn1", "free", "0-1", ""},
    {"trn1", "step", "1", "runtime.queue_depth=2"},
    {"trn2", "free", "0-3", "instance.numerics=off"},
    {"trn2_lnc1", "step", "2-5", ""},
    {"inf2", "free", "0", "hbm.model=banked"},
};

void cycle(int number) {
  const Variant& variant = kVariants[static_cast<std::size_t>(number) % std::size(kVariants)];
  setenv("NSIM_CONFIG", variant.config, 1);
  setenv("NSIM_CLOCK", variant.clock, 1);
  setenv("NEURON_RT_VISIBLE_CORES", variant.cores, 1);
  setenv("NSIM_SET", variant.set, 1);
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  static char buffer[4096];
  nrt_tensor_t* tensor = nullptr;
  nrta_error_tracker_t* tracker = nullptr;
  require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, sizeof buffer, "t", &tensor),
          "nrt_tensor_allocate");
  require(nrta_error_tracker_create(0, &tracker), "nrta_error_tracker_create");
  nrta_seq_t sequence = 0;
  for (int i = 0; i < 2; ++i) {
    require(nrta_tensor_write(tensor, buffer, 0, sizeof buffer, 0, tracker, &sequence),
            "nrta_tensor_write");
  }
  bool done = number % 3 == 0;
  while (!done) {
    require(nrta_is_completed(sequence, &done), "nrta_is_completed");
  }
  nrt_close();
}

void interrupt_always() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // and no SA_RESTART: system calls return EINTR
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often{{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
}

struct Footprint {
  long kib = 0;
  long descriptors = 0;
  long threads = 0;
};

Footprint footprint() {
  malloc_trim(0);  // what the allocator keeps for later is not growth
  std::ifstream statm("/proc/self/statm");
  Footprint now;
  long size = 0;
  statm >> size >> now.kib;
  now.kib *= 4;
  now.descriptors = entries("/proc/self/fd");
  now.threads = living_threads();
  return now;
}

}  // namespace

int main(int argc, char** argv) {
  const int cycles = argc >= 3 && std::strcmp(argv[1], "--cycles") == 0 ? std::atoi(argv[2]) : 200;
  if (argc > 1 && std::strcmp(argv[argc - 1], "--signals") == 0) {
    interrupt_always();
  }
  const int first = std::min(100, cycles / 2);
  for (int i = 0; i < first; ++i) {
    cycle(i);
  }
  const Footprint before = footprint();
  for (int i = first; i < cycles; ++i) {
    cycle(i);
  }
  const Footprint after = footprint();
  std::printf(
      "%d cycles: %+ld KiB after the first %d, descriptors %ld -> %ld, threads %ld -> %ld\n",
      cycles, after.kib - before.kib, first, before.descriptors, after.descriptors, before.threads,
      after.threads);
  constexpr long kGrowth = 1024;
  const bool kept = after.kib - before.kib <= kGrowth && after.descriptors == before.descriptors &&
                    after.threads == before.threads;
  return kept ? 0 : 1;
}
