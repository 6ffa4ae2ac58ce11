// SPDX-License-Identifier: Apache-2.0
// The three kinds of errors: the user's mistake (UserError), a device failure (data: a status in the
// request, never an exception) and our own bug (InternalError).
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

namespace nsim {

/// A place in something the user wrote. Line and column count from 1; 0 means unknown.
struct SourcePos {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", leaving out what is unknown.
  std::string text() const;
};

/// The user's input is wrong. The message is one line: what, where, what would be right.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& message) : std::runtime_error(message) {}
  UserError(const SourcePos& where, const std::string& message);
};

/// A broken invariant of this program, never a reaction to input.
class InternalError : public std::logic_error {
 public:
  explicit InternalError(const std::string& message) : std::logic_error(message) {}
};

/// The entry of `names` closest to `wrong` by edit distance, or "" when nothing is near.
/// Used for "did you mean" in messages.
template <class Range>
std::string nearest_name(const std::string& wrong, const Range& names);

int edit_distance(const std::string& a, const std::string& b);

template <class Range>
std::string nearest_name(const std::string& wrong, const Range& names) {
  std::string best;
  int best_distance = std::max(2, static_cast<int>(wrong.size()) / 2) + 1;
  for (const auto& name : names) {
    const int distance = edit_distance(wrong, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

}  // namespace nsim
