// SPDX-License-Identifier: Apache-2.0
#include "models/attention_plan.h"

#include <algorithm>

#include "models/lowering.h"

namespace nsim::ml {

AttentionSizes::AttentionSizes(const Call& call)
    : heads(call.integer("heads", 1)),
      kv_heads(call.integer("kv_heads", heads)),
      group(heads / kv_heads),
      width(call.shape(0)[1] / heads),
      tokens(call.shape(0)[0]),
      past(call.has_input(3) ? call.shape(3)[0] : 0),
      keys(past + call.shape(1)[0]),
      stacked(tokens == 1),
      queries(stacked ? group : tokens),
      causal(call.flag("causal") && !stacked) {}

std::vector<KeyTile> key_tiles(std::int64_t past, std::int64_t recent) {
  std::vector<KeyTile> tiles;
  const auto add = [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t done = 0; done < count; done += kPartitions) {
      tiles.push_back({first + done, std::min(kPartitions, count - done),
                       static_cast<std::int64_t>(tiles.size())});
    }
  };
  add(0, past);
  add(past, recent);
  return tiles;
}

std::vector<AttentionBlock> attention_blocks(const std::vector<KeyTile>& tiles,
                                             std::int64_t queries, std::int64_t visible) {
  std::vector<AttentionBlock> blocks;
  for (std::int64_t query = 0; query < queries; query += kPartitions) {
    AttentionBlock block{query, std::min(kPartitions, queries - query), true, false, {}};
    const std::int64_t end = query + block.queries + visible;
    for (KeyTile tile : tiles) {
      if (tile.start >= end) {
        break;
      }
      tile.keys = std::min(tile.keys, end - tile.start);
      const bool full = block.tiles.size() == kKeysPerBlock / kPartitions ||
                        (!block.tiles.empty() && block.keys() + tile.keys > kKeysPerBlock);
      if (full) {
        blocks.push_back(block);
        block.first = false;
        block.tiles.clear();
      }
      block.tiles.push_back(tile);
    }
    block.last = true;
    blocks.push_back(block);
  }
  return blocks;
}

}  // namespace nsim::ml
