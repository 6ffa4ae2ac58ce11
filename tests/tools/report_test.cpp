// SPDX-License-Identifier: Apache-2.0
// nsim report in its forms: each says what summary.json and the traces say.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "sim/base/trace_reader.h"
#include "tests/support/vcd_reader.h"
#include "tests/tools/nsim_process.h"

using namespace nsim;
using namespace nsim::test;

namespace {

struct Reported {
  ScratchFolder scratch;
  std::string run = scratch / "run";

  explicit Reported(const std::string& options = "--requests 3",
                    const std::string& model = "mini_lm.toml") {
    const Outcome outcome = run_model(run, options, model);
    INFO(outcome.text);
    REQUIRE(outcome.exit_code == 0);
  }
  Outcome report(const std::string& options) const {
    return shell("%N report " + run + " " + options);
  }
  nlohmann::json json() const {
    const Outcome outcome = report("--format json");
    INFO(outcome.text.substr(0, 500));
    REQUIRE(outcome.exit_code == 0);
    return nlohmann::json::parse(outcome.text);
  }
};

/// Rows of a CSV file without quotes, by column.
std::vector<std::map<std::string, std::string>> read_csv(const std::string& path) {
  std::istringstream lines(contents(path));
  const auto fields = [](const std::string& line) {
    std::vector<std::string> out(1);
    for (const char c : line) {
      if (c == ',') {
        out.emplace_back();
      } else {
        out.back() += c;
      }
    }
    return out;
  };
  std::string line;
  REQUIRE(std::getline(lines, line));
  const std::vector<std::string> heads = fields(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> values = fields(line);
    REQUIRE(values.size() == heads.size());
    rows.emplace_back();
    for (std::size_t i = 0; i < heads.size(); ++i) {
      rows.back()[heads[i]] = values[i];
    }
  }
  return rows;
}

double number(const std::map<std::string, std::string>& row, const std::string& column) {
  return std::stod(row.at(column));
}

}  // namespace

TEST_CASE("the report as JSON has the numbers of summary.json and what differs from the product") {
  const Reported reported("--requests 3 --set hbm.bandwidth=358GB/s");
  const nlohmann::json summary = summary_of(reported.run);
  const nlohmann::json report = reported.json();
  CHECK(report.at("summary") == summary.at("summary"));
  CHECK(report.at("units") == summary.at("units"));
  CHECK(report.at("metadata").at("is_simulation") == true);
  CHECK(report.at("configuration").at("product") == "trn2");
  bool found = false;
  for (const nlohmann::json& one : report.at("configuration").at("differences")) {
    found = found || (one.at("path") == "hbm.bandwidth" && one.at("run") == "358GB/s");
  }
  CHECK(found);
}

TEST_CASE("the work of the operators adds up to that of the model") {
  const Reported reported("--requests 2");
  const nlohmann::json model = summary_of(reported.run).at("models").at(0);
  const nlohmann::json report = reported.json();
  for (const char* field : {"matmul_flops", "elementwise_ops", "hbm_read_bytes", "hbm_write_bytes",
                            "instructions", "dma_transfers"}) {
    double sum = 0;
    for (const nlohmann::json& one : report.at("roofline").at("operators")) {
      sum += one.at(field).get<double>();
    }
    INFO(field);
    CHECK(sum == 2 * model.at(field).get<double>());
  }
}

TEST_CASE("an operator takes no longer than the run, and all of them cover what engines did") {
  const Reported reported("--requests 1");
  const nlohmann::json report = reported.json();
  double all = 0;
  for (const nlohmann::json& one : report.at("roofline").at("operators")) {
    CHECK(one.at("time_ns").get<double>() <= report.at("summary").at("total_time").get<double>());
    all += one.at("time_ns").get<double>();
  }
  const auto& engines = report.at("engines");
  for (const char* engine : {"tensor", "vector", "scalar"}) {
    const double cores = report.at("summary").at("active_cores").get<double>();
    CHECK(all >= engines.at(engine).at("busy_ns").get<double>() / cores);
  }
}

