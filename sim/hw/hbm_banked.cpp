// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_banked.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace nsim::hw {
namespace {

HbmGeometry geometry_params(const ParamScope& scope) {
  HbmGeometry made;
  made.pseudo_channels =
      scope.count("pseudo_channels", 16, 1, 256, "Pseudo-channels of a stack, a power of two");
  made.burst =
      scope.bytes("burst", "32B", "8B", "256B", "Bytes of one column access, a power of two");
  made.page =
      scope.bytes("page", "1KiB", "256B", "64KiB", "Bytes of a row of one bank, a power of two");
  made.interleave =
      scope.bytes("interleave", "256B", "8B", "64KiB",
                  "Consecutive bytes of one pseudo-channel, a power of two from burst to page");
  made.bank_groups = scope.count("bank_groups", 4, 1, 16, "Bank groups of a pseudo-channel");
  made.banks = made.bank_groups * scope.count("banks_per_group", 8, 1, 64,
                                              "Banks of a bank group, of all stack IDs together");
  return made;
}

void check(const HbmGeometry& geometry) {
  const auto power_of_two = [](const char* name, std::int64_t value) {
    if ((value & (value - 1)) != 0) {
      throw UserError(fmt::format("hbm.banked.{}: {} is not a power of two", name, value));
    }
  };
  power_of_two("pseudo_channels", geometry.pseudo_channels);
  power_of_two("burst", geometry.burst);
  power_of_two("page", geometry.page);
  power_of_two("interleave", geometry.interleave);
  if (geometry.interleave < geometry.burst || geometry.interleave > geometry.page) {
    throw UserError(fmt::format("hbm.banked.interleave: {} is not from burst {} to page {}",
                                format_quantity(Quantity::Bytes, geometry.interleave),
                                format_quantity(Quantity::Bytes, geometry.burst),
                                format_quantity(Quantity::Bytes, geometry.page)));
  }
}

/// The interval of columns that makes the stack reach its peak, rounded to 1/scale ps.
std::int64_t column_interval(const HbmGeometry& geometry, std::int64_t bandwidth,
                             std::int64_t scale) {
  const Int128 scaled =
      static_cast<Int128>(geometry.burst * geometry.pseudo_channels) * kSecond * scale;
  return static_cast<std::int64_t>((scaled + bandwidth / 2) / bandwidth);
}

}  // namespace

HbmBankedParams::HbmBankedParams(ParamScope scope)
    : geometry(geometry_params(scope)),
      ccd_long(scope.count("ccd_long", 2, 1, 8,
                           "Column interval within a bank group, in intervals between groups")),
      t_rcd(scope.duration("t_rcd", "14ns", "0ns", "1us", "From activate to the first column")),
      t_rp(scope.duration("t_rp", "14ns", "0ns", "1us", "From precharge to activate")),
      t_ras(scope.duration("t_ras", "33ns", "0ns", "1us", "From activate to precharge")),
      t_rtp(scope.duration("t_rtp", "5ns", "0ns", "1us",
                           "From the end of the last read column to precharge")),
      t_wr(scope.duration("t_wr", "20ns", "0ns", "1us",
                          "From the end of the last write column to precharge")),
      t_rrd(scope.duration("t_rrd", "4ns", "0ns", "1us",
                           "Between activates of two banks of a pseudo-channel")),
      t_faw(scope.duration("t_faw", "16ns", "0ns", "1us",
                           "Window that holds at most four activates of a pseudo-channel")),
      t_refi(scope.duration("t_refi", "3900ns", "100ns", "1ms",
                            "Between the beginnings of two refreshes of a bank")),
      t_rfc(scope.duration("t_rfc", "200ns", "0ns", "10us", "Refresh of one bank")) {
  check(geometry);
  if (t_rfc >= t_refi) {
    throw UserError(fmt::format(
        "hbm.banked.t_rfc: {} is not less than hbm.banked.t_refi {}: a bank "
        "would only be refreshed",
        format_quantity(Quantity::Duration, t_rfc), format_quantity(Quantity::Duration, t_refi)));
  }
}

HbmBanked::HbmBanked(const HbmBankedParams& params, const HbmBusParams& bus, std::int64_t bandwidth,
                     SimTime latency, std::uint64_t base)
    : params_(params),
      bus_params_(bus),
      map_(params.geometry),
      base_(base),
      column_scaled_(column_interval(params.geometry, bandwidth, kColumnScale)),
      front_latency_(latency - params.t_rcd),
      channels_(static_cast<std::size_t>(params.geometry.pseudo_channels)),
      groups_(
          static_cast<std::size_t>(params.geometry.pseudo_channels * params.geometry.bank_groups)),
      banks_(static_cast<std::size_t>(params.geometry.pseudo_channels * params.geometry.banks)) {
  if (front_latency_ < 0) {
    throw UserError(fmt::format("hbm.latency: {} is less than hbm.banked.t_rcd {}, which it holds",
                                format_quantity(Quantity::Duration, latency),
                                format_quantity(Quantity::Duration, params.t_rcd)));
  }
  for (std::size_t i = 0; i < banks_.size(); ++i) {
    const auto bank = static_cast<std::int64_t>(i) / params_.geometry.pseudo_channels;
    banks_[i].next_refresh = (bank + 1) * params_.t_refi / params_.geometry.banks;
  }
}

