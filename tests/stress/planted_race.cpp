// SPDX-License-Identifier: Apache-2.0
// Two threads write one variable without order between them: undefined behaviour that the thread
// sanitizer reports. The program exits with 0 when nobody notices.
#include <thread>

namespace {

int shared = 0;

void write() {
  for (int i = 0; i < 1000; ++i) {
    ++shared;
  }
}

}  // namespace

int main() {
  std::thread other(write);
  write();
  other.join();
  return 0;
}
