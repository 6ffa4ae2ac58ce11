// SPDX-License-Identifier: Apache-2.0
#include "tools/check/expectation.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

namespace nsim::tool {
namespace {

struct Word {
  std::string text;
  int column = 0;  // of the text, from 0
  bool quoted = false;
};

class Parser {
 public:
  Parser(const std::string& text, const SourcePos& where) : where_(where) { split(text); }

  Expectation parse() {
    Expectation out;
    const std::string first =
        one_of({"every", "never", "overlap", "total", "longest", "shortest", "gaps", "count"});
    if (first == "every") {
      parse_follows(out);
    } else if (first == "never") {
      parse_never(out);
    } else if (first == "overlap") {
      out.kind = Expectation::Kind::Overlap;
      expect("of");
      out.spans = spans();
      expect("and");
      out.other = spans();
      out.bound = bound();
      out.limit = quantity(Quantity::Ratio, "a percentage such as 80%");
    } else {
      parse_measure(out, first);
    }
    if (next_ < words_.size()) {
      fail(fmt::format("'{}' is too much", words_[next_].text));
    }
    return out;
  }

 private:
  void split(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
      if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
        ++at;
        continue;
      }
      Word word;
      word.column = static_cast<int>(at);
      if (text[at] == '"' || text[at] == '\'') {
        const std::size_t end = text.find(text[at], at + 1);
        word.quoted = true;
        if (end == std::string::npos) {
          next_ = words_.size();
          words_.push_back(word);
          fail("a quote that does not end");
        }
        word.text = text.substr(at + 1, end - at - 1);
        at = end + 1;
      } else {
        const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
        word.text = text.substr(at, end - at);
        at = end;
      }
      words_.push_back(word);
    }
    end_ = static_cast<int>(text.size());
  }

  [[noreturn]] void fail(const std::string& message) const {
    SourcePos place = where_;
    if (place.column > 0) {
      place.column += next_ < words_.size() ? words_[next_].column : end_;
    }
    throw UserError(place, message);
  }

  std::string here() const {
    return next_ < words_.size() ? "'" + words_[next_].text + "'" : "the end";
  }

  bool accept(const std::string& word) {
    if (next_ < words_.size() && !words_[next_].quoted && words_[next_].text == word) {
      ++next_;
      return true;
    }
    return false;
  }

  void expect(const std::string& word) {
    if (!accept(word)) {
      fail(fmt::format("'{}' belongs here, not {}", word, here()));
    }
  }

  std::string one_of(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (accept(word)) {
        return word;
      }
    }
    fail(fmt::format("{} is none of {}", here(), fmt::join(words, ", ")));
  }

  std::string pattern(const char* what) {
    if (next_ >= words_.size() || words_[next_].text.empty()) {
      fail(fmt::format("{} belongs here, not {}", what, here()));
    }
    return words_[next_++].text;
  }

  EventMoment moment() {
    static const std::vector<std::string> kNames{"submission", "start", "end", "completion"};
    const std::string name = one_of(kNames);
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (kNames[i] == name) {
        return static_cast<EventMoment>(i);
      }
    }
    fail("no moment");
  }

  SpanSet spans() {
    SpanSet set;
    const std::string kind = one_of({"requests", "executions", "slices"});
    expect("of");
    if (kind == "slices") {
      set.kind = SpanSet::Kind::Slices;
      set.of = pattern("a track");
      set.named = accept("named") ? pattern("a name") : "*";
      return set;
    }
    set.kind = kind == "requests" ? SpanSet::Kind::Requests : SpanSet::Kind::Executions;
    set.of = pattern("a unit");
    return set;
  }

  Expectation::Bound bound() {
    if (accept("exactly")) {
      return Expectation::Bound::Exactly;
    }
    if (!accept("at")) {
      fail(fmt::format("'at least', 'at most' or 'exactly' belongs here, not {}", here()));
    }
    return one_of({"least", "most"}) == "least" ? Expectation::Bound::AtLeast
                                                : Expectation::Bound::AtMost;
  }

  /// "80%", "80 %", "50us", "50 us", "3".
  std::int64_t quantity(Quantity kind, const char* what) {
    for (const std::size_t words : {std::size_t{2}, std::size_t{1}}) {
      std::string text;
      for (std::size_t i = 0; i < words && next_ + i < words_.size(); ++i) {
        text += words_[next_ + i].text;
      }
      if (const auto value = parse_quantity(kind, text)) {
        next_ = std::min(next_ + words, words_.size());
        return *value;
      }
    }
    fail(fmt::format("{} belongs here, not {}", what, here()));
  }

  void parse_follows(Expectation& out) {
    out.kind = Expectation::Kind::Follows;
    out.moment = moment();
    expect("of");
    out.unit = pattern("a unit");
    expect("follows");
    if (!accept("its")) {
      out.partner = Expectation::Partner::Other;
      out.partner_moment = moment();
      expect("of");
      out.partner_unit = pattern("a unit");
    } else if (accept("data")) {
      out.partner = Expectation::Partner::Data;
    } else {
      out.partner_moment = moment();
    }
  }

  void parse_never(Expectation& out) {
    out.kind = Expectation::Kind::Never;
    expect("more");
    expect("than");
    out.limit = quantity(Quantity::Count, "a number");
    out.spans = spans();
    if (accept("in")) {
      expect("flight");
    } else {
      expect("at");
      expect("once");
    }
  }

  void parse_measure(Expectation& out, const std::string& measure) {
    static constexpr std::array<std::pair<const char*, Expectation::Kind>, 5> kMeasures{
        {{"total", Expectation::Kind::Total},
         {"longest", Expectation::Kind::Longest},
         {"shortest", Expectation::Kind::Shortest},
         {"gaps", Expectation::Kind::Gaps},
         {"count", Expectation::Kind::Count}}};
    for (const auto& [name, kind] : kMeasures) {
      out.kind = name == measure ? kind : out.kind;
    }
    expect("of");
    out.spans = spans();
    out.bound = bound();
    out.limit = out.kind == Expectation::Kind::Count
                    ? quantity(Quantity::Count, "a number")
                    : quantity(Quantity::Duration, "a duration such as 50us");
  }

  const SourcePos where_;
  std::vector<Word> words_;
  std::size_t next_ = 0;
  int end_ = 0;
};

}  // namespace

Expectation parse_expectation(const std::string& text, const SourcePos& where) {
  Expectation expectation = Parser(text, where).parse();
  expectation.text = text;
  return expectation;
}

}  // namespace nsim::tool