HbmTiming::Service HbmBanked::access(const HbmAccess& access) {
  Progress progress{access.at, access.at, 0};
  const Segment* const last = access.rows + access.count;
  for (const Segment* row = access.rows; row != last;) {
    Segment piece = *row++;
    while (row != last && row->address == piece.address + piece.bytes) {
      piece.bytes += row++->bytes;
    }
    if (piece.bytes > 0) {
      map_.visit(piece.address - base_, piece.bytes,
                 [&](std::uint64_t channel, const HbmAddressMap::Row& place, std::int64_t bursts) {
                   serve(access, static_cast<std::size_t>(channel), place, bursts, progress);
                 });
    }
  }
  last_access_ = access.at;
  waited_ += progress.wait;
  return {progress.end, progress.last - progress.end + front_latency_};
}

void HbmBanked::serve(const HbmAccess& access, std::size_t number, const HbmAddressMap::Row& place,
                      std::int64_t bursts, Progress& progress) {
  const SimTime at = access.at;
  PseudoChannel& channel = channels_[number];
  const std::int64_t lanes = params_.geometry.pseudo_channels;
  Bank& bank = banks_[static_cast<std::size_t>(place.bank * lanes) + number];
  SimTime& group = groups_[static_cast<std::size_t>(place.group * lanes) + number];

  const SimTime on_bus = column_time(bursts);
  const SimTime in_group = on_bus * params_.ccd_long;
  if (std::max(at, bank.free) >= bank.next_refresh) {
    refresh(bank, std::max(at, bank.free));
  }
  SimTime hidden = std::clamp<SimTime>(bank.refreshed_at - at, 0, params_.t_rfc);
  const bool hit = bank.row == place.row;
  hits_ += hit ? 1 : 0;
  const SimTime ready =
      hit ? std::max(at, bank.free) : open_row(channel, bank, at, place.row, hidden);
  const SimTime bus =
      channel.bus.reserve(bus_params_, at, access.write, bursts * params_.geometry.burst, on_bus);
  const SimTime turn = std::max(at, group);
  group = turn + in_group;

  const SimTime end = std::max({ready, bus, turn}) + in_group;
  bank.free = end;
  bank.precharge_at =
      std::max(bank.precharge_at, end + (access.write ? params_.t_wr : params_.t_rtp));
  progress.last = std::max(progress.last, end);
  progress.end = std::max({progress.end, end - hidden, bus + on_bus});
  progress.wait = std::max(progress.wait, bus - at);
}

/// Takes the next slot of the activates.
inline SimTime HbmBanked::activate_slot(PseudoChannel& channel, SimTime at) const {
  const SimTime last = channel.activates[(channel.oldest + kWindow - 1) % kWindow];
  SimTime& oldest = channel.activates[channel.oldest];
  oldest = std::max({at, last + params_.t_rrd, oldest + params_.t_faw});
  channel.oldest = (channel.oldest + 1) % kWindow;
  return oldest;
}

/// When the row, not yet open, takes its first column; `hidden` grows by the part that overlaps.
SimTime HbmBanked::open_row(PseudoChannel& channel, Bank& bank, SimTime at, std::int64_t row,
                            SimTime& hidden) {
  SimTime activate = activate_slot(channel, at);
  if (bank.row == kClosed) {
    ++misses_;
    activate = std::max(activate, bank.free);
  } else {
    ++conflicts_;
    hidden += params_.t_rp;
    activate = std::max(activate, std::max(at, bank.precharge_at) + params_.t_rp);
  }
  hidden += params_.t_rcd;
  bank.row = row;
  bank.precharge_at = activate + params_.t_ras;
  return activate + params_.t_rcd;
}

/// Catches up with the refreshes that were due by `until`. All but the last are long over.
void HbmBanked::refresh(Bank& bank, SimTime until) const {
  const SimTime due =
      bank.next_refresh + (until - bank.next_refresh) / params_.t_refi * params_.t_refi;
  const SimTime idle =
      bank.row == kClosed ? bank.free : std::max(bank.free, bank.precharge_at) + params_.t_rp;
  bank.refreshed_at = std::max(due, idle) + params_.t_rfc;
  bank.free = bank.refreshed_at;
  bank.row = kClosed;
  bank.next_refresh = due + params_.t_refi;
}

/// Of all banks up to the last access.
std::int64_t HbmBanked::refreshes() const {
  const HbmGeometry& geometry = params_.geometry;
  std::int64_t all = 0;
  for (std::int64_t bank = 0; bank < geometry.banks; ++bank) {
    const SimTime first = (bank + 1) * params_.t_refi / geometry.banks;
    all += last_access_ >= first ? (last_access_ - first) / params_.t_refi + 1 : 0;
  }
  return all * geometry.pseudo_channels;
}

void HbmBanked::report(StatsScope stats) const {
  const auto count = [&](const char* name, std::int64_t value, const char* description) {
    stats.add(name, static_cast<double>(value), "1", description);
  };
  SimTime busy = 0;
  std::int64_t turnarounds = 0;
  for (const PseudoChannel& channel : channels_) {
    busy += channel.bus.busy();
    turnarounds += channel.bus.turnarounds();
  }
  stats.add("busy",
            static_cast<double>(busy) / kNanosecond /
                static_cast<double>(params_.geometry.pseudo_channels),
            "ns", "Time the stack moved data: mean of its pseudo-channels");
  stats.add("waited", static_cast<double>(waited_) / kNanosecond, "ns",
            "Time transactions waited for the last of their data buses");
  count("row_hits", hits_, "Row segments whose row was open");
  count("row_misses", misses_, "Row segments whose bank was closed");
  count("row_conflicts", conflicts_, "Row segments whose bank had another row open");
  count("refreshes", refreshes(), "Bank refreshes until the last access");
  count("turnarounds", turnarounds, "Changes of a data bus between reads and writes");
}

}  // namespace nsim::hw
