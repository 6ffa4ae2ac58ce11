// SPDX-License-Identifier: Apache-2.0
// libsystemc refers to sc_main, which an ordinary program does not have: executables link this object.
// Visible, because the reference comes from a shared library.
extern "C" __attribute__((visibility("default"))) int sc_main(int, char*[]) { return 0; }
