// SPDX-License-Identifier: Apache-2.0
// Sweeps: what they leave behind, kills and resumptions, failed points, refusals.
#include <signal.h>
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

/// Everything in a database, table by table.
std::string dump(const std::string& folder) {
  sqlite3* database = nullptr;
  std::string text;
  if (sqlite3_open_v2((folder + "/sweep.sqlite").c_str(), &database, SQLITE_OPEN_READWRITE,
                      nullptr) == SQLITE_OK) {
    const auto print = [](void* out, int count, char** values, char**) {
      for (int i = 0; i < count; ++i) {
        *static_cast<std::string*>(out) += std::string(values[i] ? values[i] : "NULL") + "|";
      }
      *static_cast<std::string*>(out) += "\n";
      return 0;
    };
    for (const char* table : {"sweep", "axes", "points", "settings", "design", "results"}) {
      const std::string query = std::string("SELECT * FROM ") + table;
      sqlite3_exec(database, query.c_str(), print, &text, nullptr);
    }
  }
  sqlite3_close(database);
  return text;
}

int ended(const std::string& folder) {
  sqlite3* database = nullptr;
  int count = 0;
  sqlite3_open_v2((folder + "/sweep.sqlite").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  const auto take = [](void* out, int, char** values, char**) {
    *static_cast<int*>(out) = std::atoi(values[0]);
    return 0;
  };
  sqlite3_exec(database, "SELECT count(*) FROM points WHERE state != 'waiting'", take, &count,
               nullptr);
  sqlite3_close(database);
  return count;
}

std::string small_sweep(const ScratchFolder& scratch, const std::string& more = "") {
  return scratch.write("s.toml", std::string("config = \"trn2_lnc1\"\nprogram = \"") +
                                     NSIM_SOURCE_DIR +
                                     "/models/vector_add.nasm\"\nrequests = 2\n[axes]\n"
                                     "hbm.latency = [\"100ns\", \"150ns\", \"300ns\"]\n"
                                     "device.dma_engines = [8, 16]\ndepth = [1, 2, 3]\n" +
                                     more);
}

}  // namespace

TEST_CASE("a sweep leaves a complete directory for every point, and its results") {
  const ScratchFolder scratch;
  const std::string file = small_sweep(scratch, "[columns]\ncost = \"hbm.latency / 150ns\"\n");
  const Outcome outcome = shell("%N sweep " + file + " -q -j2 --out " + (scratch / "o"));
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.text.find("18 points, 18 done, 0 failed") != std::string::npos);
  for (const char* name : {"summary.json", "resolved.toml", "log", "run.json"}) {
    CHECK(std::filesystem::exists(scratch / ("o/points/000018/" + std::string(name))));
  }
  // The last point: 300 ns, 16 engines, depth 3.
  const auto summary = summary_of(scratch / "o/points/000018");
  const std::string text = dump(scratch / "o");
  CHECK(text.find("18|cost|2.0|") != std::string::npos);
  CHECK(contents(scratch / "o/points/000018/resolved.toml").find("300ns") != std::string::npos);
  const auto record = nlohmann::json::parse(contents(scratch / "o/points/000018/run.json"));
  CHECK(record["exit_status"] == 0);
  CHECK(summary["summary"]["executions"] == 2);
}

