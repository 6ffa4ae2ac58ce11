// SPDX-License-Identifier: Apache-2.0
#include "runtime/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "runtime/cc.h"
#include "runtime/completion.h"
#include "runtime/host_collectives.h"
#include "runtime/host_thread.h"
#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

// By hw::UnitType. Neuron docs, async overview: one compute, two tensor and three collectives
// queues per core. One unit of the driver's own moves the data of synchronous calls, on another one
// hosts meet.
constexpr std::array<int, hw::kUnitTypeCount> kQueues = {2, 2, 2, 1, 3, 2};

/// Where the units of each type begin among those of a core; the last entry is their number.
constexpr std::array<int, hw::kUnitTypeCount + 1> first_units() {
  std::array<int, hw::kUnitTypeCount + 1> first{};
  for (std::size_t type = 0; type < kQueues.size(); ++type) {
    first[type + 1] = first[type] + kQueues[type];
  }
  return first;
}
constexpr auto kFirstUnit = first_units();

/// Unit ids are opaque to clients: core, type and queue packed into 16 bits.
constexpr int kQueueBits = 3;
constexpr int kTypeBits = 3;

nrta_xu_id_t unit_id(int core, int type, int queue) {
  return static_cast<nrta_xu_id_t>((((core << kTypeBits) | type) << kQueueBits) | queue);
}

/// While a synchronous execution is under way, synchronous reads and writes of its tensors that
/// come now wait for it (R29).
class Executing {
 public:
  explicit Executing(const Request& request) {
    if (request.model) {
      storages_ = request.storages;
    }
    marks_ = std::vector<RunningExecutions::Mark>(storages_.size());
    for (std::size_t i = 0; i < storages_.size(); ++i) {
      storages_[i]->executions.begin(marks_[i]);
    }
  }
  ~Executing() {
    for (std::size_t i = 0; i < storages_.size(); ++i) {
      storages_[i]->executions.end(marks_[i]);
    }
  }
  Executing(const Executing&) = delete;
  Executing& operator=(const Executing&) = delete;

 private:
  std::vector<std::shared_ptr<Storage>> storages_;
  std::vector<RunningExecutions::Mark> marks_;  // by storage
};

/// Where the timelines of a session go; "" for nowhere. A profile that somebody asked for is copied
/// from the output directory, when there is one.
std::string trace_directory(const Options& options, const Inspection& inspection) {
  return !options.out.empty() && options.trace ? options.out : inspection.trace_directory();
}

TraceSet make_traces(const Options& options, const Inspection& inspection) {
  const std::string directory = trace_directory(options, inspection);
  return TraceSet(directory, options.waves);
}

}  // namespace

Session::Session(const Environment& environment, const Options& options)
    : environment_(environment),
      options_(options),
      substitutions_(environment.substitute.empty()
                         ? SubstitutionMap()
                         : SubstitutionMap::load(environment.substitute)),
      config_(load_config(environment, options)),
      parameters_(resolve(config_)),
      topology_(hw::Hardware::topology_of(*parameters_.hardware)),
      cores_(claim_cores(environment, topology_.logical_cores)),
      inspection_(environment.inspect, topology_, cores_),
      traces_(make_traces(options, inspection_)),
      paths_(options.paths && !options.out.empty() ? std::make_unique<PathFile>(options.out)
                                                   : nullptr),
      events_(cores_.first, cores_.count, topology_.name),
      recorder_(topology_.name, traces_, {&events_, &inspection_.events()}, profiles_,
                options.records || !options.out.empty() || inspection_.wants_report()
                    ? parameters_.runtime.max_records
                    : 0),
      counters_(cores_.first, cores_.count),
      dump_(environment, topology_, cores_),
      memory_ledger_(std::make_shared<MemoryLedger>("/tmp", environment.dumps.memory_log_entries)),
      communicators_(parameters_.runtime.max_replica_groups, cores_.first, cores_.count),
      host_exchange_(std::make_unique<HostExchange>()),
      models_of_core_(static_cast<std::size_t>(cores_.count)) {
  DeviceHealth::of_process().initialise(topology_.name, environment_.reset_cores);
  kernel_ = std::make_unique<Kernel>([this] {
    std::shared_ptr<hw::Hardware> hardware = hw::Hardware::create(parameters_.hardware, traces_);
    hardware_ = hardware.get();
    if (paths_) {
      recorder_.write_paths(paths_.get());
      hardware->record_paths([this](const hw::RequestPath& path) { paths_->ended(path); });
    }
    return hardware;
  });
  clock_ = HostClock::create(parameters_.clock, *kernel_);
  if (parameters_.runtime.checks) {
    checks_ = std::make_unique<ClientChecks>(
        [this](const ClientChecks::Range& range) { return tensor_at(range); });
  }
  if (!options.out.empty() || inspection_.wants_report()) {
    memory_ledger_->note_levels(static_cast<std::size_t>(parameters_.runtime.max_records),
                                [this] { return now(); });
  }
  make_pools();
  make_units();
}

