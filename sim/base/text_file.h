// SPDX-License-Identifier: Apache-2.0
// The one way to read a file that a person wrote: configurations, models, tables.
#pragma once

#include <string>

namespace nsim {

/// The whole file, at most 16 MiB. Throws UserError when it cannot be read, std::bad_alloc when
/// memory is missing: never a part of it.
std::string read_text_file(const std::string& path);

}  // namespace nsim
