// SPDX-License-Identifier: Apache-2.0
// Latencies to the tick and sustained rates, both computed from the timing parameters, with the
// memories of trn1 and trn2.
#include "sim/hw/hbm_banked.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/hw/hbm.h"

using namespace nsim;
using hw::HbmAddressMap;
using hw::HbmBanked;
using hw::HbmTiming;

namespace {

constexpr std::uint64_t kBase = 1ULL << 40;
const std::string kConfigs[] = {NSIM_SOURCE_DIR "/configs/trn1.toml",
                                NSIM_SOURCE_DIR "/configs/trn2.toml"};

hw::HbmParams resolve(const std::string& file, const std::vector<std::string>& settings) {
  Config config = Config::load(file);
  for (const std::string& setting : settings) {
    config.set("hbm." + setting);
  }
  return hw::HbmParams(ParamScope(config, "hbm"));
}

struct Stack {
  explicit Stack(const std::string& file, const std::vector<std::string>& settings = {})
      : all(resolve(file, settings)),
        model(all.banked, all.bus, all.bandwidth, all.latency, kBase) {}

  HbmTiming::Service access(SimTime at, bool write, std::uint64_t offset, std::uint64_t bytes) {
    const hw::Segment row{kBase + offset, bytes};
    return model.access({at, write, static_cast<std::int64_t>(bytes), &row, 1});
  }
  /// Reads, and returns when the initiator sees the data, less what it would take without any row.
  SimTime data(SimTime at, std::uint64_t offset, std::int64_t bursts) {
    const auto service =
        access(at, false, offset, static_cast<std::uint64_t>(bursts * t.geometry.burst));
    return service.end + service.latency - (all.latency - t.t_rcd);
  }
  /// The first chunk of pseudo-channel 0 in a row of a bank.
  std::uint64_t place(std::int64_t bank, std::int64_t row) const {
    const std::int64_t super_row = t.geometry.page * t.geometry.pseudo_channels;
    auto offset = static_cast<std::uint64_t>(row * t.geometry.banks * super_row);
    while (model.map().row(offset).bank != bank) {
      offset += static_cast<std::uint64_t>(super_row);
    }
    while (model.map().pseudo_channel(offset) != 0) {
      offset += static_cast<std::uint64_t>(t.geometry.interleave);
    }
    return offset;
  }
  SimTime bus(std::int64_t bursts) const { return model.column_time(bursts); }
  SimTime columns(std::int64_t bursts) const { return t.ccd_long * bus(bursts); }
  double stat(const char* name) const {
    Stats stats;
    model.report(StatsScope(stats));
    return stats.value(name);
  }

  const hw::HbmParams all;
  const hw::HbmBankedParams& t = all.banked;
  HbmBanked model;
};

struct Piece {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool write = false;
};

/// Has `depth` accesses under way.
struct Initiator {
  std::vector<Piece> work;
  std::size_t depth = 16;
  std::vector<SimTime> ends{};

  bool done() const { return ends.size() == work.size(); }
  SimTime next() const { return ends.size() < depth ? 0 : ends[ends.size() - depth]; }
};

/// Runs the initiators side by side; returns when the last access of the first one ended.
SimTime drive(Stack& stack, std::vector<Initiator> all) {
  SimTime now = 0;
  SimTime end = 0;
  while (!all[0].done()) {
    Initiator* first = nullptr;
    for (Initiator& each : all) {
      if (!each.done() && (first == nullptr || each.next() < first->next())) {
        first = &each;
      }
    }
    now = std::max(now, first->next());
    const Piece& piece = first->work[first->ends.size()];
    first->ends.push_back(stack.access(now, piece.write, piece.offset, piece.bytes).end);
    end = first == &all[0] ? std::max(end, first->ends.back()) : end;
  }
  return end;
}

/// Enough under way to keep several rows of every pseudo-channel busy: one bank group is not
/// enough.
constexpr std::uint64_t kUnderWay = 256 << 10;

Initiator sequential(std::uint64_t from, std::uint64_t bytes, std::uint64_t total) {
  Initiator made;
  made.depth = kUnderWay / bytes;
  for (std::uint64_t at = 0; at < total; at += bytes) {
    made.work.push_back({from + at, bytes});
  }
  return made;
}

/// Of the peak of a stack.
double efficiency(const Stack& stack, std::uint64_t bytes, SimTime time) {
  return static_cast<double>(transfer_time(static_cast<std::int64_t>(bytes), stack.all.bandwidth)) /
         static_cast<double>(time);
}

/// `count` random pieces of `bursts` in pseudo-channel 0, all waiting from the start.
Initiator random_rows(const Stack& stack, std::int64_t bursts, std::size_t count) {
  RandomStream random(7, "rows");
  Initiator made;
  made.depth = count;
  const auto banks = static_cast<std::uint64_t>(stack.t.geometry.banks);
  for (std::size_t i = 0; i < count; ++i) {
    made.work.push_back({stack.place(static_cast<std::int64_t>(random.below(banks)),
                                     static_cast<std::int64_t>(random.below(8192))),
                         static_cast<std::uint64_t>(bursts * stack.t.geometry.burst)});
  }
  return made;
}

}  // namespace

