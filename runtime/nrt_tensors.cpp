// SPDX-License-Identifier: Apache-2.0
// Tensors and tensor sets.
#include <nrt/nrt.h>

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "runtime/border.h"
#include "runtime/status.h"
#include "runtime/transfers.h"
#include "sim/base/log.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

View allocate(Session& session, int placement, int vnc, std::size_t size) {
  View view;
  if (placement == NRT_TENSOR_PLACEMENT_VIRTUAL) {
    return view;  // no storage until one is attached
  }
  if (size == 0) {
    throw StatusError(NRT_INVALID, "a tensor needs at least one byte");
  }
  view.storage = std::make_shared<Storage>();
  view.size = size;
  if (placement == NRT_TENSOR_PLACEMENT_HOST) {
    view.storage->memory = Allocation::host(size);
    return view;
  }
  session.require_core(vnc);
  view.storage->core = vnc;
  view.storage->memory = Allocation::device(session.pool_of_core(vnc), size, MemoryUse::Tensors);
  return view;
}

nrt_tensor_t* add_tensor(Session& session, const char* name, View view) {
  return session.objects().tensors.add(
      std::make_shared<Tensor>(name == nullptr ? "" : name, std::move(view)));
}

ClientChecks::Range range_of(const View& view) {
  return {view.address(), view.address() + view.size};
}

/// Checking mode: `tensor` loses its memory by a call of `api`. Where another tensor has the same
/// bytes, a request may have been made with that one.
void check_released(Session& session, const char* api, const Tensor& tensor) {
  const View view = tensor.view();
  if (session.checks() == nullptr || !view.storage) {
    return;
  }
  bool shared = false;
  session.objects().tensors.each([&](const Tensor& other) {
    const View part = other.view();
    shared =
        shared || (&other != &tensor && part.storage == view.storage &&
                   part.offset < view.offset + view.size && view.offset < part.offset + part.size);
  });
  if (!shared) {
    session.checks()->released(api, range_of(view), fmt::format("tensor \"{}\"", tensor.name()));
  }
}

/// Every operation of every batch; all ranges are checked before the first one runs.
template <class Operation>
NRT_STATUS run_batches(Session& session, const nrt_tensor_batch_t* batches, std::uint64_t count,
                       Operation operation) {
  std::vector<std::pair<View, void*>> work;
  for (std::uint64_t i = 0; i < count; ++i) {
    const nrt_tensor_batch_t& batch = batches[i];
    const auto tensor = session.objects().tensors.get(batch.tensor);
    for (std::uint32_t each = 0; each < batch.num_ops; ++each) {
      require_pointer(batch.ops, "ops");
      const nrt_tensor_batch_op_t& op = batch.ops[each];
      require_buffer(op.buffer, op.size);
      work.emplace_back(tensor->range(op.offset, op.size), op.buffer);
    }
  }
  for (const auto& [view, buffer] : work) {
    const NRT_STATUS status = operation(view, buffer);
    if (status != NRT_SUCCESS) {
      return status;
    }
  }
  return NRT_SUCCESS;
}

/// The end of a wait. With the step clock simulated time counts alone, so that results do not
/// depend on the machine; with the free clock, where an idle device stands still, wall time too.
class Deadline {
 public:
  Deadline(Session& session, std::int64_t timeout_us)
      : session_(session), timeout_us_(timeout_us), simulated_(session.now()) {}

  bool passed() const {
    return (session_.now() - simulated_) / kMicrosecond >= timeout_us_ ||
           (!session_.step_clock() && waited().count() >= timeout_us_);
  }
  std::chrono::microseconds waited() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 wall_);
  }

 private:
  Session& session_;
  const std::int64_t timeout_us_;
  const SimTime simulated_;
  const std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
};

bool written(const Tensor& tensor, std::uint64_t times) {
  return tensor.output_completions.load(std::memory_order_acquire) >= times;
}

NRT_STATUS wait_for_output(Session& session, const Tensor& tensor, std::uint64_t times) {
  constexpr std::chrono::seconds kLong(30);
  const Deadline since(session, 0);
  bool warned = false;
  session.wait([&] {
    if (!warned && since.waited() >= kLong) {
      warned = true;
      NSIM_LOG(Nrt, Warn, "tensor \"{}\" was written {} of {} times and is waited for since 30 s",
               tensor.name(), tensor.output_completions.load(), times);
    }
    return written(tensor, times) || session.closing();
  });
  return written(tensor, times) ? NRT_SUCCESS : NRT_CLOSED;
}