Session::~Session() {
  memory_ledger_->end_levels();
  clock_.reset();
  kernel_.reset();
}

void Session::make_pools() {
  // Unlike topology_, the built hardware knows where the contents of its memory lie.
  const std::vector<hw::HbmRegion>& regions = hardware_->topology().hbm;
  for (std::size_t index = 0; index < regions.size(); ++index) {
    pools_.push_back(std::make_shared<HbmPool>(regions[index], static_cast<int>(index),
                                               parameters_.runtime.page_bytes, memory_ledger_));
  }
  const std::int64_t bytes = parameters_.runtime.microcode_bytes * topology_.cores_per_logical;
  for (int core = 0; core < cores_.count && bytes > 0; ++core) {
    pool_of_core(core)->allocate(static_cast<std::uint64_t>(bytes), MemoryUse::Microcode);
  }
}

void Session::make_units() {
  std::vector<UnitQueue*> queues;
  for (int core = 0; core < cores_.count; ++core) {
    for (int type = 0; type < hw::kUnitTypeCount; ++type) {
      for (int queue = 0; queue < kQueues[static_cast<std::size_t>(type)]; ++queue) {
        const hw::UnitAddress address{static_cast<std::uint16_t>(cores_.first + core),
                                      static_cast<hw::UnitType>(type),
                                      static_cast<std::uint8_t>(queue)};
        units_.push_back(std::make_unique<UnitQueue>(address, unit_id(core, type, queue),
                                                     parameters_.runtime.queue_depth));
        queues.push_back(units_.back().get());
        if (DeviceHealth::of_process().degraded(topology_, address)) {
          units_.back()->degrade();
        }
      }
    }
  }
  RequestListener& listener = *this;
  kernel_->call([&] {
    driver_ = std::make_unique<Driver>(
        *hardware_, queues, parameters_.runtime.driver, parameters_.severities,
        [this] { return kernel_->now(); }, listener);
    kernel_->set_host_deadline(
        {[this] { return hardware_->host_deadline(); },
         [this] { hardware_->expire_host_deadlines(); },
         std::chrono::nanoseconds(parameters_.clock.patience / kNanosecond)});
  });
}

void Session::degraded(const hw::UnitAddress& unit, hw::DeviceError error,
                       const Severity& severity) {
  DeviceHealth::of_process().add(topology_, unit, error, severity);
}

void Session::on_device(const std::function<void(hw::Hardware&)>& task) {
  kernel_->call([&] { task(*hardware_); });
}

void Session::require_core(std::int64_t core) const {
  if (core < 0 || core >= cores_.count) {
    throw StatusError(NRT_INVALID,
                      fmt::format("logical core {} is not one of 0 .. {}", core, cores_.count - 1));
  }
}

std::shared_ptr<HbmPool> Session::pool_of_core(int core) const {
  return pools_[static_cast<std::size_t>(
      topology_.hbm_of_core[static_cast<std::size_t>(cores_.first + core)])];
}

UnitQueue* Session::unit(std::int64_t core, hw::UnitType type, std::int64_t queue) {
  const auto row = static_cast<std::size_t>(type);
  const bool exists = core >= 0 && core < cores_.count && row < kQueues.size() && queue >= 0 &&
                      queue < kQueues[row];
  return exists
             ? units_[static_cast<std::size_t>(core * kFirstUnit.back() + kFirstUnit[row] + queue)]
                   .get()
             : nullptr;
}

UnitQueue* Session::unit_of(nrta_seq_t sequence) {
  const int id = NRTA_SEQ_GET_XU_ID(sequence);
  const int queue = id & ((1 << kQueueBits) - 1);
  const int type = (id >> kQueueBits) & ((1 << kTypeBits) - 1);
  if (type >= static_cast<int>(hw::UnitType::Sync)) {  // no client has an id of that unit
    return nullptr;
  }
  return unit(id >> (kQueueBits + kTypeBits), static_cast<hw::UnitType>(type), queue);
}

