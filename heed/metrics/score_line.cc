#include "heed/metrics/score_line.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "heed/base/error.h"

namespace heed {

std::string format_decimal(double value, int decimals) {
  check_usage(decimals >= 0 && decimals <= 30, "a score has 0 to 30 decimals, not {}", decimals);
  std::array<char, 400> buffer;  // the largest double has 309 digits before the point
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          std::chars_format::fixed, decimals);
  check(error == std::errc(), "cannot print the score {}", value);
  return std::string(buffer.data(), end);
}

std::string signature_start(std::size_t reference_count,
                            const std::optional<BootstrapOptions>& bootstrap) {
  std::string start = fmt::format("nrefs:{}", reference_count);
  if (bootstrap) {
    start += fmt::format("|bs:{}|seed:{}", bootstrap->samples, bootstrap->seed);
  }
  return start;
}

std::string score_line(std::string_view name, std::string_view signature, double score,
                       const std::optional<ConfidenceInterval>& interval, std::string_view details,
                       int decimals) {
  std::string line = fmt::format("{}|{} = {}", name, signature, format_decimal(score, decimals));
  // As sacreBLEU has it, a mean of 0 is not worth an interval.
  if (interval && interval->mean > 0) {
    line += fmt::format(" (μ = {} ± {})", format_decimal(interval->mean, decimals),
                        format_decimal(interval->half_width, decimals));
  }
  if (!details.empty()) {
    line += fmt::format(" {}", details);
  }
  return line;
}

}  // namespace heed
