// SPDX-License-Identifier: Apache-2.0
#include "models/attention_plan.h"

#include <catch2/catch.hpp>

using namespace nsim::ml;

TEST_CASE("key tiles never hold past and recent keys together") {
  const std::vector<KeyTile> tiles = key_tiles(200, 1);
  REQUIRE(tiles.size() == 3);
  CHECK(tiles[1].start == 128);
  CHECK(tiles[1].keys == 72);
  CHECK(tiles[2].start == 200);
  CHECK(tiles[2].keys == 1);
  CHECK(tiles[2].slot == 2);
}

TEST_CASE("blocks of queries that see everything cover all keys") {
  const std::vector<AttentionBlock> blocks = attention_blocks(key_tiles(0, 2500), 200, 2500);
  REQUIRE(blocks.size() == 6);
  CHECK(blocks[0].first);
  CHECK_FALSE(blocks[0].last);
  CHECK(blocks[0].keys() == kKeysPerBlock);
  CHECK(blocks[2].last);
  CHECK(blocks[2].start() + blocks[2].keys() == 2500);
  CHECK(blocks[3].query == 128);
  CHECK(blocks[3].queries == 72);
}

TEST_CASE("blocks of causal queries end at the last key any of them sees") {
  const std::vector<AttentionBlock> blocks = attention_blocks(key_tiles(0, 300), 300, 0);
  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].keys() == 128);
  CHECK(blocks[1].keys() == 256);
  CHECK(blocks[2].keys() == 300);
}

TEST_CASE("a block has no more tiles than its buffers have slots") {
  // A partial tile in the middle leaves room for keys, but not for another tile.
  for (const AttentionBlock& block : attention_blocks(key_tiles(1000, 1000), 1, 2000)) {
    CHECK(block.tiles.size() <= static_cast<std::size_t>(kKeysPerBlock / 128));
    CHECK(block.keys() <= kKeysPerBlock);
  }
}
