// SPDX-License-Identifier: Apache-2.0
#include "tools/report/packed_timeline.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

class Numbers {
 public:
  void add(std::uint64_t value) {
    for (; value >= 128; value >>= 7) {
      bytes_ += static_cast<char>((value & 127U) | 128U);
    }
    bytes_ += static_cast<char>(value);
  }
  void add_signed(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    add(value < 0 ? (~bits << 1) | 1 : bits << 1);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

void add_row(const TimelineRow& row, Numbers& out) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    out.add(static_cast<std::uint64_t>(row.end[i] - row.start[i]));
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    out.add_signed(row.start[i] - (i == 0 ? 0 : row.end[i - 1]));
  }
  for (const std::uint32_t text : row.text) {
    out.add(text);
  }
  const std::vector<SimTime>& from = row.kind == RowKind::Engine ? row.end : row.start;
  for (std::size_t i = 0; i < row.other.size(); ++i) {
    out.add_signed(row.other[i] - from[i]);
  }
  for (const std::uint32_t label : row.label) {
    out.add(label);
  }
  for (const std::int64_t detail : row.detail) {
    out.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, detail)));
  }
}

nlohmann::ordered_json head_of(const RunTimeline& timeline) {
  nlohmann::ordered_json labels = nlohmann::ordered_json::array();
  for (const OperatorLabel& label : timeline.labels) {
    labels.push_back({{"model", label.model}, {"name", label.name}});
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const TimelineRow& row : timeline.rows) {
    nlohmann::ordered_json columns = nlohmann::ordered_json::array();
    for (const auto& [name, present] :
         {std::pair("other", !row.other.empty()), std::pair("label", !row.label.empty()),
          std::pair("detail", !row.detail.empty())}) {
      if (present) {
        columns.push_back(name);
      }
    }
    rows.push_back({{"name", row.name},
                    {"kind", name_of(row.kind)},
                    {"count", row.size()},
                    {"columns", std::move(columns)}});
  }
  return {{"begin", timeline.begin},
          {"end", timeline.end},
          {"texts", timeline.texts},
          {"labels", std::move(labels)},
          {"rows", std::move(rows)}};
}

std::string compressed(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()),
                               static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  if (status != Z_OK) {
    throw InternalError("the timeline cannot be compressed");
  }
  out.resize(size);
  return out;
}

/// In blocks, because the library counts in int.
std::string base64(const std::string& bytes) {
  constexpr std::size_t kBlock = 3U << 20;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
    const std::size_t size = std::min(kBlock, bytes.size() - at);
    std::string block((size + 2) / 3 * 4 + 1, '\0');
    const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(block.data()),
                                        reinterpret_cast<const unsigned char*>(bytes.data()) + at,
                                        static_cast<int>(size));
    out.append(block, 0, static_cast<std::size_t>(written));
  }
  return out;
}

}  // namespace

PackedTimeline pack(const RunTimeline& timeline) {
  Numbers numbers;
  for (const TimelineRow& row : timeline.rows) {
    add_row(row, numbers);
  }
  return {head_of(timeline).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          base64(compressed(numbers.bytes()))};
}

}  // namespace nsim::tool
