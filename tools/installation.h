// SPDX-License-Identifier: Apache-2.0
// Where the parts of neuronsim that this program starts lie: in the build tree and the source tree,
// or where `cmake --install` put them.
#pragma once

#include <string>

namespace nsim::tool {

/// The folder of libnrt.so.1, relative to this program: build tree and installation agree. Throws
/// UserError when it was not built.
std::string library_directory();

/// What PYTHONPATH must name for `import nki`: share/neuronsim/python of the installation that this
/// program is part of, else models/nki of the source tree. Throws UserError.
std::string python_packages();

/// The Python that CMake found.
std::string python_program();

}  // namespace nsim::tool
