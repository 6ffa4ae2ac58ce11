// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory_ledger.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/status.h"
#include "sim/base/log.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

constexpr std::uint64_t kPage = 1024;

/// A folder, and silence while it is there.
struct QuietFolder : test::ScratchFolder {
  QuietFolder() { log::set_level(log::Level::Quiet); }
  ~QuietFolder() { log::set_level(log::Level::Error); }
};

std::shared_ptr<HbmPool> make_pool(std::shared_ptr<MemoryObserver> observer) {
  hw::HbmRegion region;
  region.device = 2;
  region.stack = 1;
  region.base = 1ULL << 20;
  region.bytes = 8 * kPage;
  return std::make_shared<HbmPool>(region, 0, kPage, std::move(observer));
}

}  // namespace

TEST_CASE("a failed allocation leaves the table of owners and categories") {
  const QuietFolder folder;
  const auto pool = make_pool(std::make_shared<MemoryLedger>(folder.path()));
  pool->allocate(2 * kPage, MemoryUse::Constants, "llama");
  pool->allocate(kPage, MemoryUse::Code, "llama");
  pool->allocate(kPage, MemoryUse::Tensors);
  CHECK_THROWS_AS(pool->allocate(5 * kPage, MemoryUse::Tensors), StatusError);
  const std::string table = test::contents(folder / "neuron_mem_table_device_2_hbm_1.log");
  CHECK(table == memory_table(*pool));
  CHECK_THAT(table, Catch::Contains("device 2 HBM 1 in bytes: 8192 in all") &&
                        Catch::Contains("4096 free in 1 hole(s), the largest 4096"));
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  CHECK_THAT(line, Catch::Contains("model constants") && !Catch::Contains("scratchpad"));
  std::getline(lines, line);
  CHECK_THAT(line, Catch::StartsWith("(application)") && Catch::EndsWith("1024"));
  std::getline(lines, line);
  CHECK_THAT(line,
             Catch::StartsWith("llama") && Catch::Contains("2048") && Catch::EndsWith("3072"));
  CHECK_FALSE(std::filesystem::exists(folder / "neuron_mem_log_device_2_hbm_1.csv"));
}

TEST_CASE("the history of allocations is CSV and keeps the last entries") {
  const QuietFolder folder;
  const auto ledger = std::make_shared<MemoryLedger>(folder.path(), 2);
  const auto pool = make_pool(ledger);
  pool->allocate(kPage, MemoryUse::Tensors);
  pool->allocate(kPage, MemoryUse::Constants, "a,\"b\"");
  pool->release(0);
  ledger->report(*pool);
  CHECK(test::contents(folder / "neuron_mem_log_device_2_hbm_1.csv") ==
        "number,operation,device,hbm,address,bytes,category,model\n"
        "2,allocate,2,1,0x100400,1024,model constants,\"a,\"\"b\"\"\"\n"
        "3,free,2,1,0x100000,1024,tensors,\n");
}

TEST_CASE("a directory that cannot be written changes nothing but the log") {
  const QuietFolder folder;
  const auto pool = make_pool(std::make_shared<MemoryLedger>("/proc/no_such_directory", 10));
  CHECK_THROWS_AS(pool->allocate(9 * kPage, MemoryUse::Tensors), StatusError);
}
