// SPDX-License-Identifier: Apache-2.0
// resources_stress KIND [--stride N]: the process runs out of something, at every place in turn.
// KIND is what fails: memory, thread, file, eventfd. A life of a session (nrt_init, tensors,
// requests, nrt_close) is run with the first call failing, then the second (with --stride N every
// Nth), until none is left to fail. Each time a call of the interface must say so with one of the
// documented statuses, nothing may be left behind, and the next life must succeed. Nothing fails
// inside the TOML library: it takes missing memory for a syntax error, or ends the process.
#include <dlfcn.h>
#include <nrt/nrt_async.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "tests/stress/stress_checks.h"

using nsim::test::entries;
using nsim::test::living_threads;

namespace {

enum class Kind { None, Memory, Thread, File, Eventfd };

std::atomic<Kind> armed{Kind::None};
std::atomic<long> left{0};
std::atomic<bool> hit{false};

/// True once, for the call whose turn it is. In calls of the client's thread only: the simulation
/// thread belongs to the device.
thread_local bool client = false;

bool fails(Kind kind) {
  if (!client || armed.load(std::memory_order_relaxed) != kind || left.fetch_sub(1) != 1) {
    return false;
  }
  armed = Kind::None;
  hit = true;
  return true;
}

}  // namespace

// Visible, so that the libraries call these.
#pragma GCC visibility push(default)
extern "C" {
void* __libc_malloc(size_t size);

void* malloc(size_t size) {
  if (fails(Kind::Memory)) {
    errno = ENOMEM;
    return nullptr;
  }
  return __libc_malloc(size);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  if (fails(Kind::Thread)) {
    return EAGAIN;
  }
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, attributes, start, argument);
}

int eventfd(unsigned count, int flags) {
  if (fails(Kind::Eventfd)) {
    errno = EMFILE;
    return -1;
  }
  using Eventfd = int (*)(unsigned, int);
  static const auto real = reinterpret_cast<Eventfd>(dlsym(RTLD_NEXT, "eventfd"));
  return real(count, flags);
}

FILE* fopen64(const char* path, const char* mode) {
  if (fails(Kind::File)) {
    errno = EMFILE;
    return nullptr;
  }
  using Open = FILE* (*)(const char*, const char*);
  static const auto real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "fopen64"));
  return real(path, mode);
}
}

toml::table toml::parse(std::string_view document, std::string_view path) {
  using Parse = toml::table (*)(std::string_view, std::string_view);
  static const auto real = reinterpret_cast<Parse>(
      dlsym(RTLD_NEXT, "_ZN4toml2v32ex5parseESt17basic_string_viewIcSt11char_traitsIcEES5_"));
  struct Spared {
    const bool before = std::exchange(client, false);
    ~Spared() { client = before; }
  } spared;
  return real(document, path);
}
#pragma GCC visibility pop

namespace {

/// How a call says that something is missing; a file that cannot be read is the user's mistake.
NRT_STATUS status_of(Kind kind) {
  return kind == Kind::File ? NRT_INVALID : NRT_RESOURCE;
}

[[noreturn]] void fail(const std::string& what, long turn) {
  std::fprintf(stderr, "%s, failure number %ld\n", what.c_str(), turn);
  std::_Exit(1);
}

/// One life; returns the first status that is not success.
NRT_STATUS live() {
  NRT_STATUS first = NRT_SUCCESS;
  const auto note = [&](NRT_STATUS status) {
    first = first == NRT_SUCCESS ? status : first;
    return status == NRT_SUCCESS;
  };
  if (!note(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""))) {
    return first;
  }
  static char buffer[256];
  nrt_tensor_t* tensor = nullptr;
  nrta_error_tracker_t* tracker = nullptr;
  note(nrta_error_tracker_create(0, &tracker));
  if (note(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, sizeof buffer, "t", &tensor))) {
    nrta_seq_t sequence = 0;
    if (note(nrta_tensor_write(tensor, buffer, 0, sizeof buffer, 0, tracker, &sequence))) {
      int handle = -1;
      if (note(nrta_get_completion_handle(sequence, &handle))) {
        close(handle);
      }
      bool done = false;
      while (!done && note(nrta_is_completed(sequence, &done))) {
      }
    }
    note(nrt_tensor_read(tensor, buffer, 0, sizeof buffer));
    nrt_tensor_free(&tensor);
  }
  nrt_close();
  return first;
}

/// False when there was no such call left to fail.
bool turn_of(Kind kind, long number, long descriptors, long threads) {
  hit = false;
  left = number;
  armed = kind;
  client = true;
  const NRT_STATUS status = live();
  client = false;
  armed = Kind::None;
  if (!hit) {
    return false;
  }
  nrt_close();
  // An optional allocation may fail without harm; whatever is said must be documented.
  if (status != NRT_SUCCESS && status != status_of(kind)) {
    fail(std::string("ends with ") + nrt_get_status_as_str(status), number);
  }
  if (entries("/proc/self/fd") != descriptors || living_threads(threads) != threads) {
    fail("leaves a descriptor or a thread behind", number);
  }
  if (live() != NRT_SUCCESS) {
    fail("the next try does not succeed", number);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const long stride = argc > 3 ? std::atol(argv[3]) : 1;
  const Kind kind = name == "memory"    ? Kind::Memory
                    : name == "thread"  ? Kind::Thread
                    : name == "file"    ? Kind::File
                    : name == "eventfd" ? Kind::Eventfd
                                        : Kind::None;
  if (kind == Kind::None || live() != NRT_SUCCESS) {
    std::fprintf(stderr, "resources_stress memory|thread|file|eventfd [--stride N]\n");
    return 2;
  }
  const long descriptors = entries("/proc/self/fd");
  const long threads = living_threads();
  long turns = 0;
  for (long number = 1; turn_of(kind, number, descriptors, threads); number += stride) {
    ++turns;
  }
  std::printf("%s: %ld failures, each said so, left nothing behind and was over\n", name.c_str(),
              turns);
  return turns > 0 ? 0 : 1;
}
