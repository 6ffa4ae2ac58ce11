// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/executor.h"

#include <catch2/catch.hpp>

#include "tools/process_pool.h"

using namespace nsim::tool;

TEST_CASE("a shell line is read back word by word") {
  CHECK(shell_line({"run", "a b", "it's", ""}) == "run 'a b' 'it'\\''s' ''");
}

TEST_CASE("task n of a Slurm array runs the n-th job, under the options that were given") {
  const std::vector<PointJob> jobs{{1, {"run", "x y", "--out", "/o/1"}, "/o/1"},
                                   {2, {"run", "z", "--out", "/o/2"}, "/o/2"}};
  const std::string script = slurm_script(jobs, {7, "/o/slurm", {"--partition=p", "--mem=2G"}});
  for (const std::string& line :
       {std::string("#!/bin/bash\n#SBATCH --job-name=nsim-sweep\n#SBATCH --array=1-2%7\n"),
        std::string("#SBATCH --requeue\n"), std::string("#SBATCH --output=/o/slurm/task%a.log\n"),
        std::string("#SBATCH --partition=p\n#SBATCH --mem=2G\ncase $SLURM_ARRAY_TASK_ID in\n"),
        "1) exec " + shell_line({own_program()}) + " run 'x y' --out /o/1 ;;\n",
        "2) exec " + shell_line({own_program()}) + " run z --out /o/2 ;;\nesac\n"}) {
    INFO(script);
    CHECK(script.find(line) != std::string::npos);
  }
  CHECK(slurm_script(jobs, {0, "/o", {}}).find("--array=1-2\n") != std::string::npos);
}
