// SPDX-License-Identifier: Apache-2.0
// schedule_bench [--threads N] [--seconds S] [--warm-up W] [--check]: how many requests a process
// can hand to libnrt. N threads keep one unit each filled with writes of no bytes, which complete
// in order and move nothing; a full queue is waited for with nrta_get_sequence, as clients do.
// Prints accepted requests per second, how long the accepted schedule calls took, how long without
// what other processes took from it (the thread's own clock, of one call in 16), and how much
// memory grew after the warm-up. With --check it fails when a figure is beyond what the project
// promises.
#include <nrt/nrt_async.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Settings {
  int threads = 1;
  double seconds = 5;
  double warm_up = 1;
  bool check = false;
};

/// Counts durations in buckets of an eighth of a power of two: enough for percentiles, and no
/// memory that grows.
class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++count_;
    max_ = std::max(max_, nanoseconds);
    ++buckets_[bucket(nanoseconds)];
  }
  void merge(const Histogram& other) {
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      buckets_[i] += other.buckets_[i];
    }
  }
  /// Upper end of the bucket that holds the quantile, in microseconds.
  double quantile(double part) const {
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) {
        return std::min(static_cast<double>(upper(i)), static_cast<double>(max_)) / 1000;
      }
    }
    return static_cast<double>(max_) / 1000;
  }
  std::uint64_t count() const { return count_; }
  double max() const { return static_cast<double>(max_) / 1000; }

 private:
  static constexpr unsigned kFine = 3;

  static std::size_t bucket(std::uint64_t value) {
    unsigned shift = 0;
    while ((value >> shift) >= (2U << kFine)) {
      ++shift;
    }
    return (static_cast<std::size_t>(shift) << kFine) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t upper(std::size_t index) {
    const std::size_t shift = index < (2U << kFine) ? 0 : (index >> kFine) - 1;
    return ((index - (shift << kFine)) + 1) << shift;
  }

  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  std::array<std::uint64_t, 512> buckets_{};
};

std::uint64_t clock_now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void require(NRT_STATUS status, const char* what) {
  if (status != NRT_SUCCESS) {
    std::fprintf(stderr, "%s: %s\n", what, nrt_get_status_as_str(status));
    std::exit(1);
  }
}

/// One thread and the unit it fills.
struct Producer {
  nrt_tensor_t* tensor = nullptr;
  int core = 0;
  int queue = 0;
  std::atomic<std::uint64_t> accepted{0};
  std::uint64_t refused = 0;
  Histogram wall;
  Histogram own;

  void run(const std::atomic<int>& phase) {
    nrta_seq_t sequence = 0;
    nrta_seq_t done = 0;
    while (phase.load(std::memory_order_relaxed) < 2) {
      const bool measured = phase.load(std::memory_order_relaxed) == 1;
      const bool sampled = measured && accepted.load(std::memory_order_relaxed) % 16 == 0;
      const std::uint64_t own_start = sampled ? clock_now(CLOCK_THREAD_CPUTIME_ID) : 0;
      const std::uint64_t start = clock_now(CLOCK_MONOTONIC);
      const NRT_STATUS status = nrta_tensor_write(tensor, nullptr, 0, 0, queue, nullptr, &sequence);
      const std::uint64_t end = clock_now(CLOCK_MONOTONIC);
      if (status == NRT_SUCCESS) {
        accepted.fetch_add(1, std::memory_order_relaxed);
        if (measured) {
          wall.add(end - start);
        }
        if (sampled) {
          own.add(clock_now(CLOCK_THREAD_CPUTIME_ID) - own_start);
        }
      } else if (status == NRT_QUEUE_FULL) {
        refused += measured ? 1 : 0;
        wait_for_room(done);
      } else {
        require(status, "nrta_tensor_write");
      }
    }
  }

 private:
  void wait_for_room(nrta_seq_t& done) const {
    const nrta_seq_t before = done;
    while (done == before) {
      require(
          nrta_get_sequence(static_cast<std::uint32_t>(core), NRTA_XU_TENSOR_WRITE, queue, &done),
          "nrta_get_sequence");
    }
  }
};

std::int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  return resident * 4;
}

