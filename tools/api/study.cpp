// SPDX-License-Identifier: Apache-2.0
#include "neuronsim/study.h"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>

#include "runtime/report.h"
#include "runtime/session.h"
#include "tools/exit_code.h"
#include "tools/model_run.h"

/// What libsystemc refers to.
extern "C" __attribute__((weak, visibility("default"))) int sc_main(int, char*[]) {
  return 0;
}

struct neuronsim_config {
  std::string name;
  std::vector<std::string> set;
};

namespace {

using nsim::UserError;
using nsim::tool::ModelRun;
using nsim::tool::ModelRunOptions;

/// Runs share the one session of the process.
std::mutex& runs() {
  static std::mutex mutex;
  return mutex;
}

char* copy_of(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy != nullptr) {
    std::memcpy(copy, text.c_str(), text.size() + 1);
  }
  return copy;
}

/// Nothing throws across the border.
int guarded(char** message, const std::function<int(std::string& problem)>& call) noexcept {
  std::string problem;
  int code = 0;
  try {
    code = call(problem);
  } catch (...) {
    const nsim::tool::Failure failure = nsim::tool::current_failure();
    code = failure.code;
    problem = failure.message;
    for (const std::string prefix : {"error: ", "--set: ", "--"}) {  // for a terminal
      const bool there = problem.compare(0, prefix.size(), prefix) == 0;
      problem.erase(0, there ? prefix.size() : 0);
    }
  }
  if (message != nullptr) {
    *message = problem.empty() ? nullptr : copy_of(problem);
  }
  return code;
}

void need(const void* pointer, const char* name) {
  if (pointer == nullptr) {
    throw UserError(std::string(name) + " is NULL");
  }
}

/// 0 stands for the default.
void need_number(int number, int most, const char* name) {
  if (number < 0 || number > most) {
    throw UserError(std::string(name) + ": " + std::to_string(number) + " is not from 1 to " +
                    std::to_string(most));
  }
}

ModelRunOptions run_options(const neuronsim_config_t& config, const char* program,
                            const neuronsim_run_options_t& options) {
  ModelRunOptions run;
  run.path = program;
  run.config = config.name;
  run.set = {"clock.mode=step",
             options.numerics != 0 ? "instance.numerics=on" : "instance.numerics=off"};
  run.set.insert(run.set.end(), config.set.begin(), config.set.end());
  run.out = options.out == nullptr ? "" : options.out;
  need_number(options.requests, 1000000, "requests");
  need_number(options.depth, 1024, "depth");
  need_number(options.cores, 1024, "cores");
  run.cores = options.cores == 0 ? 1 : options.cores;
  run.pipeline.requests = options.requests == 0 ? 1 : options.requests;
  run.pipeline.depth = options.depth == 0 ? 3 : options.depth;
  run.pipeline.transfer_each = options.transfer_each != 0;
  return run;
}

}  // namespace

int neuronsim_config_open(const char* name, neuronsim_config_t** config, char** message) {
  return guarded(message, [&](std::string&) {
    need(name, "name");
    need(config, "config");
    if (*name == '\0') {
      throw UserError("the name of the configuration is empty");
    }
    nsim::tool::open_device(name, {});
    *config = new neuronsim_config{name, {}};
    return 0;
  });
}

int neuronsim_config_set(neuronsim_config_t* config, const char* parameter, const char* value,
                         char** message) {
  return guarded(message, [&](std::string&) {
    need(config, "config");
    need(parameter, "parameter");
    need(value, "value");
    std::vector<std::string> set = config->set;
    set.push_back(std::string(parameter) + "=" + value);
    nsim::tool::open_device(config->name, set);
    config->set = std::move(set);
    return 0;
  });
}

int neuronsim_config_get(const neuronsim_config_t* config, const char* parameter, char** value,
                         char** message) {
  return guarded(message, [&](std::string&) {
    need(config, "config");
    need(parameter, "parameter");
    need(value, "value");
    const nsim::tool::Device device = nsim::tool::open_device(config->name, config->set);
    std::vector<std::string> names;
    for (const nsim::ParamInfo& info : device.config.params()) {
      if (info.path == parameter) {
        *value = copy_of(info.value);
        return 0;
      }
      names.push_back(info.path);
    }
    const std::string near = nsim::nearest_name(parameter, names);
    throw UserError(std::string("no parameter '") + parameter + "'" +
                    (near.empty() ? "" : ", did you mean '" + near + "'?"));
  });
}

void neuronsim_config_close(neuronsim_config_t* config) {
  delete config;
}

int neuronsim_run(const neuronsim_config_t* config, const char* program,
                  const neuronsim_run_options_t* options, char** summary, char** message) {
  return guarded(message, [&](std::string& problem) {
    need(config, "config");
    need(program, "program");
    need(summary, "summary");
    const std::lock_guard<std::mutex> lock(runs());
    ModelRun run(
        run_options(*config, program, options == nullptr ? neuronsim_run_options_t{} : *options));
    run.open();
    run.execute([](int) {});
    *summary = copy_of(nsim::rt::summary_json(nsim::rt::session_record()));
    problem = run.failure();
    return problem.empty() ? 0 : 1;
  });
}

void neuronsim_free(char* text) {
  std::free(text);
}
