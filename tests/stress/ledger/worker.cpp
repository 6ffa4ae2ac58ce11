// SPDX-License-Identifier: Apache-2.0
#include "tests/stress/ledger/worker.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "tests/stress/stress_checks.h"

namespace nsim::test {
namespace {

constexpr int kLanesPerCore = 8;
constexpr std::uint64_t kBytes = sizeof(Floats);
/// Values stay exact in float32 whatever is added to them.
constexpr float kLargest = 1 << 20;

bool all(const Floats& floats, float value) {
  return std::all_of(floats.begin(), floats.end(), [&](float each) { return each == value; });
}

}  // namespace

Book::Book(int cores, std::uint64_t requests) {
  // Generation A's names and the queues of Neuron docs, async overview.
  constexpr std::pair<Unit::Type, int> kQueues[] = {{Unit::TensorRead, 2},
                                                    {Unit::TensorWrite, 2},
                                                    {Unit::TensorOp, 2},
                                                    {Unit::Compute, 1},
                                                    {Unit::Collectives, 3}};
  for (int core = 0; core < cores; ++core) {
    for (const auto& [type, queues] : kQueues) {
      for (int queue = 0; queue < queues; ++queue) {
        units_.push_back({type, core, queue});
        ledgers_.push_back(std::make_unique<UnitLedger>(requests));
      }
    }
  }
}

UnitLedger& Book::of(const Unit& unit) {
  const auto found = std::find_if(units_.begin(), units_.end(), [&](const Unit& each) {
    return each.type == unit.type && each.core == unit.core && each.queue == unit.queue;
  });
  return *ledgers_.at(static_cast<std::size_t>(found - units_.begin()));
}

Job make_job(int core, nrt_model_t* model) {
  Job job{core, model};
  require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, kBytes, "a", &job.a),
          "nrt_tensor_allocate");
  require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, kBytes, "b", &job.b),
          "nrt_tensor_allocate");
  require(nrt_allocate_tensor_set(&job.inputs), "nrt_allocate_tensor_set");
  require(nrt_allocate_tensor_set(&job.outputs), "nrt_allocate_tensor_set");
  require(nrt_add_tensor_to_tensor_set(job.inputs, "x", job.a), "nrt_add_tensor_to_tensor_set");
  require(nrt_add_tensor_to_tensor_set(job.outputs, "y", job.b), "nrt_add_tensor_to_tensor_set");
  return job;
}

bool Lane::start(Kind kind, unsigned choice, Way way) {
  const Unit unit = calls_.unit_of(kind, job_.core, choice);
  UnitLedger& ledger = book_.of(unit);
  if (ledger.degraded()) {
    return false;
  }
  work_ = {kind, buffer_.data(), kBytes, choice / 2 % 2 == 0 ? job_.a : job_.b};
  if (kind == Kind::Write) {
    next_ = next_ < kLargest ? next_ + 1 : 1;
    buffer_.fill(next_);
  } else if (kind == Kind::Read) {
    buffer_.fill(-1);
  }
  Ticket& ticket = tickets_[ticket_];
  calls_.check_untouched(ticket);
  const NRT_STATUS status = calls_.schedule(job_, work_, unit, way, ticket);
  if (status == NRT_EXEC_UNIT_UNRECOVERABLE) {
    ledger.refused();
  } else {
    expect(status == NRT_SUCCESS || status == NRT_QUEUE_FULL, "a good request is accepted");
  }
  busy_ = status == NRT_SUCCESS;
  if (busy_) {
    ledger.accepted(ticket.sequence);
  }
  return busy_;
}

void Lane::look() {
  Ticket& ticket = tickets_[ticket_];
  if (!calls_.over(ticket)) {
    return;
  }
  const NRT_STATUS status = calls_.take_status(ticket);
  ended(status);
  book_.of(ticket.unit).ended(ticket.sequence, status);
  busy_ = false;
  ticket_ = 1 - ticket_;
}