std::uint64_t accepted(const std::vector<Producer>& producers) {
  std::uint64_t sum = 0;
  for (const Producer& producer : producers) {
    sum += producer.accepted.load(std::memory_order_relaxed);
  }
  return sum;
}

/// Processor time of the whole process: with the producers' own it tells what a request costs on
/// either side, however busy the machine is.
struct Outcome {
  double rate = 0;
  double cpu_us = 0;  // per request, all threads
  std::int64_t growth_kib = 0;
};

Outcome measure(const Settings& settings, std::vector<Producer>& producers) {
  const auto seconds = [](double count) { return std::chrono::duration<double>(count); };
  std::atomic<int> phase{0};
  std::vector<std::thread> threads;
  for (Producer& producer : producers) {
    threads.emplace_back([&producer, &phase] { producer.run(phase); });
  }
  std::this_thread::sleep_for(seconds(settings.warm_up));
  const std::int64_t memory = resident_kib();
  const std::uint64_t start = clock_now(CLOCK_MONOTONIC);
  const std::uint64_t before = accepted(producers);
  const std::uint64_t cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
  phase = 1;
  std::this_thread::sleep_for(seconds(settings.seconds));
  const std::uint64_t count = accepted(producers) - before;
  const std::uint64_t nanoseconds = clock_now(CLOCK_MONOTONIC) - start;
  Outcome outcome;
  outcome.growth_kib = resident_kib() - memory;
  outcome.cpu_us = static_cast<double>(clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1000 /
                   static_cast<double>(std::max<std::uint64_t>(count, 1));
  outcome.rate = static_cast<double>(count) / (static_cast<double>(nanoseconds) / 1e9);
  phase = 2;
  for (std::thread& thread : threads) {
    thread.join();
  }
  return outcome;
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--check") {
      settings.check = true;
    } else if (name == "--threads" && i + 1 < argc) {
      settings.threads = std::atoi(argv[++i]);
    } else if (name == "--seconds" && i + 1 < argc) {
      settings.seconds = std::atof(argv[++i]);
    } else if (name == "--warm-up" && i + 1 < argc) {
      settings.warm_up = std::atof(argv[++i]);
    } else {
      std::fprintf(stderr, "schedule_bench [--threads N] [--seconds S] [--warm-up W] [--check]\n");
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  std::uint32_t cores = 0;
  require(nrt_get_visible_nc_count(&cores), "nrt_get_visible_nc_count");
  std::vector<Producer> producers(static_cast<std::size_t>(settings.threads));
  for (int index = 0; index < settings.threads; ++index) {
    Producer& producer = producers[static_cast<std::size_t>(index)];
    producer.core = index / 2 % static_cast<int>(cores);
    producer.queue = index % 2;
    require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, producer.core, 4096, "t",
                                &producer.tensor),
            "nrt_tensor_allocate");
  }
  const Outcome outcome = measure(settings, producers);
  nrt_close();
  Histogram wall;
  Histogram own;
  std::uint64_t refused = 0;
  for (const Producer& producer : producers) {
    wall.merge(producer.wall);
    own.merge(producer.own);
    refused += producer.refused;
  }
  std::printf("%d threads: %.0f accepted/s, %llu refused\n", settings.threads, outcome.rate,
              static_cast<unsigned long long>(refused));
  std::printf(
      "schedule call, us: p50 %.2f, p99 %.2f, p99.9 %.2f, max %.0f; own time: p50 %.2f, p99.9 "
      "%.2f\n",
      wall.quantile(0.5), wall.quantile(0.99), wall.quantile(0.999), wall.max(), own.quantile(0.5),
      own.quantile(0.999));
  std::printf("processor time per request, all threads: %.2f us\n", outcome.cpu_us);
  std::printf("memory: %+lld KiB after the warm-up\n", static_cast<long long>(outcome.growth_kib));
  constexpr double kRate = 300'000;
  constexpr double kSlowest = 100;
  constexpr std::int64_t kGrowth = 1024;
  const bool kept =
      outcome.rate >= kRate && wall.quantile(0.999) <= kSlowest && outcome.growth_kib <= kGrowth;
  return settings.check && !kept ? 1 : 0;
}
