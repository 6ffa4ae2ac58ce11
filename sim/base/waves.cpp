// SPDX-License-Identifier: Apache-2.0
#include "sim/base/waves.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/log.h"

namespace nsim {
namespace {

constexpr std::size_t kKept = 1U << 20;  // changes before the first are written

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

/// What the body calls a signal: printable characters.
std::string code_of(std::uint32_t id) {
  std::string code;
  do {
    code += static_cast<char>('!' + id % 94);
    id /= 94;
  } while (id != 0);
  return code;
}

std::string value_text(std::int64_t value, int bits, const std::string& code) {
  if (bits == 1) {
    return fmt::format("{}{}\n", value != 0 ? 1 : 0, code);
  }
  return fmt::format("b{:b} {}\n", static_cast<std::uint64_t>(value), code);
}

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// "nd0.nc1.semaphores.s17" as the pattern "nd*.nc*.semaphores.s*". A part with a capital letter is
/// the name of one of many: "nd*.nc*.dma.queue.*.depth".
std::string kind_of(const std::string& name) {
  std::string kind;
  for (const std::string& part : parts_of(name)) {
    kind += kind.empty() ? "" : ".";
    if (std::any_of(part.begin(), part.end(),
                    [](unsigned char c) { return std::isupper(c) != 0; })) {
      kind += '*';
      continue;
    }
    for (const unsigned char c : part) {
      if (std::isdigit(c) == 0) {
        kind += static_cast<char>(c);
      } else if (kind.empty() || kind.back() != '*') {
        kind += '*';
      }
    }
  }
  return kind;
}

}  // namespace

class Waves::Recorder {
 public:
  explicit Recorder(const WaveOptions& options)
      : path_(options.file),
        patterns_(options.signals),
        met_(options.signals.size(), false),
        file_(std::fopen(options.file.c_str(), "wb")),
        body_(std::tmpfile()) {
    if (!file_ || !body_) {
      throw UserError(fmt::format("cannot create {}: {}", file_ ? "a temporary file" : path_,
                                  std::strerror(errno)));
    }
  }

  std::function<SimTime()> now;

  bool wants(const std::string& name) {
    kinds_.insert(kind_of(name));
    bool wanted = patterns_.empty();
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
      if (fnmatch(patterns_[i].c_str(), name.c_str(), 0) == 0) {
        met_[i] = true;
        wanted = true;
      }
    }
    return wanted;
  }

  void check() {
    const auto unmet = std::find(met_.begin(), met_.end(), false);
    if (unmet == met_.end()) {
      return;
    }
    file_.reset();
    std::remove(path_.c_str());
    throw UserError(fmt::format("no signal is called \"{}\"; there are {}",
                                patterns_[static_cast<std::size_t>(unmet - met_.begin())],
                                fmt::join(kinds_, ", ")));
  }

  std::uint32_t add(const std::string& name, int bits) {
    signals_.push_back({name, bits, 0, 0});
    return static_cast<std::uint32_t>(signals_.size() - 1);
  }

  void change(std::uint32_t id, SimTime at, std::int64_t value) {
    changes_.push_back({at, value, id, signals_[id].cuts});
    if (changes_.size() >= limit_ && now) {
      write_before(now());
      limit_ = changes_.size() + kKept;
    }
  }

  /// Changes up to `at` stay: they are marked as not to be cut.
  void cut(std::uint32_t id, SimTime at) {
    for (Change& change : changes_) {
      if (change.id == id && change.at <= at) {
        change.cuts = kKeep;
      }
    }
    ++signals_[id].cuts;
    change(id, at, 0);
  }

  void close() {
    write_before(kNever);
    write_header();
    copy_body();
    failed_ = std::fclose(file_.release()) != 0 || failed_;
    if (failed_) {
      throw UserError(fmt::format("cannot write all of {}; is the disk full?", path_));
    }
  }

 private:
  static constexpr std::uint32_t kKeep = UINT32_MAX;
  struct Signal {
    std::string name;
    int bits = 1;
    std::int64_t written = 0;
    std::uint32_t cuts = 0;
  };
  struct Change {
    SimTime at = 0;
    std::int64_t value = 0;
    std::uint32_t id = 0;
    std::uint32_t cuts = 0;  // of its signal when it was made, or kKeep
  };

  void put(std::FILE* file, const std::string& text) {
    failed_ = std::fwrite(text.data(), 1, text.size(), file) != text.size() || failed_;
  }