TEST_CASE("the columns of all pseudo-channels make up the documented peak") {
  for (const std::string& file : kConfigs) {
    const Stack stack(file);
    const std::int64_t bursts = 1000;
    const double bytes =
        static_cast<double>(bursts * stack.t.geometry.burst * stack.t.geometry.pseudo_channels);
    const double rate = bytes / (static_cast<double>(stack.bus(bursts)) * 1e-12);
    CHECK(rate == Approx(static_cast<double>(stack.all.bandwidth)).epsilon(1e-5));
  }
}

TEST_CASE("a closed bank costs hbm.latency, a hit less, a conflict more: to the tick") {
  for (const std::string& file : kConfigs) {
    for (const std::int64_t bursts : {1, 8}) {
      Stack stack(file, {"banked.t_refi=1ms"});
      const SimTime moved = stack.columns(bursts);
      const auto bytes = static_cast<std::uint64_t>(bursts * stack.t.geometry.burst);
      const auto closed = stack.access(1000, false, stack.place(3, 0), bytes);
      CHECK(closed.end == 1000 + moved);
      CHECK(closed.latency == stack.all.latency);

      const SimTime later = kMicrosecond;
      const auto hit = stack.access(later, false, stack.place(3, 0), bytes);
      CHECK(hit.end == later + moved);
      CHECK(hit.latency == stack.all.latency - stack.t.t_rcd);

      const auto conflict = stack.access(2 * later, false, stack.place(3, 5), bytes);
      CHECK(conflict.end == 2 * later + moved);
      CHECK(conflict.latency == stack.all.latency + stack.t.t_rp);

      CHECK(stack.stat("row_misses") == 1);
      CHECK(stack.stat("row_hits") == 1);
      CHECK(stack.stat("row_conflicts") == 1);
    }
  }
}

TEST_CASE("a row stays open for t_ras, and until t_rtp after a read or t_wr after a write") {
  for (const std::string& file : kConfigs) {
    for (const bool write : {false, true}) {
      for (const std::int64_t bursts : {1, 8}) {
        Stack stack(file, {"banked.t_refi=1ms"});
        stack.access(0, write, stack.place(3, 0),
                     static_cast<std::uint64_t>(bursts * stack.t.geometry.burst));
        const SimTime done = stack.t.t_rcd + stack.columns(bursts);
        const SimTime precharge =
            std::max(stack.t.t_ras, done + (write ? stack.t.t_wr : stack.t.t_rtp));
        CHECK(stack.data(0, stack.place(3, 1), 1) ==
              precharge + stack.t.t_rp + stack.t.t_rcd + stack.columns(1));
      }
    }
  }
}

TEST_CASE("activates of different banks keep t_rrd, and four of them t_faw") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.t_refi=1ms"});
    for (std::int64_t bank = 0; bank < 4; ++bank) {
      CHECK(stack.data(0, stack.place(bank, 0), 1) ==
            bank * stack.t.t_rrd + stack.t.t_rcd + stack.columns(1));
    }
    CHECK(stack.data(0, stack.place(4, 0), 1) == stack.t.t_faw + stack.t.t_rcd + stack.columns(1));
  }
}

TEST_CASE("the data bus turns between reads and writes: to the tick") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.t_refi=1ms", "banked.t_rcd=0ns", "banked.t_rrd=0ns",
                       "banked.t_faw=0ns", "bus.write_batch=1B"});
    const auto bytes = static_cast<std::uint64_t>(8 * stack.t.geometry.burst);
    const SimTime bus = stack.bus(8);
    stack.access(0, false, stack.place(0, 0), bytes);
    CHECK(stack.access(0, true, stack.place(1, 0), bytes).end ==
          bus + stack.all.bus.t_rtw + stack.columns(8));
    CHECK(stack.access(0, false, stack.place(2, 0), bytes).end ==
          bus + stack.all.bus.t_rtw + bus + stack.all.bus.t_wtr + stack.columns(8));
    CHECK(stack.stat("turnarounds") == 2);
  }
}

