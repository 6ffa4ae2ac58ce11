// SPDX-License-Identifier: Apache-2.0
// ledger_stress [--requests N] [--threads T] [--sessions S] [--seed X]: T threads, half of them of
// generation A and half of C, hand N requests to all units of an instance, over S sessions, while
// faults are injected; of each session but the last one unit is degraded, and every other session
// is closed with requests under way. A ledger of the client's own (tests/stress/ledger) says
// whether every accepted request ended, once, with one status and one event, after its data;
// numbers have no gap; requests fail with what was injected and nothing else.
#include <nrt/nrt_experimental.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "tests/stress/ledger/worker.h"
#include "tests/stress/stress_checks.h"

using namespace nsim::test;

namespace {

struct Settings {
  std::uint64_t requests = 20'000;
  int threads = 8;
  int sessions = 4;
  unsigned seed = 1;
};

struct Totals {
  std::uint64_t accepted = 0;
  std::uint64_t failed = 0;
  int degraded = 0;
  std::map<Unit::Type, std::uint64_t> of_type;
};

std::vector<nrt_model_t*> open(int& cores) {
  require(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  std::uint32_t count = 0;
  require(nrt_get_visible_vnc_count(&count), "nrt_get_visible_vnc_count");
  cores = static_cast<int>(count);
  const std::vector<std::byte> neff = small_container("trn1");
  std::vector<nrt_model_t*> models(count);
  for (std::uint32_t core = 0; core < count; ++core) {
    require(nrt_load(neff.data(), neff.size(), static_cast<std::int32_t>(core), -1, &models[core]),
            "nrt_load");
    require(nrt_cc_global_comm_init(core, core, count), "nrt_cc_global_comm_init");
  }
  return models;
}

/// Requests of no importance until no injected fault is left over.
void use_up_faults(Book& book, const std::vector<nrt_model_t*>& models) {
  const auto calls = calls_of_generation_a(static_cast<int>(models.size()));
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t core = 0; core < models.size(); ++core) {
    const Job job = make_job(static_cast<int>(core), models[core]);
    lanes.push_back(std::make_unique<Lane>(*calls, book, job));
  }
  constexpr Kind kKinds[] = {Kind::Read, Kind::Nothing, Kind::Copy, Kind::Execute};
  for (const Unit& unit : book.units()) {
    Lane& lane = *lanes[static_cast<std::size_t>(unit.core)];
    while (book.of(unit).faults_left() > 0 && !book.of(unit).degraded()) {
      lane.start(kKinds[unit.type], static_cast<unsigned>(unit.queue), Way::Completed);
      lane.wait();
    }
  }
}

std::uint64_t take_events(int event) {
  std::uint64_t count = 0;
  return read(event, &count, sizeof count) == sizeof count ? count : 0;
}

class SessionRun {
 public:
  SessionRun(const Settings& settings, int session)
      : settings_(settings),
        last_(session + 1 == settings.sessions),
        to_the_end_(session % 2 == 1 || last_),
        models_(open(cores_)),
        book_(cores_, settings.requests + kMargin) {
    for (const Unit& unit : book_.units()) {
      const int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      events_.push_back(count_completions(unit, event) ? event : -1);
      if (events_.back() < 0) {
        close(event);
      }
    }
    for (int index = 0; index < settings.threads; ++index) {
      Worker::Part part;
      part.requests = settings.requests / static_cast<std::uint64_t>(settings.threads) /
                      static_cast<std::uint64_t>(settings.sessions);
      part.seed = (settings.seed * 100 + static_cast<unsigned>(session)) * 100 +
                  static_cast<unsigned>(index);
      part.collectives = index < 2;
      part.fatal = index == 0 && !last_;
      auto calls = index % 2 == 0 ? calls_of_generation_a(cores_) : calls_of_generation_c(cores_);
      workers_.push_back(std::make_unique<Worker>(std::move(calls), book_, part, models_));
    }
  }

  void run(Totals& totals) {
    std::vector<std::thread> threads;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      threads.emplace_back([this, &worker] { worker->run(to_the_end_); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    if (to_the_end_) {
      use_up_faults(book_, models_);
      check_units();
    }
    nrt_close();
    for (const std::unique_ptr<Worker>& worker : workers_) {
      worker->check_closed();
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const UnitLedger& ledger = book_.of(book_.units()[i]);
      if (events_[i] >= 0) {
        expect(take_events(events_[i]) == ledger.count(),
               "every completion is one of the unit's events");
        close(events_[i]);
      }
      totals.accepted += ledger.count();
      totals.failed += ledger.failed();
      totals.degraded += ledger.degraded() ? 1 : 0;
      totals.of_type[book_.units()[i].type] += ledger.count();
    }
  }

 private:
  static constexpr std::uint64_t kMargin = 100'000;  // requests that use up faults

  void check_units() {
    const auto a = calls_of_generation_a(cores_);
    const auto c = calls_of_generation_c(cores_);
    for (const Unit& unit : book_.units()) {
      const bool of_a = unit.type == Unit::TensorRead || unit.type == Unit::TensorWrite;
      book_.of(unit).check((of_a ? a : c)->last_completed(unit));
    }
  }

  const Settings settings_;
  const bool last_;
  const bool to_the_end_;
  int cores_ = 0;
  const std::vector<nrt_model_t*> models_;
  Book book_;
  std::vector<int> events_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const long value = std::atol(argv[i + 1]);
    if (name == "--requests") {
      settings.requests = static_cast<std::uint64_t>(value);
    } else if (name == "--threads") {
      settings.threads = static_cast<int>(value);
    } else if (name == "--sessions") {
      settings.sessions = static_cast<int>(value);
    } else if (name == "--seed") {
      settings.seed = static_cast<unsigned>(value);
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
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  for (int session = 0; session < settings.sessions; ++session) {
    SessionRun(settings, session).run(totals);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%llu requests accepted, %llu of them failed, %d units degraded, %.0f per second\n",
              static_cast<unsigned long long>(totals.accepted),
              static_cast<unsigned long long>(totals.failed), totals.degraded,
              static_cast<double>(totals.accepted) / seconds.count());
  constexpr const char* kNames[] = {"tensor read", "tensor write", "tensor op", "compute",
                                    "collectives"};
  for (const auto& [type, count] : totals.of_type) {
    std::printf("  %s: %llu\n", kNames[type], static_cast<unsigned long long>(count));
  }
  std::printf("%d violations\n", failures.load());
  return failures == 0 ? 0 : 1;
}
