// SPDX-License-Identifier: Apache-2.0
// The bundle of tools/report/page, as it lies in the source tree, inside the program.
#pragma once

#include <string_view>

namespace nsim::tool {

std::string_view page_script();
std::string_view page_style();

}  // namespace nsim::tool
