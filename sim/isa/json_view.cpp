// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/json_view.h"

#include "sim/isa/neff_header.h"

namespace nsim::isa {
namespace {

std::string member_place(const std::string& place, const std::string& key) {
  return place + (place.back() == ':' ? " " : ".") + key;
}

}  // namespace

void JsonView::fail(const std::string& what) const {
  throw ContainerError(ContainerError::Kind::Malformed, place_ + " " + what);
}

JsonView JsonView::at(const char* key) const {
  std::optional<JsonView> found = find(key);
  if (!found) {
    fail(std::string("has no \"") + key + "\"");
  }
  return *found;
}

std::optional<JsonView> JsonView::find(const char* key) const {
  if (!value_->is_object()) {
    fail("is no object");
  }
  const auto found = value_->find(key);
  if (found == value_->end()) {
    return std::nullopt;
  }
  return JsonView(*found, member_place(place_, key));
}

JsonView JsonView::element(std::size_t index) const {
  if (index >= size()) {
    fail("has " + std::to_string(size()) + " elements, element " + std::to_string(index) +
         " is needed");
  }
  return {(*value_)[index], place_ + "[" + std::to_string(index) + "]"};
}

std::size_t JsonView::size() const {
  if (!value_->is_array()) {
    fail("is no list");
  }
  return value_->size();
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  if (!value_->is_object()) {
    fail("is no object");
  }
  std::vector<std::pair<std::string, JsonView>> out;
  for (const auto& [key, value] : value_->items()) {
    out.emplace_back(key, JsonView(value, member_place(place_, key)));
  }
  return out;
}

std::string JsonView::text() const {
  if (!value_->is_string()) {
    fail("is no text");
  }
  return value_->get<std::string>();
}

std::int64_t JsonView::integer(std::int64_t min, std::int64_t max) const {
  if (!value_->is_number_integer()) {
    fail("is no whole number");
  }
  const bool fits = !value_->is_number_unsigned() ||
                    value_->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX);
  const std::int64_t number = fits ? value_->get<std::int64_t>() : 0;
  if (!fits || number < min || number > max) {
    fail("is not in " + std::to_string(min) + " .. " + std::to_string(max));
  }
  return number;
}

std::vector<std::int64_t> JsonView::integers(std::int64_t min, std::int64_t max) const {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < size(); ++i) {
    out.push_back(element(i).integer(min, max));
  }
  return out;
}

}  // namespace nsim::isa