TEST_CASE("writes wait behind reads until there is a batch of them") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.t_refi=1ms", "banked.t_rcd=0ns", "banked.t_rrd=0ns",
                       "banked.t_faw=0ns", "bus.write_batch=768B"});
    const auto bytes = static_cast<std::uint64_t>(8 * stack.t.geometry.burst);
    stack.access(0, false, stack.place(0, 0), bytes);
    for (std::int64_t i = 1; i < 3; ++i) {
      CHECK(stack.access(0, true, stack.place(i, 0), bytes).end ==
            i * stack.bus(8) + stack.columns(8));
    }
    CHECK(stack.stat("turnarounds") == 0);
    CHECK(stack.access(0, true, stack.place(3, 0), bytes).end ==
          3 * stack.bus(8) + stack.all.bus.t_rtw + stack.columns(8));
    CHECK(stack.stat("turnarounds") == 1);
  }
}

TEST_CASE("a refresh closes the row, makes who comes meanwhile wait, and waits for the bank") {
  for (const std::string& file : kConfigs) {
    const std::int64_t bank = 5;
    Stack idle(file);
    const SimTime due = (bank + 1) * idle.t.t_refi / idle.t.geometry.banks;
    const SimTime open = idle.t.t_rcd + idle.columns(1);
    CHECK(idle.data(0, idle.place(bank, 0), 1) == open);
    CHECK(idle.data(due - 1, idle.place(bank, 0), 1) == due - 1 + idle.columns(1));
    const SimTime postponed = due - 1 + idle.columns(1) + idle.t.t_rtp + idle.t.t_rp;
    CHECK(idle.data(due, idle.place(bank, 0), 1) == postponed + idle.t.t_rfc + open);

    Stack late(file);
    late.data(0, late.place(bank, 0), 1);
    const auto service = late.access(due + 1000, false, late.place(bank, 0), 1);
    CHECK(service.end == due + 1000 + late.columns(1));  // the initiator goes on meanwhile
    CHECK(service.latency == late.t.t_rfc - 1000 + late.all.latency);

    Stack after(file);
    after.data(0, after.place(bank, 0), 1);
    const SimTime next = due + 3 * after.t.t_refi + after.t.t_rfc;
    CHECK(after.data(next, after.place(bank, 0), 1) == next + open);
    CHECK(after.stat("row_misses") == 2);
  }
}

TEST_CASE("every bank of every pseudo-channel is refreshed once in t_refi") {
  for (const std::string& file : kConfigs) {
    Stack stack(file);
    stack.data(7 * stack.t.t_refi, 0, 1);
    CHECK(stack.stat("refreshes") == 7 * stack.t.geometry.banks * stack.t.geometry.pseudo_channels);
  }
}

TEST_CASE("rows that follow each other in memory are one piece, others are not") {
  for (const std::string& file : kConfigs) {
    for (const std::uint64_t gap : {0, 1}) {
      Stack stack(file);
      const auto burst = static_cast<std::uint64_t>(stack.t.geometry.burst);
      const std::uint64_t from = stack.place(0, 0);
      const hw::Segment rows[] = {{kBase + from, burst}, {kBase + from + (1 + gap) * burst, burst}};
      stack.model.access({0, false, static_cast<std::int64_t>(2 * burst), rows, 2});
      CHECK(stack.stat("row_misses") == 1);
      CHECK(stack.stat("row_hits") == gap);
    }
  }
}

TEST_CASE("sequential access reaches the peak less at most the refreshed share") {
  for (const std::string& file : kConfigs) {
    for (const std::uint64_t bytes : {2048, 65536}) {
      Stack stack(file);
      const std::uint64_t total = 32 << 20;
      const double found = efficiency(stack, total, drive(stack, {sequential(0, bytes, total)}));
      const double refreshed =
          static_cast<double>(stack.t.t_rfc) / static_cast<double>(stack.t.t_refi);
      INFO(file << ", accesses of " << bytes << " B");
      CHECK(found <= 1.0001);
      CHECK(found >= 1 - refreshed);
    }
  }
}

TEST_CASE("with one bank group sequential access takes the long column interval") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.bank_groups=1", "banked.banks_per_group=32", "banked.t_rfc=0ns"});
    const std::uint64_t total = 8 << 20;
    const double found = efficiency(stack, total, drive(stack, {sequential(0, 65536, total)}));
    CHECK(found == Approx(1.0 / static_cast<double>(stack.t.ccd_long)).epsilon(0.02));
  }
}

TEST_CASE("bytes that many read at once come at the rate of one bank group per pseudo-channel") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.t_rfc=0ns"});
    const std::size_t count = 2000;
    const auto chunks = static_cast<std::uint64_t>(4 * stack.t.geometry.interleave);
    Initiator all;
    all.work.assign(count, {stack.place(0, 0) / 65536 * 65536, chunks});
    const SimTime each = stack.columns(stack.t.geometry.interleave / stack.t.geometry.burst);
    CHECK(static_cast<double>(drive(stack, {all})) ==
          Approx(static_cast<double>(each) * static_cast<double>(count)).epsilon(0.01));
  }
}

