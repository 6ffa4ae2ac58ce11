// SPDX-License-Identifier: Apache-2.0
// Reads a VCD file back: every signal by its full name, with all its changes.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nsim::test {

struct VcdFile {
  std::string timescale;
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>>
      changes;  // {time, value}
};

/// Throws std::runtime_error when times go back or an identifier was never declared.
inline VcdFile read_vcd(const std::string& path) {
  std::ifstream in(path);
  VcdFile file;
  std::vector<std::string> scopes;
  std::map<std::string, std::string> names;
  std::int64_t time = 0;
  const auto add = [&](const std::string& code, std::int64_t value) {
    const auto found = names.find(code);
    if (found == names.end()) {
      throw std::runtime_error(path + ": '" + code + "' was never declared");
    }
    file.changes[found->second].emplace_back(time, value);
  };
  for (std::string word; in >> word;) {
    std::string rest;
    if (word == "$timescale") {
      std::string unit;
      in >> file.timescale >> unit >> rest;
      file.timescale += " " + unit;
    } else if (word == "$scope") {
      in >> word >> word >> rest;
      scopes.push_back(word);
    } else if (word == "$upscope") {
      in >> rest;
      scopes.pop_back();
    } else if (word == "$var") {
      std::string code;
      std::string name;
      in >> word >> word >> code >> name >> rest;
      std::string full;
      for (const std::string& scope : scopes) {
        full += scope + ".";
      }
      names[code] = full + name;
    } else if (word[0] == '#') {
      const std::int64_t next = std::stoll(word.substr(1));
      if (next < time) {
        throw std::runtime_error(path + ": time goes back to " + word);
      }
      time = next;
    } else if (word[0] == 'b') {
      std::string code;
      in >> code;
      add(code, static_cast<std::int64_t>(std::stoull(word.substr(1), nullptr, 2)));
    } else if (word[0] == '0' || word[0] == '1') {
      add(word.substr(1), word[0] - '0');
    }
  }
  return file;
}

}  // namespace nsim::test
