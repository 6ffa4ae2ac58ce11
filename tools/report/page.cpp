// SPDX-License-Identifier: Apache-2.0
#include "tools/report/page.h"

#include <nlohmann/json.hpp>

#include "tools/report/page_bundle.h"

namespace nsim::tool {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// JSON inside a script element must not end it, whatever its texts are.
std::string for_script(std::string json) {
  for (std::size_t at = json.find('<'); at != std::string::npos; at = json.find('<', at + 6)) {
    json.replace(at, 1, "\\u003c");
  }
  return json;
}

std::string data(const char* id, const char* type, const std::string& text) {
  return std::string("<script id=\"") + id + "\" type=\"" + type + "\">" + text + "</script>\n";
}

}  // namespace

std::string html_page(const Page& page, const nlohmann::ordered_json& report,
                      const PackedTimeline& timeline) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>";
  out += escaped(page.title);
  out += "</title>\n<style>\n";
  out += page_style();
  out +=
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#page\">To the report</a>\n<header><h1>";
  out += escaped(page.title);
  out += "</h1><p>" + escaped(page.subtitle) + "</p>";
  out +=
      "<button id=\"theme\" type=\"button\">Dark</button></header>\n"
      "<nav aria-label=\"Contents\"><ul id=\"contents\"></ul></nav>\n<main id=\"page\">"
      "<noscript><pre>" +
      escaped(page.fallback) +
      "</pre></noscript></main>\n"
      "<footer>Simulated by neuronsim; no measurement of a device.</footer>\n";
  out += data("report-data", "application/json",
              for_script(report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  out += data("timeline-head", "application/json", for_script(timeline.head));
  out += data("timeline-data", "text/plain", timeline.data);
  out += "<script>\n";
  out += page_script();
  out += "</script>\n</body>\n</html>\n";
  return out;
}

}  // namespace nsim::tool