NRT_STATUS wait_for_output(Session& session, const Tensor& tensor, std::uint64_t times,
                           std::int64_t timeout_us) {
  const Deadline deadline(session, timeout_us);
  while (!written(tensor, times)) {
    if (session.closing()) {
      return NRT_CLOSED;
    }
    if (deadline.passed()) {
      return NRT_TIMEOUT;
    }
    session.clock().poll();
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return NRT_SUCCESS;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_tensor_allocate(nrt_tensor_placement_t tensor_placement, int vnc, size_t size,
                               const char* name, nrt_tensor_t** tensor) {
  return in_session(__func__, [&, placement = integer_of(tensor_placement)](Session& session) {
    require_pointer(tensor, "tensor");
    if (placement < NRT_TENSOR_PLACEMENT_DEVICE || placement > NRT_TENSOR_PLACEMENT_VIRTUAL) {
      throw StatusError(NRT_INVALID, "unknown placement");
    }
    const nsim::SimTime start = session.now();
    const View view = allocate(session, placement, vnc, size);
    const int core = view.storage ? view.core() : -1;  // host memory: whatever vnc says
    *tensor = add_tensor(session, name, view);
    session.trace_call("nrt_tensor_allocate", core, start);
    return NRT_SUCCESS;
  });
}

void nrt_tensor_free(nrt_tensor_t** tensor) {
  if (tensor == nullptr || *tensor == nullptr) {
    return;
  }
  nrt_tensor_t* const handle = *tensor;
  *tensor = nullptr;
  in_session(__func__, [&](Session& session) {
    if (const auto object = session.objects().tensors.remove(handle)) {
      check_released(session, "nrt_tensor_free", *object);
      const View view = object->view();
      session.trace_call("nrt_tensor_free", view.storage ? view.core() : -1, session.now());
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_tensor_read(const nrt_tensor_t* tensor, void* buf, size_t offset, size_t size) {
  return in_session(__func__, [&](Session& session) {
    require_buffer(buf, size);
    return read_tensor(session, "nrt_tensor_read", buf,
                       session.objects().tensors.get(tensor)->range(offset, size));
  });
}

NRT_STATUS nrt_tensor_write(nrt_tensor_t* tensor, const void* buf, size_t offset, size_t size) {
  return in_session(__func__, [&](Session& session) {
    require_buffer(buf, size);
    return write_tensor(session, "nrt_tensor_write",
                        session.objects().tensors.get(tensor)->range(offset, size), buf);
  });
}

NRT_STATUS nrt_tensor_read_batch(const nrt_tensor_batch_t* batches, uint64_t num_batches,
                                 bool unsafe) {
  static_cast<void>(unsafe);  // tracking of synchronous executions is cheap: always on
  return in_session(__func__, [&](Session& session) {
    require_pointer(batches, "batches");
    return run_batches(session, batches, num_batches, [&](const View& view, void* buffer) {
      return read_tensor(session, "nrt_tensor_read", buffer, view);
    });
  });
}

NRT_STATUS nrt_tensor_write_batch(const nrt_tensor_batch_t* batches, uint64_t num_batches,
                                  bool unsafe) {
  static_cast<void>(unsafe);
  return in_session(__func__, [&](Session& session) {
    require_pointer(batches, "batches");
    return run_batches(session, batches, num_batches, [&](const View& view, const void* buffer) {
      return write_tensor(session, "nrt_tensor_write", view, buffer);
    });
  });
}

NRT_STATUS nrt_tensor_copy(const nrt_tensor_t* src, size_t src_offset, nrt_tensor_t* dst,
                           size_t dst_offset, size_t size) {
  return in_session(__func__, [&](Session& session) {
    const auto source = session.objects().tensors.get(src);
    const auto destination = session.objects().tensors.get(dst);
    return copy_tensor(session, destination->range(dst_offset, size),
                       source->range(src_offset, size));
  });
}

NRT_STATUS nrt_tensor_memset(nrt_tensor_t* tensor, uint64_t offset, int value, size_t size) {
  return in_session(__func__, [&](Session& session) {
    return fill_tensor(session, session.objects().tensors.get(tensor)->range(offset, size), value);
  });
}

size_t nrt_tensor_get_size(const nrt_tensor_t* tensor) {
  std::size_t size = 0;
  in_session(__func__, [&](Session& session) {
    size = session.objects().tensors.get(tensor)->view().size;
    return NRT_SUCCESS;
  });
  return size;
}

NRT_STATUS nrt_tensor_allocate_empty(const char* name, nrt_tensor_t** tensor) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(tensor, "tensor");
    *tensor = add_tensor(session, name, View());
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_tensor_attach_buffer(nrt_tensor_t* tensor, void* buffer, size_t size) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(buffer, "buffer");
    if (size == 0) {
      throw StatusError(NRT_INVALID, "a tensor needs at least one byte");
    }
    View view;
    view.storage = std::make_shared<Storage>();
    view.storage->memory = Allocation::attached(buffer, size);
    view.size = size;
    const auto object = session.objects().tensors.get(tensor);
    check_released(session, "nrt_tensor_attach_buffer", *object);
    object->attach(std::move(view));
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_tensor_allocate_slice(const nrt_tensor_t* tensor_source, size_t offset, size_t size,
                                     const char* name, nrt_tensor_t** tensor_slice) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(tensor_slice, "tensor_slice");
    if (size == 0) {
      throw StatusError(NRT_INVALID, "a tensor needs at least one byte");
    }
    *tensor_slice = add_tensor(session, name,
                               session.objects().tensors.get(tensor_source)->range(offset, size));
    return NRT_SUCCESS;
  });
}

void* nrt_tensor_get_va(const nrt_tensor_t* tensor) {
  void* address = nullptr;
  in_session(__func__, [&](Session& session) {
    const View view = session.objects().tensors.get(tensor)->view();
    address = view.storage ? view.data() : nullptr;
    return NRT_SUCCESS;
  });
  return address;
}

NRT_STATUS nrt_tensor_get_device_allocation_info(const nrt_tensor_t* tensor,
                                                 nrt_tensor_device_allocation_info_t* alloc_info) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(alloc_info, "alloc_info");
    const View view = session.objects().tensors.get(tensor)->view();
    if (!view.storage || view.storage->memory->pool() == nullptr) {
      throw StatusError(NRT_INVALID, "the tensor is not in device memory");
    }
    *alloc_info = {view.address(), view.size, view.storage->memory->pool()->index()};
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_tensor_check_output_completion(const nrt_tensor_t* output_tensor,
                                              int64_t timeout_in_us,
                                              uint64_t expected_completion_count) {
  return in_session(__func__, [&](Session& session) -> NRT_STATUS {
    const auto tensor = session.objects().tensors.get(output_tensor);
    const NRT_STATUS status =
        timeout_in_us < 0
            ? wait_for_output(session, *tensor, expected_completion_count)
            : wait_for_output(session, *tensor, expected_completion_count, timeout_in_us);
    if (status == NRT_SUCCESS && session.checks() != nullptr && tensor->view().storage) {
      session.checks()->outputs_observed(range_of(tensor->view()));
    }
    return status;
  });
}

NRT_STATUS nrt_tensor_reset_output_completion(nrt_tensor_t* output_tensor) {
  return in_session(__func__, [&](Session& session) {
    session.objects()
        .tensors.get(output_tensor)
        ->output_completions.store(0, std::memory_order_release);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_tensor_get_lnc_index(const nrt_tensor_t* tensor, int* lnc_idx) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(lnc_idx, "lnc_idx");
    const View view = session.objects().tensors.get(tensor)->view();
    *lnc_idx = view.storage ? view.core() : -1;
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_allocate_tensor_set(nrt_tensor_set_t** result) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(result, "result");
    *result = session.objects().tensor_sets.add(std::make_shared<TensorSet>());
    return NRT_SUCCESS;
  });
}

void nrt_destroy_tensor_set(nrt_tensor_set_t** tensor_set) {
  if (tensor_set == nullptr || *tensor_set == nullptr) {
    return;
  }
  nrt_tensor_set_t* const handle = *tensor_set;
  *tensor_set = nullptr;
  in_session(__func__, [&](Session& session) {
    session.objects().tensor_sets.remove(handle);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_add_tensor_to_tensor_set(nrt_tensor_set_t* tensor_set, const char* tensor_name,
                                        nrt_tensor_t* tensor) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(tensor_name, "tensor_name");
    const auto set = session.objects().tensor_sets.get(tensor_set);
    set->add(tensor_name, {session.objects().tensors.get(tensor), tensor});
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrt_get_tensor_from_tensor_set(nrt_tensor_set_t* tensor_set, const char* tensor_name,
                                          nrt_tensor_t** tensor) {
  return in_session(__func__, [&](Session& session) -> NRT_STATUS {
    require_pointer(tensor_name, "tensor_name");
    require_pointer(tensor, "tensor");
    const TensorSet::Entry entry = session.objects().tensor_sets.get(tensor_set)->find(tensor_name);
    if (entry.handle == nullptr) {
      return NRT_FAILURE;
    }
    *tensor = entry.handle;
    return NRT_SUCCESS;
  });
}
