// SPDX-License-Identifier: Apache-2.0
// The detailed HBM model, [hbm] model = "banked": pseudo-channels, bank groups, banks and rows with
// an open-page policy, refresh, and the turnaround of the data bus.
//
// How an access flows. Rows that follow each other in memory count as one piece. HbmAddressMap cuts
// a piece into row segments: the bursts of one row of one bank, however many. For each of them, in
// O(1):
//
//   bank           opens the row: nothing (hit), activate (miss: the bank is closed) or precharge
//                  and activate (conflict), not before a refresh is over and what the bank did
//                  before allows it (t_ras, t_rtp, t_wr, t_rrd, t_faw)
//   data bus       of the pseudo-channel: bursts * column interval, where the interval is what
//   makes
//                  the pseudo-channels together as fast as hbm.bandwidth
//   bank group     bursts * column interval * ccd_long: one group alone does not fill the bus
//
// Bus and bank groups are consumed in the order of arrival, a bank is served in order. So a bank
// that has to open a row does not hold up the others, as behind a scheduler with a queue; nor does
// its row cost hold up the initiator: precharge, activate and a refresh that was running are part
// of the latency that overlaps. Waiting for bus, group, activate slots or the bank's own earlier
// work is not, that is the back pressure.
//
// A bus loses time when it turns between reads and writes (hbm_bus.h). Refresh is per bank (REFpb),
// one bank after the other, in all pseudo-channels at the same time; a refresh that meets a working
// bank is postponed until its queue is done.
//
// The models agree on streams. They differ where many read the same few bytes at once, as engines
// that broadcast a row to all partitions do: those bytes lie in few pseudo-channels, in one bank
// group of each, and nothing in front of the stack remembers them.
//
// hbm.latency is that of a read of a closed bank on an idle stack, as in the other model.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/params.h"
#include "sim/hw/hbm_address_map.h"
#include "sim/hw/hbm_bus.h"
#include "sim/hw/hbm_timing.h"

namespace nsim::hw {

struct HbmBankedParams {
  explicit HbmBankedParams(ParamScope scope);  // [hbm.banked]
  HbmGeometry geometry;
  std::int64_t ccd_long;  // tCCD_L in tCCD_S
  SimTime t_rcd;          // activate to column
  SimTime t_rp;           // precharge to activate
  SimTime t_ras;          // activate to precharge
  SimTime t_rtp;          // end of reads to precharge
  SimTime t_wr;           // end of writes to precharge
  SimTime t_rrd;          // activate to activate of another bank
  SimTime t_faw;          // window of four activates
  SimTime t_refi;         // between two refreshes of a bank
  SimTime t_rfc;          // of one bank
};

class HbmBanked : public HbmTiming {
 public:
  /// `base`: the address of the stack's first byte. Throws UserError when `latency` is too short to
  /// open a row.
  HbmBanked(const HbmBankedParams& params, const HbmBusParams& bus, std::int64_t bandwidth,
            SimTime latency, std::uint64_t base);

  Service access(const HbmAccess& access) override;
  void report(StatsScope stats) const override;

  const HbmAddressMap& map() const { return map_; }
  /// What `bursts` take on the data bus of a pseudo-channel.
  SimTime column_time(std::int64_t bursts) const {
    return (bursts * column_scaled_ + kColumnScale / 2) >> kColumnBits;
  }

 private:
  static constexpr std::int64_t kClosed = -1;
  static constexpr SimTime kLongAgo = -kSecond;
  static constexpr unsigned kColumnBits = 16;
  static constexpr std::int64_t kColumnScale = 1 << kColumnBits;
  static constexpr unsigned kWindow = 4;  // activates of t_faw

  struct Bank {
    std::int64_t row = kClosed;
    SimTime free = 0;          // end of its last column access or refresh
    SimTime precharge_at = 0;  // at the earliest
    SimTime next_refresh = 0;
    SimTime refreshed_at = 0;  // end of the last refresh
  };
  struct PseudoChannel {
    HbmBus bus;
    std::array<SimTime, kWindow> activates{kLongAgo, kLongAgo, kLongAgo, kLongAgo};
    unsigned oldest = 0;
  };
  /// What has become of a transaction.
  struct Progress {
    SimTime end = 0;   // back pressure
    SimTime last = 0;  // data of the last segment
    SimTime wait = 0;  // longest wait for a data bus
  };

  void serve(const HbmAccess& access, std::size_t channel, const HbmAddressMap::Row& row,
             std::int64_t bursts, Progress& progress);
  SimTime open_row(PseudoChannel& channel, Bank& bank, SimTime at, std::int64_t row,
                   SimTime& hidden);
  SimTime activate_slot(PseudoChannel& channel, SimTime at) const;
  void refresh(Bank& bank, SimTime until) const;
  std::int64_t refreshes() const;

  const HbmBankedParams params_;
  const HbmBusParams bus_params_;
  const HbmAddressMap map_;
  const std::uint64_t base_;
  const std::int64_t column_scaled_;  // interval between two columns, in ps / kColumnScale
  const SimTime front_latency_;       // of the stack without its rows
  std::vector<PseudoChannel> channels_;
  // By bank (group) and pseudo-channel, as consecutive addresses touch them.
  std::vector<SimTime> groups_;  // free at
  std::vector<Bank> banks_;

  std::int64_t hits_ = 0;
  std::int64_t misses_ = 0;
  std::int64_t conflicts_ = 0;
  SimTime last_access_ = 0;
  SimTime waited_ = 0;
};

}  // namespace nsim::hw
