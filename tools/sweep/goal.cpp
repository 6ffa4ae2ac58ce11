// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/goal.h"

#include <algorithm>
#include <unordered_map>

namespace nsim::tool {
namespace {

constexpr double kDifferenceWeight = 0.7;
constexpr double kCrossover = 0.8;
constexpr std::size_t kIdleGenerations = 12;  // without a better point: the end

struct Member {
  std::vector<double> position;
  Candidate candidate;
};

class Evolution {
 public:
  Evolution(const SweepFile& file, const SearchOptions& options,
            const std::function<void(std::vector<Candidate>&)>& evaluate)
      : file_(file),
        options_(options),
        evaluate_(evaluate),
        dimensions_(dimensions_of(file)),
        random_(options.seed, "differential_evolution") {}

  SearchResult run() {
    const std::size_t size =
        std::min(options_.budget, std::max<std::size_t>(8, 4 * dimensions_.size()));
    std::vector<std::vector<double>> positions = latin_hypercube(random_, size, dimensions_.size());
    population_ = assess(positions);
    for (const Member& member : population_) {
      keep(member.candidate);
    }
    for (std::size_t idle = 0;
         size >= 4 && known_.size() < options_.budget && idle < kIdleGenerations;) {
      ++result_.generations;
      idle = generation() ? 0 : idle + 1;
    }
    result_.evaluated = known_.size();
    return result_;
  }

 private:
  /// True when the best got better.
  bool generation() {
    std::vector<std::vector<double>> trials;
    for (std::size_t i = 0; i < population_.size(); ++i) {
      trials.push_back(trial(i));
    }
    const std::vector<Member> members = assess(trials);
    bool better = false;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!population_[i].candidate.beats(members[i].candidate)) {
        population_[i] = members[i];  // the new one when both are alike: it keeps moving
      }
      better = keep(members[i].candidate) || better;
    }
    return better;
  }

  bool keep(const Candidate& candidate) {
    if (!candidate.beats(result_.best)) {
      return false;
    }
    result_.best = candidate;
    return true;
  }

  std::vector<double> trial(std::size_t target) {
    std::size_t chosen[3];
    for (std::size_t n = 0; n < 3;) {
      const std::size_t index = random_.below(population_.size());
      if (index != target && std::find(chosen, chosen + n, index) == chosen + n) {
        chosen[n++] = index;
      }
    }
    std::vector<double> position = population_[target].position;
    const std::size_t always = random_.below(position.size());
    for (std::size_t d = 0; d < position.size(); ++d) {
      if (d != always && random_.uniform() >= kCrossover) {
        continue;
      }
      const double moved = population_[chosen[0]].position[d] +
                           kDifferenceWeight * (population_[chosen[1]].position[d] -
                                                population_[chosen[2]].position[d]);
      position[d] = moved < 0 || moved >= 1 ? random_.uniform() : moved;
    }
    return position;
  }

  /// Evaluates what is not known yet, up to the budget; the rest stays as bad as can be.
  std::vector<Member> assess(const std::vector<std::vector<double>>& positions) {
    std::vector<Member> members;
    std::vector<Candidate> fresh;
    std::unordered_map<std::string, std::size_t> places;
    for (const std::vector<double>& position : positions) {
      Member member{position, {}};
      member.candidate.point = point_at(file_, dimensions_, position);
      const std::string key = member.candidate.point.key();
      if (known_.count(key) == 0 && known_.size() + fresh.size() < options_.budget &&
          places.try_emplace(key, fresh.size()).second) {
        fresh.push_back(member.candidate);
      }
      members.push_back(std::move(member));
    }
    evaluate_(fresh);
    for (Candidate& candidate : fresh) {
      known_[candidate.point.key()] = candidate;
    }
    for (Member& member : members) {
      const auto found = known_.find(member.candidate.point.key());
      if (found != known_.end()) {
        member.candidate = found->second;
      }
    }
    return members;
  }

  const SweepFile& file_;
  const SearchOptions& options_;
  const std::function<void(std::vector<Candidate>&)>& evaluate_;
  const std::vector<Dimension> dimensions_;
  RandomStream random_;
  std::vector<Member> population_;
  std::unordered_map<std::string, Candidate> known_;
  SearchResult result_;
};

}  // namespace

Goal Goal::parse(const std::string& text) {
  const std::size_t space = text.find(' ');
  const std::string direction = text.substr(0, space);
  if ((direction != "min" && direction != "max") || space == std::string::npos) {
    throw UserError("--goal: write \"min EXPRESSION where CONDITION\", or max");
  }
  const std::size_t where = text.find(" where ", space);
  if (text.size() >= 6 && text.compare(text.size() - 6, 6, " where") == 0) {
    throw UserError({"--goal", 1, static_cast<int>(text.size()) + 1},
                    "a condition is missing behind 'where'");
  }
  const auto part = [&text](std::size_t from, std::size_t end) {
    return Expression::parse(text.substr(from, end == std::string::npos ? end : end - from),
                             {"--goal", 1, static_cast<int>(from) + 1});
  };
  Goal goal;
  goal.maximise = direction == "max";
  goal.objective = part(space + 1, where);
  if (where != std::string::npos) {
    goal.condition = part(where + 7, std::string::npos);
  }
  return goal;
}

bool Candidate::beats(const Candidate& other) const {
  return violation != other.violation ? violation < other.violation : objective < other.objective;
}

SearchResult search(const SweepFile& file, const SearchOptions& options,
                    const std::function<void(std::vector<Candidate>&)>& evaluate) {
  return Evolution(file, options, evaluate).run();
}

}  // namespace nsim::tool