TEST_CASE("tables of instructions and packets add up to the busy times and bytes of the summary") {
  const Reported reported;
  const nlohmann::json summary = summary_of(reported.run);
  REQUIRE(reported.report("--format csv").exit_code == 0);
  double bytes = 0;
  for (const auto& row : read_csv(reported.run + "/csv/DmaPacketAggregated.csv")) {
    bytes += number(row, "transfer_bytes");
    CHECK(number(row, "duration_ns") ==
          Approx(number(row, "end_ts") - number(row, "start_ts")).margin(1e-3));
  }
  CHECK(bytes == summary.at("summary").at("dma_transfer_total_bytes").get<double>());

  std::map<std::string, double> by_opcode;
  for (const auto& row : read_csv(reported.run + "/csv/Instruction.csv")) {
    by_opcode[row.at("opcode")] += number(row, "duration_ns");
  }
  std::map<std::string, double> summed;
  for (const auto& row : read_csv(reported.run + "/csv/OpcodeSummary.csv")) {
    summed[row.at("opcode")] += number(row, "duration_ns");
  }
  CHECK(by_opcode.size() > 3);
  for (const auto& [opcode, time] : by_opcode) {
    INFO(opcode);
    CHECK(summed[opcode] == Approx(time).epsilon(1e-3));
  }
}

TEST_CASE("what instructions waited for DMA is what the engines were idle for it") {
  const Reported reported;
  REQUIRE(reported.report("--format csv --out " + (reported.scratch / "tables")).exit_code == 0);
  double waited = 0;
  for (const auto& row : read_csv(reported.scratch / "tables/Instruction.csv")) {
    waited += number(row, "dma_wait_time_ns");
  }
  double idle = 0;
  const nlohmann::json summary = summary_of(reported.run);
  for (const auto& [name, stat] : summary.at("statistics").items()) {
    if (name.find(".idle_dma") != std::string::npos) {
      idle += stat.at("value").get<double>();
    }
  }
  CHECK(waited == Approx(idle).epsilon(1e-6));
}

TEST_CASE("every table says that it is of a simulation, and JSON and CSV hold the same rows") {
  const Reported reported;
  REQUIRE(reported.report("--format csv").exit_code == 0);
  const nlohmann::json tables = reported.json().at("tables");
  CHECK(tables.at("Metadata").at(0).at("is_simulation") == true);
  for (const auto& [name, rows] : tables.items()) {
    INFO(name);
    CHECK(read_csv(reported.run + "/csv/" + name + ".csv").size() == rows.size());
  }
}