  void write_before(SimTime end) {
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.at < b.at; });
    std::size_t at = 0;
    while (at < changes_.size() && changes_[at].at < end) {
      std::size_t next = at;
      while (next < changes_.size() && changes_[next].at == changes_[at].at) {
        ++next;
      }
      write_moment(at, next);
      at = next;
    }
    changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  /// The changes [from, to) are of one moment.
  void write_moment(std::size_t from, std::size_t to) {
    bool timed = false;
    for (std::size_t i = from; i < to; ++i) {
      const Change& change = changes_[i];
      Signal& signal = signals_[change.id];
      const bool last =
          std::none_of(changes_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                       changes_.begin() + static_cast<std::ptrdiff_t>(to),
                       [&](const Change& later) { return later.id == change.id && stands(later); });
      if (!last || !stands(change) || signal.written == change.value) {
        continue;
      }
      if (!timed) {
        put(body_.get(), fmt::format("#{}\n", change.at));
        timed = true;
      }
      signal.written = change.value;
      put(body_.get(), value_text(change.value, signal.bits, code_of(change.id)));
    }
  }

  bool stands(const Change& change) const {
    return change.cuts == kKeep || change.cuts == signals_[change.id].cuts;
  }

  void write_header() {
    put(file_.get(), "$version neuronsim $end\n$timescale 1 ps $end\n");
    std::vector<std::uint32_t> order(signals_.size());
    for (std::uint32_t id = 0; id < order.size(); ++id) {
      order[id] = id;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return parts_of(signals_[a].name) < parts_of(signals_[b].name);
    });
    std::vector<std::string> open;
    for (const std::uint32_t id : order) {
      std::vector<std::string> parts = parts_of(signals_[id].name);
      const std::string name = parts.back();
      parts.pop_back();
      const auto same = std::mismatch(open.begin(), open.end(), parts.begin(), parts.end()).first;
      for (auto scope = open.end(); scope != same; --scope) {
        put(file_.get(), "$upscope $end\n");
      }
      open.erase(same, open.end());
      for (std::size_t depth = open.size(); depth < parts.size(); ++depth) {
        put(file_.get(), fmt::format("$scope module {} $end\n", parts[depth]));
        open.push_back(parts[depth]);
      }
      put(file_.get(),
          fmt::format("$var wire {} {} {} $end\n", signals_[id].bits, code_of(id), name));
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      put(file_.get(), "$upscope $end\n");
    }
    put(file_.get(), "$enddefinitions $end\n#0\n$dumpvars\n");
    for (const std::uint32_t id : order) {
      put(file_.get(), value_text(0, signals_[id].bits, code_of(id)));
    }
    put(file_.get(), "$end\n");
  }

  void copy_body() {
    std::rewind(body_.get());
    std::array<char, 1 << 16> buffer{};
    for (std::size_t size = 0;
         (size = std::fread(buffer.data(), 1, buffer.size(), body_.get())) > 0;) {
      failed_ = std::fwrite(buffer.data(), 1, size, file_.get()) != size || failed_;
    }
    failed_ = std::ferror(body_.get()) != 0 || failed_;
  }

  const std::string path_;
  const std::vector<std::string> patterns_;
  std::vector<bool> met_;  // by pattern: a signal is or may come to be called so
  std::set<std::string> kinds_;
  File file_;
  File body_;
  bool failed_ = false;
  std::vector<Signal> signals_;
  std::vector<Change> changes_;
  std::size_t limit_ = kKept;
};

void Wave::change(SimTime at, std::int64_t value) {
  waves_->recorder_->change(id_, at, value);
}

void Wave::cut(SimTime at) {
  if (waves_ != nullptr) {
    waves_->recorder_->cut(id_, at);
  }
}

Waves::Waves() = default;

Waves::Waves(const WaveOptions& options)
    : recorder_(options.file.empty() ? nullptr : std::make_unique<Recorder>(options)) {}

Waves::~Waves() {
  try {
    close();
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Error, "{}", error.what());
  }
}

void Waves::follow(std::function<SimTime()> now) {
  if (recorder_) {
    recorder_->now = std::move(now);
  }
}

Wave Waves::signal(const std::string& name, int bits) {
  Wave wave;
  if (recorder_ && recorder_->wants(name)) {
    wave.waves_ = this;
    wave.id_ = recorder_->add(name, bits);
  }
  return wave;
}

void Waves::expect(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (recorder_) {
      recorder_->wants(name);
    }
  }
}

void Waves::check() {
  if (!recorder_) {
    return;
  }
  try {
    recorder_->check();
  } catch (const UserError&) {
    recorder_.reset();
    throw;
  }
}

void Waves::close() {
  if (const std::unique_ptr<Recorder> recorder = std::move(recorder_)) {
    recorder->close();
  }
}

}  // namespace nsim
