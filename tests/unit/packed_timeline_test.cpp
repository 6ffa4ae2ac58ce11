// SPDX-License-Identifier: Apache-2.0
// Unpacks what the page would unpack, in the way that the header tells.
#include "tools/report/packed_timeline.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace nsim;
using namespace nsim::tool;

namespace {

std::string inflated(const std::string& base64) {
  std::string packed(base64.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(packed.data()),
                                   reinterpret_cast<const unsigned char*>(base64.data()),
                                   static_cast<int>(base64.size()));
  REQUIRE(size > 0);
  std::string out(1 << 20, '\0');
  uLongf length = out.size();
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                     reinterpret_cast<const Bytef*>(packed.data()),
                     static_cast<uLong>(size)) == Z_OK);
  out.resize(length);
  return out;
}

class Numbers {
 public:
  explicit Numbers(std::string bytes) : bytes_(std::move(bytes)) {}
  std::int64_t next() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.at(at_++));
      value |= static_cast<std::uint64_t>(byte & 127U) << shift;
      if (byte < 128) {
        return static_cast<std::int64_t>(value);
      }
    }
  }
  std::int64_t next_signed() {
    const std::int64_t value = next();
    return value % 2 != 0 ? -(value + 1) / 2 : value / 2;
  }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("a packed timeline holds every slice of every row to the picosecond") {
  RunTimeline timeline;
  timeline.texts = {"nc_matmul", "transfer"};
  timeline.labels = {{1, "mlp"}};
  TimelineRow engine;
  engine.name = "Tensor(nc0)";
  engine.kind = RowKind::Engine;
  engine.start = {5'000'000'000'123, 5'000'000'001'000};
  engine.end = {5'000'000'001'000, 5'000'000'001'001};
  engine.text = {0, 0};
  engine.other = {5'000'000'001'500, 5'000'000'000'999};
  engine.label = {0, 0};
  engine.detail = {300, 0};
  TimelineRow host;
  host.name = "host thread 0";
  host.start = {0};
  host.end = {127};
  host.text = {1};
  host.detail = {1};
  timeline.rows = {engine, host};

  const PackedTimeline packed = pack(timeline);
  const nlohmann::json head = nlohmann::json::parse(packed.head);
  REQUIRE(head.at("rows").size() == 2);
  CHECK(head.at("rows").at(0).at("count") == 2);
  CHECK(head.at("rows").at(0).at("columns") == nlohmann::json{"other", "label", "detail"});
  CHECK(head.at("rows").at(1).at("columns") == nlohmann::json{"detail"});
  CHECK(head.at("labels").at(0).at("name") == "mlp");

  Numbers numbers(inflated(packed.data));
  for (const TimelineRow& row : timeline.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      CHECK(numbers.next() == row.end[i] - row.start[i]);
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      CHECK(numbers.next_signed() == row.start[i] - (i == 0 ? 0 : row.end[i - 1]));
    }
    for (const std::uint32_t text : row.text) {
      CHECK(numbers.next() == text);
    }
    for (std::size_t i = 0; i < row.other.size(); ++i) {
      CHECK(numbers.next_signed() == row.other[i] - row.end[i]);
    }
    for (const std::uint32_t label : row.label) {
      CHECK(numbers.next() == label);
    }
    for (const std::int64_t detail : row.detail) {
      CHECK(numbers.next() == detail);
    }
  }
  CHECK(numbers.at_end());
}
