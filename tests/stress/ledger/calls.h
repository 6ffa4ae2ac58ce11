// SPDX-License-Identifier: Apache-2.0
// How a client of one generation of the asynchronous interface schedules requests and learns of
// their end. calls_a.cpp and calls_c.cpp are compiled for their generations and live in one
// process.
#pragma once

#include <nrt/nrt_async_types.h>

#include <cstdint>
#include <memory>

namespace nsim::test {

/// The library's execution units under generation A's names, which tell all of them apart.
struct Unit {
  enum Type { TensorRead, TensorWrite, TensorOp, Compute, Collectives };
  Type type = Compute;
  int core = 0;
  int queue = 0;
};

/// Nothing: a write of no bytes.
enum class Kind { Nothing, Write, Read, Copy, Execute, Collective };

/// What one client's requests work on; a and b are as large as the model's input and output.
struct Job {
  int core = 0;
  nrt_model_t* model = nullptr;
  nrt_tensor_t* a = nullptr;
  nrt_tensor_t* b = nullptr;
  nrt_tensor_set_t* inputs = nullptr;   // a
  nrt_tensor_set_t* outputs = nullptr;  // b
};

/// Write: from the buffer to a. Read: of `from` to the buffer. Copy: a to b. Execute: b from a.
/// Collective: the sum of the a of all cores to b.
struct Work {
  Kind kind = Kind::Nothing;
  void* buffer = nullptr;
  std::uint64_t bytes = 0;
  nrt_tensor_t* from = nullptr;
};

/// How the client looks whether a request is over. Status: by its status alone, the first thing of
/// its end that is visible (generation C).
enum class Way { Completed, Sequence, Descriptor, Status };

/// A request that was accepted. Its places belong to the library until it is over.
struct Ticket {
  Unit unit;
  nrta_seq_t sequence = 0;
  Way way = Way::Completed;
  NRT_STATUS status = NRT_SUCCESS;
  int descriptor = -1;
};

/// Of one thread.
class Calls {
 public:
  explicit Calls(int cores) : cores_(cores) {}
  virtual ~Calls() = default;
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  int cores() const { return cores_; }
  /// The unit of requests of that kind; `choice` is any number.
  virtual Unit unit_of(Kind kind, int core, unsigned choice) const = 0;
  /// Of an accepted request: from now on the client looks for its end that way.
  virtual NRT_STATUS schedule(const Job& job, const Work& work, const Unit& unit, Way way,
                              Ticket& ticket) = 0;
  /// Whether it is over, without waiting.
  virtual bool over(Ticket& ticket) = 0;
  /// Of a request that is over, once.
  virtual NRT_STATUS take_status(Ticket& ticket) = 0;
  /// Before a ticket is used again: nothing came after the request's end.
  virtual void check_untouched(Ticket& ticket) = 0;
  /// After nrt_close, of a request that was under way.
  virtual void check_closed(Ticket& ticket) = 0;
  virtual nrta_seq_t last_completed(const Unit& unit) const = 0;

 private:
  const int cores_;
};

std::unique_ptr<Calls> calls_of_generation_a(int cores);
std::unique_ptr<Calls> calls_of_generation_c(int cores);

/// Whether generation C has the unit, and can count its completions in an eventfd.
bool count_completions(const Unit& unit, int event);

/// The unit's next request fails with the status of the fault.
enum class Fault { Semaphore, OutOfBounds, NotANumber, BadDescriptor, Memory };
NRT_STATUS status_of(Fault fault);
void inject(const Unit& unit, Fault fault);

}  // namespace nsim::test
