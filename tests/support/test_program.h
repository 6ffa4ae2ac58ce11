// SPDX-License-Identifier: Apache-2.0
// Small programs for tests of the runtime, as containers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nsim::test {

/// y = x + 1 for `repeat` * 64 floats in each of 128 rows per physical core. Takes a few simulated
/// microseconds.
std::vector<std::byte> increment_container(const std::string& target, int cores, int repeat = 1);

/// y = x + 1 for a few floats: as little work as a program can be.
std::vector<std::byte> small_container(const std::string& target);
inline constexpr std::size_t kSmallFloats = 16;

/// Bytes of x, and of y.
std::size_t increment_bytes(int cores, int repeat = 1);

}  // namespace nsim::test