TEST_CASE("updates of semaphores are those that the waves show, and flows lead over them") {
  const ScratchFolder scratch;
  const std::string run = scratch / "run";
  const Outcome outcome =
      run_model(run, "--requests 2 --signals '*.semaphores.*' --vcd " + (scratch / "w.vcd"));
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  REQUIRE(shell("%N report " + run + " --format csv").exit_code == 0);
  const auto updates = read_csv(run + "/csv/SemaphoreUpdate.csv");
  const auto instructions = read_csv(run + "/csv/Instruction.csv");

  // The last value of every moment, without the zeros that an execution starts with.
  using Changes = std::map<std::pair<std::string, std::string>, std::int64_t>;
  Changes shown;
  const VcdFile waves = read_vcd(scratch / "w.vcd");
  for (const auto& [name, changes] : waves.changes) {
    const std::size_t core = name.find("nc");
    for (const auto& [time, value] : changes) {
      if (value != 0) {
        shown[{name.substr(core, name.find('.', core) - core) + name.substr(name.rfind('s')),
               fmt::format("{:.3f}", static_cast<double>(time) / 1000)}] = value;
      }
    }
  }
  Changes told;
  for (const auto& row : updates) {
    const std::string& by = row.at("engine");
    const std::string core = by.substr(by.find('(') + 1, by.find(')') - by.find('(') - 1);
    told[{core + "s" + row.at("semaphore_id"), fmt::format("{:.3f}", number(row, "timestamp"))}] =
        std::stoll(row.at("value"));
  }
  CHECK(told.size() > 100);
  CHECK(told == shown);

  const double latency = 40;  // of a semaphore, ns
  std::map<std::string, int> kinds;
  for (const auto& flow : read_csv(run + "/csv/Flow.csv")) {
    const std::string kind = flow.at("in_table") + " " + flow.at("out_table");
    ++kinds[kind];
    if (kind == "Instruction SemaphoreUpdate") {
      const auto& from = instructions.at(std::stoul(flow.at("in_id")));
      const auto& to = updates.at(std::stoul(flow.at("out_id")));
      CHECK(from.at("engine") == to.at("engine"));
      CHECK(number(from, "end_ts") == number(to, "timestamp"));
    } else if (kind == "SemaphoreUpdate Instruction") {
      const auto& from = updates.at(std::stoul(flow.at("in_id")));
      const auto& to = instructions.at(std::stoul(flow.at("out_id")));
      CHECK(number(from, "timestamp") + latency <= number(to, "start_ts") + 1e-6);
      CHECK(number(to, "evt_wait_time_ns") + number(to, "dma_wait_time_ns") > 0);
    }
  }
  // Two requests on two cores; engines' updates; every instruction that had waited for a semaphore.
  CHECK(kinds["requests Instruction"] == 4);
  const auto by_engine = std::count_if(updates.begin(), updates.end(), [](const auto& row) {
    return row.at("engine").front() != 'q';
  });
  CHECK(kinds["Instruction SemaphoreUpdate"] == by_engine);
  const auto waited = std::count_if(instructions.begin(), instructions.end(), [](const auto& row) {
    return number(row, "evt_wait_time_ns") + number(row, "dma_wait_time_ns") > 0;
  });
  CHECK(kinds["SemaphoreUpdate Instruction"] >= waited);
}

TEST_CASE("memory by category ends where the counters say, and has the weights of the model") {
  const Reported reported;
  const auto summary = summary_of(reported.run);
  REQUIRE(reported.report("--format csv").exit_code == 0);
  std::map<std::string, double> last;  // by stack
  std::map<std::string, std::map<std::string, double>> levels;
  double before = 0;
  for (const auto& row : read_csv(reported.run + "/csv/HbmUsage.csv")) {
    CHECK(number(row, "timestamp") >= before);
    before = number(row, "timestamp");
    levels[row.at("device") + " " + row.at("hbm")][row.at("category")] = number(row, "bytes");
  }
  std::int64_t all = 0;
  for (const auto& [stack, categories] : levels) {
    for (const auto& [category, bytes] : categories) {
      all += static_cast<std::int64_t>(bytes);
    }
  }
  std::int64_t counted = 0;
  const auto memory = summary.at("counters").at("memory_usage").at("device_mem");
  for (const auto& [stack, categories] : memory.items()) {
    for (const auto& [category, bytes] : categories.items()) {
      counted += category == "total" ? 0 : bytes.get<std::int64_t>();
    }
  }
  CHECK(all > 0);
  CHECK(all == counted);
}

TEST_CASE("requests that fail are rows of Error") {
  const Reported good;
  REQUIRE(good.report("--format csv").exit_code == 0);
  CHECK(read_csv(good.run + "/csv/Error.csv").empty());
  const ScratchFolder scratch;
  const std::string run = scratch / "run";
  REQUIRE(run_model(run, "--requests 4 --faults third_execution_hangs").exit_code == 1);
  REQUIRE(shell("%N report " + run + " --format csv").exit_code == 0);
  const auto rows = read_csv(run + "/csv/Error.csv");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("error") == "NRT_TIMEOUT");
  CHECK(rows[0].at("sequence") == "3");
  CHECK(rows[1].at("error") == "NRT_EXEC_UNIT_UNRECOVERABLE");
  CHECK(number(rows[0], "timestamp") > 0);
}

