// The line that sacreBLEU prints for a score: `NAME|SIGNATURE = SCORE (μ = MEAN ± HALF) DETAILS`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heed {

// The sacreBLEU release whose definitions are computed here and whose printed lines the tests hold
// them against. It is the `version` of every signature, since that is what a reader of a signature
// needs to know in order to compare two scores.
inline constexpr std::string_view sacrebleu_version = "2.6.0";

// How confidence is estimated: by drawing `samples` times as many sentences as there are, with
// replacement. sacreBLEU's defaults.
struct BootstrapOptions {
  int samples = 1000;
  std::uint64_t seed = 12345;
};

// A 95 % confidence interval: mean ± half_width.
struct ConfidenceInterval {
  double mean = 0;
  double half_width = 0;
};

// `value` with exactly `decimals` digits after the point, rounded from its exact binary value (half
// to even), the same in every locale.
std::string format_decimal(double value, int decimals);

// `nrefs:2`, and with a bootstrap `nrefs:2|bs:1000|seed:12345`: how every signature begins.
std::string signature_start(std::size_t reference_count,
                            const std::optional<BootstrapOptions>& bootstrap);

// `decimals` applies to score and interval; sacreBLEU's command prints 1.
std::string score_line(std::string_view name, std::string_view signature, double score,
                       const std::optional<ConfidenceInterval>& interval, std::string_view details,
                       int decimals = 1);

}  // namespace heed