NRT_STATUS Session::schedule(UnitQueue& queue, std::unique_ptr<Request>& request,
                             nrta_seq_t* sequence) {
  request->called = now();
  request->thread = host_thread_index();
  ClientChecks::Call call;
  if (checks_) {
    call = ClientChecks::describe(queue, *request);
  }
  clock_->pending(1);
  const NRT_STATUS status = queue.accept(request, sequence);
  if (status != NRT_SUCCESS) {
    clock_->pending(-1);
    if (request->model) {
      counters_.refused(queue.address().core, status);
    }
    clock_->poll();  // a host that tries again and again lets time pass
    return status;
  }
  if (checks_) {
    checks_->scheduled(std::move(call), *sequence);
  }
  ring_doorbell(queue, queue.needs_doorbell());
  return NRT_SUCCESS;
}

NRT_STATUS Session::run(UnitQueue& queue, std::unique_ptr<Request> request) {
  const auto result = std::make_shared<SyncResult>();
  request->sync = result;
  const Executing executing(*request);
  nrta_seq_t sequence = 0;
  while (true) {
    const std::uint64_t completed = queue.completed();
    const NRT_STATUS status = schedule(queue, request, &sequence);
    if (status == NRT_SUCCESS) {
      break;
    }
    if (status != NRT_QUEUE_FULL) {
      return status;
    }
    wait([&] { return queue.completed() != completed; });
  }
  wait([&] { return result->done.load(std::memory_order_acquire); });
  return result->status;
}

void Session::wait(const std::function<bool()>& done) {
  while (!clock_->wait(done)) {
    if (!done()) {
      // Nothing is at the device, but a request may be held back by a test hook, or another thread
      // is about to act.
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
}

void Session::pause(UnitQueue& queue, bool paused) {
  queue.pause(paused);
  if (!paused) {
    ring_doorbell(queue, true);
  }
}

void Session::ring_doorbell(UnitQueue& queue, bool needed) {
  const auto doorbell = [this, &queue] { driver_->doorbell(queue); };
  clock_->submit(doorbell, needed ? HostClock::Doorbell::Needed : HostClock::Doorbell::OnItsWay);
}

void Session::submitted(const UnitQueue& queue, const Request& request) {
  recorder_.submitted(queue, request);
}

SimTime Session::now() const {
  // While the simulation runs, the clock may still show when it started to.
  return std::max(clock_->now(), last_completion_.load(std::memory_order_acquire));
}

void Session::finished(UnitQueue& queue, Request& request) {
  last_completion_.store(kernel_->now(), std::memory_order_release);
  recorder_.finished(queue, request, kernel_->now());
  if (checks_) {
    checks_->completed(request);
  }
  if (request.model) {
    counters_.executed(queue.address().core, request.status, request.ended - request.started,
                       static_cast<double>(request.model->streams->work.matmul_flops));
  }
  if (is_device_failure(request.status)) {
    inspection_.failed();
  }
  dump_.failed(queue, request, *hardware_);
  publish(queue, request);
  clock_->pending(-1);
  clock_->completed();
}

void Session::shut_down() {
  if (checks_) {
    checks_->closing();
  }
  closing_.store(true, std::memory_order_release);
  for (const std::unique_ptr<UnitQueue>& queue : units_) {
    queue->close();  // calls that are under way may still come to it
  }
  kernel_->call([this] {
    driver_->cancel_queued();
    kernel_->lose_patience();
    clock_->completed();  // wakes those who wait for something that will not come
  });
  for (const std::unique_ptr<UnitQueue>& queue : units_) {
    wait([&] { return !queue->outstanding(); });
  }
  // A completion is visible before the simulation thread has told the clock of it: only when that
  // is done may finish() take the clock away.
  kernel_->call([] {});
}

void Session::finish() {
  const bool reported = !options_.out.empty() || inspection_.wants_report();
  const SessionRecord last = reported ? record() : SessionRecord();
  memory_ledger_->end_levels();
  clock_.reset();
  kernel_.reset();
  if (reported || traces_.waves().enabled()) {
    traces_.close();
  }
  if (paths_) {
    paths_->close();
  }
  inspection_.close(last, trace_directory(options_, inspection_));
  if (!options_.out.empty()) {
    write_report(last, options_.out);
  }
  if (checks_ && !environment_.check_report.empty()) {
    append_findings({true, checks_->findings()}, environment_.check_report);
  }
}

}  // namespace nsim::rt