TEST_CASE("a sweep killed three times and resumed equals an unbroken one") {
  const ScratchFolder scratch;
  const std::string file = small_sweep(scratch);
  REQUIRE(shell("%N sweep " + file + " -q -j1 --out " + (scratch / "unbroken")).exit_code == 0);
  const std::string out = scratch / "killed";
  for (const int enough : {2, 6, 11}) {
    const pid_t child = fork();
    if (child == 0) {
      execl(NSIM_BINARY, NSIM_BINARY, "sweep", file.c_str(), "-q", "-j2", "--resume", "--out",
            out.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    for (int i = 0; i < 6000 && ended(out) < enough; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    CHECK(ended(out) >= enough);
  }
  CHECK(ended(out) < 18);
  REQUIRE(shell("%N sweep " + file + " -q -j2 --resume --out " + out).exit_code == 0);
  CHECK(dump(out) == dump(scratch / "unbroken"));
  CHECK(dump(out).find("|done|0|NULL|\n") != std::string::npos);
  CHECK(ended(out) == 18);
}

TEST_CASE("failed points are kept with their error and run again on request only") {
  const ScratchFolder scratch;
  // Each value is legal; more cores than the instance has are not.
  const std::string file = scratch.write(
      "s.toml", std::string("config = \"trn2_lnc1\"\nprogram = \"") + NSIM_SOURCE_DIR +
                    "/models/vector_add.nasm\"\n[axes]\ncores = [1, 8, 9]\n");
  const std::string command = "%N sweep " + file + " -q -j2 --out " + (scratch / "o");
  const Outcome first = shell(command);
  CHECK(first.exit_code == 1);
  CHECK(first.text.find("cores=9: error: --cores 9: there are 8 logical cores") !=
        std::string::npos);
  CHECK(shell(command).text.find("--resume continues it") != std::string::npos);
  const std::string before = dump(scratch / "o");
  CHECK(shell(command + " --resume").text.find("of them now") == std::string::npos);
  const Outcome again = shell(command + " --retry-failed");
  CHECK(again.exit_code == 1);
  CHECK(again.text.find("1 of them now") != std::string::npos);
  CHECK(dump(scratch / "o") == before);
}

TEST_CASE("a list has one command per point, and what they leave is collected") {
  const ScratchFolder scratch;
  const std::string file = small_sweep(scratch);
  const std::string command = "%N sweep " + file + " -q --out " + (scratch / "o");
  const Outcome list = shell(command + " --list");
  REQUIRE(list.exit_code == 0);
  CHECK(std::count(list.text.begin(), list.text.end(), '\n') == 18);
  REQUIRE(shell(command + " --list | head -5 | sh").exit_code == 0);
  const Outcome rest = shell(command + " --resume");
  CHECK(rest.exit_code == 0);
  REQUIRE(shell("%N sweep " + file + " -q --out " + (scratch / "p")).exit_code == 0);
  CHECK(dump(scratch / "o") == dump(scratch / "p"));
}

TEST_CASE("a sweep of wrong values, names or files is refused before anything runs") {
  const ScratchFolder scratch;
  const std::string head = std::string("config = \"trn2_lnc1\"\nprogram = \"") + NSIM_SOURCE_DIR +
                           "/models/vector_add.nasm\"\n";
  const auto refuses = [&](const std::string& text, const std::vector<std::string>& expected) {
    const Outcome outcome =
        shell("%N sweep " + scratch.write("s.toml", text) + " --out " + (scratch / "o"));
    INFO(outcome.text);
    CHECK(outcome.exit_code == 2);
    for (const std::string& part : expected) {
      CHECK(outcome.text.find(part) != std::string::npos);
    }
    CHECK(!std::filesystem::exists(scratch / "o"));
  };
  refuses(head + "[axes]\nhbm.latncy = [\"1ns\"]\ndepth = [0, 1]\nhbm.stacks = [1, 9999]\n",
          {"3 problems", "s.toml:4:", "hbm.latency", "s.toml:5:10", "s.toml:6:18", "out of range"});
  refuses("config = \"trn9\"\nprogram = \"nowhere.toml\"\n[axes]\ndepth = [1]\n", {"s.toml:1:11"});
  refuses(head + "where = \"dpth > 1\"\n[axes]\ndepth = [1]\n", {"s.toml:3:10", "depth"});
  refuses(head + "[axes]\ndepth = [1]\n[columns]\nc = \"tme * 2\"\n", {"s.toml:6:6", "'time'"});
  refuses("[axes]\ndepth = [1]\n", {"'program' is missing", "'config' is missing"});
}

TEST_CASE("the file that docs/sweeps.md explains keys with is accepted") {
  const ScratchFolder scratch;
  const std::string page = contents(std::string(NSIM_SOURCE_DIR) + "/docs/sweeps.md");
  const std::size_t start = page.find("```toml\n") + 8;
  std::string text = page.substr(start, page.find("```", start) - start);
  text.replace(text.find("../models"), 2, NSIM_SOURCE_DIR);
  const Outcome list = shell("%N sweep " + scratch.write("s.toml", text) + " --list");
  INFO(list.text);
  CHECK(list.exit_code == 0);
  CHECK(list.text.find("--set hbm.model=bandwidth") != std::string::npos);
}

TEST_CASE("several cores execute the model at the same time") {
  const ScratchFolder scratch;
  for (const int cores : {1, 4}) {
    REQUIRE(
        shell(
            "%N run %S/models/gemm_1024.toml --config trn2 --numerics off --requests 2 --no-trace "
            "--cores " +
            std::to_string(cores) + " --out " + (scratch / std::to_string(cores)))
            .exit_code == 0);
  }
  const auto one = summary_of(scratch / "1");
  const auto four = summary_of(scratch / "4");
  CHECK(one["summary"]["executions"] == 2);
  CHECK(four["summary"]["executions"] == 8);
  CHECK(four["summary"]["total_time"] < 4 * one["summary"]["total_time"].get<double>());
}

TEST_CASE("the script of a Slurm array runs every point by its number; what it left is collected") {
  const ScratchFolder scratch;
  const std::string file = scratch.write(
      "s.toml", std::string("config = \"trn2\"\nprogram = \"") + NSIM_SOURCE_DIR +
                    "/models/mini_lm.toml\"\n[axes]\nhbm.latency = [\"100ns\", \"200ns\"]\n");
  const std::string out = scratch / "o";
  const Outcome listed = shell("%N sweep " + file + " --out " + out +
                               " --executor slurm -j 3 --slurm-option --mem=1G --list");
  REQUIRE(listed.exit_code == 0);
  CHECK(listed.text.find("#SBATCH --array=1-2%3\n") != std::string::npos);
  CHECK(listed.text.find("#SBATCH --mem=1G\n") != std::string::npos);
  const std::string script = scratch.write("array.sh", listed.text);
  for (const char* task : {"1", "2"}) {
    CHECK(shell("SLURM_ARRAY_TASK_ID=" + std::string(task) + " bash " + script).exit_code == 0);
  }
  // Without sbatch in the path nothing can be submitted, and nothing has to.
  const Outcome collected =
      shell("PATH= %N sweep " + file + " -q --out " + out + " --executor slurm --resume");
  INFO(collected.text);
  CHECK(collected.exit_code == 0);
  CHECK(collected.text.find("2 points, 2 done, 0 failed") != std::string::npos);
  const Outcome none =
      shell("PATH= %N sweep " + file + " -q --out " + (scratch / "p") + " --executor slurm");
  CHECK(none.exit_code == 2);
  CHECK(none.text.find("is Slurm there") != std::string::npos);
  CHECK(shell("%N sweep " + file + " --executor cloud").exit_code == 2);
  CHECK(shell("%N sweep " + file + " --slurm-option --mem=1G").exit_code == 2);
}

TEST_CASE("more points than MaxArraySize allows are several Slurm arrays") {
  const ScratchFolder scratch;
  const std::string file = small_sweep(scratch);
  const auto program = [&](const char* name, const std::string& text) {
    const std::string path = scratch.write(name, "#!/bin/bash\n" + text);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  // A cluster that runs an array at once, and notes how many tasks it had.
  program("scontrol", "echo 'MaxArraySize            = 8'\n");
  program("sbatch", R"(script="${@: -1}"
last=$(sed -n 's/^#SBATCH --array=1-\([0-9]*\).*/\1/p' "$script")
echo "$last" >>)" + scratch / "arrays" +
                        R"(
for task in $(seq "$last"); do SLURM_ARRAY_TASK_ID=$task bash "$script"; done
)");
  const std::string slurm = "PATH=" + (scratch / "") + ":$PATH %N sweep " + file + " -q --out ";
  const Outcome outcome = shell(slurm + (scratch / "o") + " --executor slurm -j2");
  INFO(outcome.text);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.text.find("18 points, 18 done, 0 failed") != std::string::npos);
  CHECK(contents(scratch / "arrays") == "7\n7\n4\n");

  const Outcome list = shell(slurm + (scratch / "p") + " --executor slurm --list");
  std::size_t arrays = 0;
  for (std::size_t at = 0;
       (at = list.text.find("sbatch <<'END OF ARRAY'\n#!/bin/bash\n", at)) != std::string::npos;
       ++at) {
    ++arrays;
  }
  CHECK(arrays == 3);
  CHECK(list.text.find("#SBATCH --array=1-4\n") != std::string::npos);
}
