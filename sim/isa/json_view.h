// SPDX-License-Identifier: Apache-2.0
// A place in a JSON document that somebody else wrote. Whatever is missing or of another type
// throws a ContainerError (Malformed) that names the place: "neff.json: attrs.shape[1] is no list".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nsim::isa {

class JsonView {
 public:
  /// `place` is how messages call the document: "neff.json:". The document must outlive the view.
  JsonView(const nlohmann::json& value, std::string place)
      : value_(&value), place_(std::move(place)) {}

  /// The member `key` of an object.
  JsonView at(const char* key) const;
  /// The same, or nothing when there is none.
  std::optional<JsonView> find(const char* key) const;
  /// Element `index` of a list.
  JsonView element(std::size_t index) const;
  std::size_t size() const;                                       // of a list
  std::vector<std::pair<std::string, JsonView>> members() const;  // of an object

  std::string text() const;
  std::int64_t integer(std::int64_t min, std::int64_t max) const;
  std::vector<std::int64_t> integers(std::int64_t min, std::int64_t max) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace nsim::isa
