// SPDX-License-Identifier: Apache-2.0
// libsystemc refers to sc_main. A client program has none, so the library brings one; a program
// that has its own wins.
extern "C" __attribute__((weak, visibility("default"))) int sc_main(int, char*[]) {
  return 0;
}
