// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tools/report/page_bundle.h"

using namespace nsim::tool;

namespace {

std::string page_of(const nlohmann::ordered_json& report) {
  return html_page({"Run <a>", "trn2 & more", "text"}, report, pack(RunTimeline{}));
}

/// What stands in the script element with this id.
std::string element(const std::string& page, const std::string& id) {
  const std::size_t tag = page.find("<script id=\"" + id + "\"");
  REQUIRE(tag != std::string::npos);
  const std::size_t begin = page.find('>', tag) + 1;
  return page.substr(begin, page.find("</script>", begin) - begin);
}

}  // namespace

TEST_CASE("a page contains its style and script and loads nothing") {
  const std::string page = page_of({{"folder", "x"}});
  CHECK(page.find(page_script()) != std::string::npos);
  CHECK(page.find(page_style()) != std::string::npos);
  CHECK(page_script().find("Leon Sorokin") != std::string::npos);  // uPlot's licence goes with it
  for (const char* loads : {"src=", "<link rel=\"stylesheet\"", "@import"}) {
    CHECK(page.find(loads) == std::string::npos);
  }
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("texts of a run cannot end the elements that hold them") {
  const nlohmann::ordered_json report{{"folder", "</script><script>alert(1)</script><!--"}};
  const std::string page = page_of(report);
  CHECK(page.find("<title>Run &lt;a&gt;</title>") != std::string::npos);
  CHECK(nlohmann::ordered_json::parse(element(page, "report-data")) == report);
}