TEST_CASE("of a run that DMA bounds descriptors are blamed only when they are small") {
  const Reported large("--no-trace", "llama3_8b_decode.toml");
  const auto summary = summary_of(large.run).at("summary");
  CHECK(summary.at("bound_by").get<std::string>().find("DMA engines") == 0);
  CHECK(summary.at("dma_transfer_average_bytes").get<double>() >= 2048);
  CHECK(summary.at("advice").get<std::string>().find("large enough (2073 B on average)") !=
        std::string::npos);
}

TEST_CASE("the text of a report names what bounds the run, without traces too") {
  const Reported reported("--no-trace");
  const Outcome outcome = reported.report("--format text");
  INFO(outcome.text);
  CHECK(outcome.exit_code == 0);
  const std::string bound = summary_of(reported.run).at("summary").at("bound_by");
  CHECK(outcome.text.find(bound) != std::string::npos);
  CHECK(outcome.text.find("no trace") != std::string::npos);
  CHECK(reported.json().at("tables").at("Instruction").empty());
}

TEST_CASE("models that share a run have rows and operators of their own") {
  const Reported reported("--cores 2 --requests 2");
  const nlohmann::json report = reported.json();
  std::map<int, double> by_model;
  for (const nlohmann::json& one : report.at("roofline").at("operators")) {
    by_model[one.at("model").get<int>()] += one.at("time_ns").get<double>();
  }
  CHECK(by_model.size() == 2);
}

TEST_CASE("what is no run, and a form that does not exist, are refused with what would be right") {
  const ScratchFolder scratch;
  const Outcome empty = shell("%N report " + (scratch / "nothing"));
  CHECK(empty.exit_code == 2);
  CHECK(empty.text.find("summary.json") != std::string::npos);
  const Outcome form = shell("%N report " + (scratch / "nothing") + " --format pdf");
  CHECK(form.exit_code == 2);
  CHECK(form.text.find("pdf") != std::string::npos);
  scratch.write("summary.json", "{\"metadata\": {}}");
  const Outcome other = shell("%N report " + (scratch / ""));
  INFO(other.text);
  CHECK(other.exit_code == 2);
}

TEST_CASE("the report of a sweep has every point with its settings and results") {
  const ScratchFolder scratch;
  const std::string file = scratch.write("s.toml", fmt::format(R"(
program = "{}/models/vector_add.nasm"
config = "trn1"
[axes]
hbm.bandwidth = ["205GB/s", "410GB/s"]
depth = [1, 2]
[columns]
twice = "2 * time"
)",
                                                               NSIM_SOURCE_DIR));
  const std::string sweep = scratch / "sweep";
  REQUIRE(shell("%N sweep " + file + " -j1 --out " + sweep).exit_code == 0);
  const Outcome outcome = shell("%N report " + sweep + " --format json");
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  const nlohmann::json report = nlohmann::json::parse(outcome.text);
  CHECK(report.at("axes") == nlohmann::json{"hbm.bandwidth", "depth"});
  REQUIRE(report.at("points").size() == 4);
  CHECK(report.at("points").at(0).at("texts").at("hbm.bandwidth") == "205GB/s");
  for (std::size_t i = 0; i < 4; ++i) {
    const double time = report.at("results").at("time").at(i);
    CHECK(time > 0);
    CHECK(report.at("results").at("twice").at(i) == 2 * time);
  }
  const Outcome text = shell("%N report " + sweep + " --format text");
  CHECK(text.text.find("4 points: 4 done, 0 failed") != std::string::npos);
  REQUIRE(shell("%N report " + sweep + " --format csv").exit_code == 0);
  const auto rows = read_csv(sweep + "/csv/points.csv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[3].at("depth") == "2");
  CHECK(number(rows[3], "twice") == report.at("results").at("twice").at(3).get<double>());
}