TEST_CASE("random access is bound by the bus or by activates, as the parameters say") {
  for (const std::string& file : kConfigs) {
    for (const std::int64_t bursts : {1, 2, 4, 8}) {
      Stack stack(file, {"banked.t_rfc=0ns"});
      const std::size_t count = 8000;
      const SimTime time = drive(stack, {random_rows(stack, bursts, count)});
      const SimTime each = std::max({stack.bus(bursts), stack.t.t_rrd, stack.t.t_faw / 4});
      INFO(file << ", " << bursts << " bursts");
      CHECK(static_cast<double>(time) ==
            Approx(static_cast<double>(each) * static_cast<double>(count)).epsilon(0.03));
    }
  }
}

TEST_CASE("random access to one bank takes its row cycle, and its refreshes") {
  for (const std::string& file : kConfigs) {
    for (const std::int64_t bursts : {1, 8}) {
      Stack stack(file, {"banked.bank_groups=1", "banked.banks_per_group=1"});
      const std::size_t count = 4000;
      const SimTime time = drive(stack, {random_rows(stack, bursts, count)});
      const SimTime cycle =
          std::max(stack.t.t_ras, stack.t.t_rcd + stack.columns(bursts) + stack.t.t_rtp) +
          stack.t.t_rp;
      const double available =
          1 - static_cast<double>(stack.t.t_rfc) / static_cast<double>(stack.t.t_refi);
      CHECK(static_cast<double>(time) * available ==
            Approx(static_cast<double>(cycle) * static_cast<double>(count)).epsilon(0.02));
    }
  }
}

TEST_CASE("alternating batches of reads and writes pay two turnarounds for each pair") {
  for (const std::string& file : kConfigs) {
    Stack stack(file, {"banked.t_rfc=0ns", "bus.write_batch=1B"});
    const std::uint64_t bytes = 65536;
    Initiator mixed = sequential(0, bytes, 16 << 20);
    for (std::size_t i = 1; i < mixed.work.size(); i += 2) {
      mixed.work[i].write = true;
    }
    const double found = efficiency(stack, 16 << 20, drive(stack, {mixed}));
    const std::int64_t bursts = static_cast<std::int64_t>(bytes) / stack.t.geometry.burst /
                                stack.t.geometry.pseudo_channels;
    const SimTime pair = 2 * stack.bus(bursts);
    const double expected = static_cast<double>(pair) /
                            static_cast<double>(pair + stack.all.bus.t_rtw + stack.all.bus.t_wtr);
    CHECK(found == Approx(expected).epsilon(0.02));
  }
}

TEST_CASE("two initiators share the bus, and close each other's rows") {
  for (const std::string& file : kConfigs) {
    const std::uint64_t total = 8 << 20;
    Stack one(file);
    const SimTime alone = drive(one, {sequential(0, 512, total)});
    Stack two(file);
    // The same rows of the same banks as far as possible: a whole number of rows apart.
    const std::uint64_t apart = two.place(0, 4096) / (1 << 20) * (1 << 20);
    const SimTime shared = drive(two, {sequential(0, 512, total), sequential(apart, 512, total)});
    CHECK(static_cast<double>(shared) / static_cast<double>(alone) == Approx(2).epsilon(0.1));
    CHECK(two.stat("row_conflicts") > 2 * one.stat("row_conflicts"));
  }
}

TEST_CASE("a second, light initiator makes the first one slower, but by less than its share") {
  for (const std::string& file : kConfigs) {
    const std::uint64_t total = 8 << 20;
    Stack one(file);
    const SimTime alone = drive(one, {sequential(0, 8192, total)});
    Stack two(file);
    Initiator light = sequential(1 << 30, 8192, total);
    light.depth = 1;
    const SimTime shared = drive(two, {sequential(0, 8192, total), light});
    CHECK(shared > alone);
    CHECK(shared < 2 * alone);
  }
}

TEST_CASE("geometry and timings that cannot be are refused") {
  const auto refuses = [](const std::string& setting, const std::string& key) {
    CHECK_THROWS_WITH(Stack(kConfigs[0], {setting}), Catch::Matchers::Contains(key));
  };
  refuses("banked.pseudo_channels=12", "hbm.banked.pseudo_channels: 12 is not a power of two");
  refuses("banked.interleave=2KiB", "hbm.banked.interleave");
  refuses("banked.interleave=16B", "hbm.banked.interleave");
  refuses("banked.t_rfc=4us", "hbm.banked.t_rfc");
  refuses("banked.t_rcd=151ns", "hbm.latency");
}
