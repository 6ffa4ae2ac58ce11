// SPDX-License-Identifier: Apache-2.0
#include "tools/run_record.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/device.h"
#include "tools/exit_code.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// The build id note of the program itself: the first object that is iterated over.
int find_build_id(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) {
      continue;
    }
    const auto* at = reinterpret_cast<const unsigned char*>(info->dlpi_addr + header.p_vaddr);
    const unsigned char* end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const unsigned char* name = at + sizeof note;
      const unsigned char* id = name + (note.n_namesz + 3) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(name, "GNU", 4) == 0) {
        *static_cast<std::string*>(out) = hex(std::vector(id, id + note.n_descsz));
        return 1;
      }
      at = id + (note.n_descsz + 3) / 4 * 4;
    }
  }
  return 1;
}

}  // namespace

void send_output_to(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) {
    throw UserError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  std::fflush(nullptr);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  close(file);
}

std::string build_identity() {
  std::string id;
  dl_iterate_phdr(find_build_id, &id);
  return fmt::format("{} {}", NSIM_VERSION, id.empty() ? "without build id" : id);
}

void write_outcome(const std::string& folder, const RunOutcome& outcome) {
  nlohmann::ordered_json json{{"command", outcome.command},
                              {"arguments", outcome.arguments},
                              {"directory", outcome.directory},
                              {"versions", {{"nsim", outcome.build}, {"summary_schema", 1}}},
                              {"exit_status", outcome.exit_status}};
  if (!outcome.error.empty()) {
    json["error"] = outcome.error;
  }
  write_file(folder + "/run.json",
             json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<RunOutcome> read_outcome(const std::string& folder) {
  std::ifstream file(folder + "/run.json");
  const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  try {
    RunOutcome outcome;
    outcome.command = json.value("command", "run");
    outcome.arguments = json.at("arguments").get<std::vector<std::string>>();
    outcome.directory = json.value("directory", ".");
    outcome.build = json.at("versions").at("nsim");
    outcome.exit_status = json.at("exit_status");
    outcome.error = json.value("error", "");
    return outcome;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

int record_run(const std::string& folder, const std::string& command,
               const std::vector<std::string>& arguments, bool log,
               const std::function<int(std::string& error)>& run) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    throw UserError(fmt::format("cannot create {}: {}", folder, failure.message()));
  }
  for (const char* name : {"run.json", "summary.json", "resolved.toml", "critical_path.jsonl",
                           "kernel.json", "report.txt", "report.json"}) {
    fs::remove(folder + "/" + name, failure);
  }
  if (log) {
    send_output_to(folder + "/log");
  }
  RunOutcome outcome{command, arguments, fs::current_path().string(), build_identity(), 0, ""};
  try {
    outcome.exit_status = run(outcome.error);
  } catch (...) {
    const Failure caught = current_failure();
    fmt::print(stderr, "{}\n", caught.message);
    outcome.exit_status = caught.code;
    outcome.error = caught.message;
  }
  std::fflush(nullptr);
  write_outcome(folder, outcome);
  return outcome.exit_status;
}

}  // namespace nsim::tool