/// What the tensors hold now. After a failure nobody knows.
void Lane::ended(NRT_STATUS status) {
  const bool good = status == NRT_SUCCESS;
  const auto known = [good](std::optional<float> value) { return good ? value : std::nullopt; };
  switch (work_.kind) {
    case Kind::Nothing:
      return;
    case Kind::Write:
      a_ = known(next_);
      return;
    case Kind::Read: {
      const std::optional<float> value = work_.from == job_.a ? a_ : b_;
      expect(!good || !value || all(buffer_, *value), "a read request brings what was written");
      return;
    }
    case Kind::Copy:
      b_ = known(a_);
      return;
    case Kind::Execute:
      b_ = known(a_ ? std::optional<float>(*a_ + 1) : std::nullopt);
      return;
    case Kind::Collective:
      expect(good, "no fault is injected into collectives");
      b_ = sum_;
      return;
  }
}

void Lane::wait() {
  while (busy_) {
    look();
    if (busy_) {
      std::this_thread::yield();
    }
  }
}

void Lane::check_closed() {
  if (busy_) {
    calls_.check_closed(tickets_[ticket_]);
  }
}

Worker::Worker(std::unique_ptr<Calls> calls, Book& book, const Part& part,
               const std::vector<nrt_model_t*>& models)
    : calls_(std::move(calls)), book_(book), part_(part), random_(part.seed) {
  for (std::size_t core = 0; core < models.size(); ++core) {
    for (int lane = 0; lane < kLanesPerCore; ++lane) {
      lanes_.push_back(
          std::make_unique<Lane>(*calls_, book_, make_job(static_cast<int>(core), models[core])));
    }
    if (part_.collectives) {
      ranks_.push_back(
          std::make_unique<Lane>(*calls_, book_, make_job(static_cast<int>(core), models[core])));
    }
  }
}

void Worker::run(bool to_the_end) {
  while (accepted_ < part_.requests) {
    for (const std::unique_ptr<Lane>& lane : lanes_) {
      if (lane->busy()) {
        lane->look();
      }
      if (!lane->busy() && accepted_ < part_.requests) {
        start(*lane);
      }
    }
    std::this_thread::yield();
  }
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (to_the_end) {
      lane->wait();
    }
  }
}

void Worker::start(Lane& lane) {
  const unsigned draw = random_() % 1000;
  if (draw < 2 && part_.collectives) {
    sum();
    return;
  }
  const bool fatal = part_.fatal && !fatal_done_ && 2 * accepted_ > part_.requests;
  if (draw == 2 || fatal) {
    inject_something(fatal);
  }
  const Kind kind = draw < 400   ? Kind::Nothing
                    : draw < 650 ? Kind::Write
                    : draw < 860 ? Kind::Read
                    : draw < 970 ? Kind::Copy
                                 : Kind::Execute;
  constexpr Way kWays[] = {Way::Completed, Way::Sequence, Way::Status, Way::Status};
  const unsigned choice = random_();
  const Way way = choice % 32 == 0 ? Way::Descriptor : kWays[choice / 32 % 4];
  accepted_ += lane.start(kind, choice / 128, way) ? 1 : 0;
}

void Worker::inject_something(bool fatal) {
  constexpr Kind kKinds[] = {Kind::Write, Kind::Read, Kind::Copy, Kind::Execute};
  const int core = static_cast<int>(random_() % static_cast<unsigned>(calls_->cores()));
  const Unit unit = calls_->unit_of(kKinds[random_() % 4], core, random_());
  UnitLedger& ledger = book_.of(unit);
  const Fault fault = fatal ? Fault::Memory : static_cast<Fault>(random_() % 4);
  fatal_done_ = fatal_done_ || fatal;
  ledger.injected(status_of(fault), fatal);
  inject(unit, fault);
}

void Worker::sum() {
  const auto each = [this](Kind kind) {
    constexpr unsigned kOfB = 2;
    for (const std::unique_ptr<Lane>& rank : ranks_) {
      accepted_ += rank->start(kind, kOfB, Way::Completed) ? 1 : 0;
    }
    for (const std::unique_ptr<Lane>& rank : ranks_) {
      rank->wait();
    }
  };
  each(Kind::Write);
  std::optional<float> sum = 0;
  for (const std::unique_ptr<Lane>& rank : ranks_) {
    sum = sum && rank->a() ? std::optional<float>(*sum + *rank->a()) : std::nullopt;
  }
  for (const std::unique_ptr<Lane>& rank : ranks_) {
    rank->expect_sum(sum);
  }
  each(Kind::Collective);
  each(Kind::Read);
}

void Worker::check_closed() {
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    lane->check_closed();
  }
}

}  // namespace nsim::test
