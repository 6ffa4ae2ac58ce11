// SPDX-License-Identifier: Apache-2.0
// Studies in C++: neuronsim/study.hpp, and what stands below it.
#include <neuronsim/study.hpp>

#include <catch2/catch.hpp>

namespace {

const char* const kModel = NSIM_SOURCE_DIR "/models/mini_lm.toml";

}  // namespace

TEST_CASE("a configuration is loaded, changed and run") {
  neuronsim::Config config("trn2");
  CHECK(config.get("hbm.bandwidth") == "716GB/s");
  config.set("hbm.bandwidth", "1TB/s");
  CHECK(config.get("hbm.bandwidth") == "1TB/s");
  const std::string once = config.run(kModel);
  CHECK(once.find("\"time_per_request_ns\"") != std::string::npos);
  CHECK(config.run(kModel) == once);
}

TEST_CASE("what is wrong comes as an error with its code, and changes nothing") {
  neuronsim::Config config("trn2");
  try {
    config.set("hbm.bandwith", "1TB/s");
    FAIL("no error");
  } catch (const neuronsim::Error& error) {
    CHECK(error.code == 2);
    CHECK(std::string(error.what()).find("did you mean \"hbm.bandwidth\"?") != std::string::npos);
  }
  CHECK_THROWS_AS(config.get("nothing"), neuronsim::Error);
  neuronsim_run_options_t options{};
  options.requests = -1;
  CHECK_THROWS_AS(config.run(kModel, options), neuronsim::Error);
  CHECK(config.get("hbm.bandwidth") == "716GB/s");
}

TEST_CASE("C callers may leave out the message, and NULL is told") {
  CHECK(neuronsim_config_open(nullptr, nullptr, nullptr) == 2);
  char* message = nullptr;
  CHECK(neuronsim_run(nullptr, kModel, nullptr, nullptr, &message) == 2);
  CHECK(std::string(message) == "config is NULL");
  neuronsim_free(message);
  neuronsim_config_close(nullptr);
}
