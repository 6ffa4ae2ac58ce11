// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page_bundle.h"

// The assembler copies the files into read-only data; CMake knows that this object depends on them.
#define NSIM_INCLUDE_FILE(name, path)           \
  __asm__(                                      \
      ".pushsection .rodata\n"                  \
      ".global nsim_" #name "\nnsim_" #name     \
      ":\n"                                     \
      ".incbin \"" path                         \
      "\"\n"                                    \
      ".global nsim_" #name "_end\nnsim_" #name \
      "_end:\n"                                 \
      ".popsection\n")

NSIM_INCLUDE_FILE(page_script, NSIM_PAGE_DIR "/bundle.js");
NSIM_INCLUDE_FILE(page_style, NSIM_PAGE_DIR "/bundle.css");

extern "C" {
extern const char nsim_page_script[];
extern const char nsim_page_script_end[];
extern const char nsim_page_style[];
extern const char nsim_page_style_end[];
}

namespace nsim::tool {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view page_script() {
  return between(nsim_page_script, nsim_page_script_end);
}

std::string_view page_style() {
  return between(nsim_page_style, nsim_page_style_end);
}

}  // namespace nsim::tool
