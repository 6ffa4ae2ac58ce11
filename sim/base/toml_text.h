// SPDX-License-Identifier: Apache-2.0
// The one way from text to TOML: survives any input, and errors are the user's with their place.
#pragma once

#include <toml++/toml.h>

#include <string>

// The header-only form of the library aborts on some malformed input; the packaged library does
// not.
#if !defined(TOML_HEADER_ONLY) || TOML_HEADER_ONLY != 0
#error "link libtomlplusplus; its header-only form ends the process on bad input"
#endif

namespace nsim {

/// Throws UserError with file, line and column; `name` stands for the file. The library does not
/// bear missing memory: it calls it a syntax error, or ends the process.
toml::table parse_toml(const std::string& text, const std::string& name);

}  // namespace nsim
