// SPDX-License-Identifier: Apache-2.0
// units_stress [--threads N] [--requests M] [--seed S] [--sessions K]: N threads schedule M
// requests each on units, cores and queues of their choice, wait for them in every way there is,
// and meet injected faults; K times over, the last requests in flight when nrt_close comes. Checks
// that every accepted request completes once and that every failure is in its tracker.
#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>
#include <nsim_hooks.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/stress/stress_checks.h"
#include "tests/support/test_program.h"

using nsim::test::expect;
using nsim::test::failures;
using nsim::test::require;

namespace {

struct Settings {
  int threads = 4;
  int requests = 200;
  unsigned seed = 1;
  int sessions = 3;
};

/// What one core's requests work on; shared by all threads. Their data are not looked at: they race
/// on purpose.
struct Core {
  nrt_model_t* model = nullptr;
  nrt_tensor_t* x = nullptr;
  nrt_tensor_t* y = nullptr;
  nrt_tensor_set_t* inputs = nullptr;
  nrt_tensor_set_t* outputs = nullptr;
  nrta_error_tracker_t* tracker = nullptr;
  std::atomic<std::size_t> injected{0};
};

constexpr int kCores = 2;
constexpr std::size_t kBytes = 128 * 64 * sizeof(float);

void open(Core& core, int index) {
  const std::vector<std::byte> neff = nsim::test::increment_container("trn1", 1);
  require(nrt_load(neff.data(), neff.size(), index, -1, &core.model), "nrt_load");
  require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, index, kBytes, "x", &core.x),
          "nrt_tensor_allocate");
  require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, index, kBytes, "y", &core.y),
          "nrt_tensor_allocate");
  require(nrt_allocate_tensor_set(&core.inputs), "nrt_allocate_tensor_set");
  require(nrt_allocate_tensor_set(&core.outputs), "nrt_allocate_tensor_set");
  require(nrt_add_tensor_to_tensor_set(core.inputs, "x", core.x), "nrt_add_tensor_to_tensor_set");
  require(nrt_add_tensor_to_tensor_set(core.outputs, "y", core.y), "nrt_add_tensor_to_tensor_set");
  require(nrta_error_tracker_create(static_cast<std::uint32_t>(index), &core.tracker),
          "nrta_error_tracker_create");
}

class Worker {
 public:
  Worker(Core* cores, const Settings& settings, int index)
      : cores_(cores),
        requests_(settings.requests),
        random_(settings.seed * 1000 + static_cast<unsigned>(index)),
        buffers_(2, std::vector<char>(kBytes)) {}

  void run(bool wait_for_all) {
    for (int i = 0; i < requests_; ++i) {
      nrta_seq_t sequence = 0;
      NRT_STATUS status = schedule(&sequence);
      while (status == NRT_QUEUE_FULL) {
        std::this_thread::yield();
        status = schedule(&sequence);
      }
      expect(status == NRT_SUCCESS, "a request is accepted");
      accepted_.push_back(sequence);
      if (random_() % 4 == 0) {
        wait(sequence);
      }
    }
    for (const nrta_seq_t sequence : accepted_) {
      if (wait_for_all) {
        wait(sequence);
      }
    }
  }

 private:
  NRT_STATUS schedule(nrta_seq_t* sequence) {
    Core& core = cores_[random_() % kCores];
    const int queue = static_cast<int>(random_() % 2);
    switch (random_() % 5) {
      case 0:
        return nrta_tensor_write(core.x, buffers_[0].data(), 0, kBytes, queue, core.tracker,
                                 sequence);
      case 1:
        return nrta_tensor_read(buffers_[1].data(), core.y, 0, kBytes, queue, core.tracker,
                                sequence);
      case 2:
        return nrta_tensor_copy(core.y, 0, core.x, 0, kBytes, queue, core.tracker, sequence);
      case 3:
        inject(core);
        [[fallthrough]];
      default:
        return nrta_execute_schedule(core.model, core.inputs, core.outputs, 0, core.tracker,
                                     sequence);
    }
  }

  void inject(Core& core) {
    const auto index = static_cast<std::uint32_t>(&core - cores_);
    if (random_() % 8 == 0 &&
        nsim_hook_inject(index, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS) {
      ++core.injected;
    }
  }

  void wait(nrta_seq_t sequence) {
    bool done = false;
    if (random_() % 2 == 0) {
      int fd = -1;
      expect(nrta_get_completion_handle(sequence, &fd) == NRT_SUCCESS, "a handle is given");
      pollfd wanted{fd, POLLIN, 0};
      expect(poll(&wanted, 1, 60000) == 1, "a handle becomes readable");
      close(fd);
      expect(nrta_is_completed(sequence, &done) == NRT_SUCCESS && done,
             "what a handle reports is complete");
      return;
    }
    while (!done && nrta_is_completed(sequence, &done) == NRT_SUCCESS) {
      std::this_thread::yield();
    }
    expect(done, "a request completes");
  }

  Core* cores_;
  const int requests_;
  std::mt19937 random_;
  std::vector<std::vector<char>> buffers_;
  std::vector<nrta_seq_t> accepted_;
};

/// The compute unit runs one more good execution per core, so that no injected fault is left over.
void check_trackers(Core* cores) {
  for (int index = 0; index < kCores; ++index) {
    for (std::size_t i = 0; i < cores[index].injected; ++i) {
      nrta_seq_t sequence = 0;
      bool done = false;
      require(nrta_execute_schedule(cores[index].model, cores[index].inputs, cores[index].outputs,
                                    0, cores[index].tracker, &sequence),
              "nrta_execute_schedule");
      while (!done) {
        require(nrta_is_completed(sequence, &done), "nrta_is_completed");
      }
    }
    const nrta_error_t* list = nullptr;
    std::size_t count = 0;
    require(nrta_error_tracker_get_list(cores[index].tracker, &list, &count),
            "nrta_error_tracker_get_list");
    expect(count == cores[index].injected, "every injected fault has one entry");
    for (std::size_t i = 0; i < count; ++i) {
      expect(list[i].error_code == NRT_EXEC_OOB, "an entry has the code of the fault");
    }
  }
}

void run_session(const Settings& settings, bool close_early) {
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  Core cores[kCores];
  for (int index = 0; index < kCores; ++index) {
    open(cores[index], index);
  }
  std::vector<Worker> workers;
  workers.reserve(static_cast<std::size_t>(settings.threads));
  for (int index = 0; index < settings.threads; ++index) {
    workers.emplace_back(cores, settings, index);
  }
  std::vector<std::thread> threads;
  for (Worker& worker : workers) {
    threads.emplace_back([&worker, close_early] { worker.run(!close_early); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (!close_early) {
    check_trackers(cores);
  }
  nrt_close();
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const int value = std::atoi(argv[i + 1]);
    if (name == "--threads") {
      settings.threads = value;
    } else if (name == "--requests") {
      settings.requests = value;
    } else if (name == "--seed") {
      settings.seed = static_cast<unsigned>(value);
    } else if (name == "--sessions") {
      settings.sessions = value;
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  for (int session = 0; session < settings.sessions; ++session) {
    run_session(settings, session + 1 < settings.sessions);
  }
  std::printf("%d sessions, %d threads, %d requests each, %d failures\n", settings.sessions,
              settings.threads, settings.requests, failures.load());
  return failures == 0 ? 0 : 1;
}
