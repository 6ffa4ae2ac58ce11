// SPDX-License-Identifier: Apache-2.0
// Studies in C++: study.h as classes. Header only; link neuronsim::study.
//
//   neuronsim::Config config("trn2");
//   config.set("hbm.bandwidth", "1432GB/s");
//   const std::string summary = config.run("models/gemm_1024.toml");  // JSON
#pragma once

#include <neuronsim/study.h>

#include <stdexcept>
#include <string>

namespace neuronsim {

/// What a call says when it fails; `code` as in study.h.
class Error : public std::runtime_error {
 public:
  Error(int status, const std::string& message) : std::runtime_error(message), code(status) {}
  int code;
};

class Config {
 public:
  explicit Config(const std::string& name) {
    char* message = nullptr;
    const int code = neuronsim_config_open(name.c_str(), &config_, &message);
    check(code, message);
  }
  ~Config() { neuronsim_config_close(config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  void set(const std::string& parameter, const std::string& value) {
    char* message = nullptr;
    const int code = neuronsim_config_set(config_, parameter.c_str(), value.c_str(), &message);
    check(code, message);
  }

  std::string get(const std::string& parameter) const {
    char* message = nullptr;
    char* value = nullptr;
    const int code = neuronsim_config_get(config_, parameter.c_str(), &value, &message);
    check(code, message);
    return take(value);
  }

  /// What summary.json says. Throws Error when a request failed, too.
  std::string run(const std::string& program, const neuronsim_run_options_t& options = {}) const {
    char* message = nullptr;
    char* summary = nullptr;
    const int code = neuronsim_run(config_, program.c_str(), &options, &summary, &message);
    const std::string text = take(summary);
    check(code, message);
    return text;
  }

 private:
  static std::string take(char* text) {
    const std::string copy = text == nullptr ? "" : text;
    neuronsim_free(text);
    return copy;
  }
  static void check(int code, char* message) {
    const std::string text = take(message);
    if (code != 0) {
      throw Error(code, text);
    }
  }

  neuronsim_config_t* config_ = nullptr;
};

}  // namespace neuronsim
