// SPDX-License-Identifier: Apache-2.0
// speed_bench NSIM FOLDER: how fast the simulator is, as one table. FOLDER holds the programs
// beside this file. Numerics are off; times are CPU seconds of whole nsim processes (parsing,
// expansion, simulation and report), the least of three, of which the time of an empty program is
// taken off.
//
// Engines: instructions per second of four engines that hand data to each other, and of the Tensor
// engine alone. DMA: descriptors per second of a naive matrix product. Then what detail costs (HBM
// banks, traces), and whether cost and memory grow linearly.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/bench/nsim_run.h"
#include "tests/support/scratch_folder.h"

using namespace nsim::bench;

namespace {

constexpr int kRepeat = 3;

class Bench {
 public:
  Bench(std::string nsim, std::string folder) : nsim_(std::move(nsim)), folder_(std::move(folder)) {
    empty_ = best_of(kRepeat, command("engines", 8, {}));
  }

  struct Result {
    double cpu = 0;        // s, without an empty program's
    double mebibytes = 0;  // likewise
    double instructions = 0;
    double descriptors = 0;
  };
  Result measure(const std::string& program, int count, const std::vector<std::string>& options) {
    const std::vector<std::string> words = command(program, count, options);
    const Sample best = best_of(kRepeat, words);
    std::vector<std::string> counting = command(program, count, {});
    const nlohmann::json summary = summary_of(counting);
    return {best.cpu - empty_.cpu, best.mebibytes - empty_.mebibytes, sum(summary, ".instructions"),
            sum(summary, ".descriptors")};
  }
  std::string out() const { return scratch_ / "out"; }

 private:
  /// The program with its ${count} replaced.
  std::vector<std::string> command(const std::string& program, int count,
                                   const std::vector<std::string>& options) const {
    std::string body = nsim::test::contents(folder_ + "/" + program + ".nasm");
    const std::string mark = "${count}";
    body.replace(body.find(mark), mark.size(), std::to_string(count));
    const std::string path = scratch_.write(program + std::to_string(count) + ".nasm", body);
    std::vector<std::string> words{nsim_,       "run",        path, "--config",
                                   "trn2_lnc1", "--numerics", "off"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  const std::string nsim_;
  const std::string folder_;
  nsim::test::ScratchFolder scratch_;
  Sample empty_;
};

void line(const char* what, double value, const char* unit) {
  std::printf("  %-62s %9.2f %s\n", what, value, unit);
}

void growth(Bench& bench) {
  constexpr int kBase = 65536;
  Bench::Result before;
  for (const int factor : {1, 4, 16}) {
    const Bench::Result result = bench.measure("tensor", factor * kBase, {});
    std::printf("  Tensor engine, %2d x 65536 products: %.3f s, %.0f MiB", factor, result.cpu,
                result.mebibytes);
    if (before.instructions > 0) {
      std::printf("; %.0f ns and %.0f B for each more",
                  (result.cpu - before.cpu) / (result.instructions - before.instructions) * 1e9,
                  (result.mebibytes - before.mebibytes) /
                      (result.instructions - before.instructions) * 1048576);
    }
    std::printf("\n");
    before = result;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: speed_bench NSIM FOLDER\n");
    return 2;
  }
  Bench bench(argv[1], argv[2]);
  std::printf("simulation speed on one core, numerics off\n");
  const Bench::Result engines = bench.measure("engines", 65536, {});
  line("four engines handing data on, engine instructions",
       engines.instructions / engines.cpu * 1e-6, "million per second");
  const Bench::Result tensor = bench.measure("tensor", 524288, {});
  line("Tensor engine alone, engine instructions", tensor.instructions / tensor.cpu * 1e-6,
       "million per second");
  const Bench::Result dma = bench.measure("transfers", 16384, {});
  line("naive matrix product, DMA descriptors", dma.descriptors / dma.cpu * 1e-6,
       "million per second");
  const Bench::Result banked = bench.measure("transfers", 16384, {"--set", "hbm.model=banked"});
  line("the same with hbm.model = banked: times as long", banked.cpu / dma.cpu, "");
  const Bench::Result traced = bench.measure("engines", 65536, {"--out", bench.out()});
  line("four engines with traces written: times as long", traced.cpu / engines.cpu, "");
  growth(bench);
  return 0;
}
