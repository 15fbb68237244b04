#include "heed/generation/decoding_config.h"

#include <cmath>

#include "heed/base/error.h"

namespace heed {

void check_decoding_config(const DecodingConfig& config) {
  check_usage(config.beam >= 1 && config.beam <= 1000, "beam: expected 1 to 1000, got {}",
              config.beam);
  check_usage(config.n_best >= 1 && config.n_best <= 1000, "n_best: expected 1 to 1000, got {}",
              config.n_best);
  check_usage(config.sample || config.n_best <= config.beam,
              "n_best: {} translations cannot come from a beam of {}; raise beam to {}",
              config.n_best, config.beam, config.n_best);
  check_usage(std::abs(config.length_penalty) <= 10, "length_penalty: expected -10 to 10, got {}",
              config.length_penalty);
  check_usage(config.lookahead >= 1, "lookahead: expected 1 or more, got {}", config.lookahead);
  check_usage(config.max_length >= 1, "max_length: expected 1 or more, got {}", config.max_length);
  check_usage(std::isfinite(config.max_length_ratio) && config.max_length_ratio >= 0,
              "max_length_ratio: expected 0 or more, got {}", config.max_length_ratio);
  check_usage(std::isfinite(config.temperature) && config.temperature > 0,
              "temperature: expected more than 0, got {}", config.temperature);
  check_usage(config.top_k >= 0, "top_k: expected 0 or more, got {}", config.top_k);
  check_usage(config.top_p > 0 && config.top_p <= 1,
              "top_p: expected more than 0 and at most 1, "
              "got {}",
              config.top_p);
  check_usage(config.min_p >= 0 && config.min_p <= 1, "min_p: expected 0 to 1, got {}",
              config.min_p);
  check_usage(std::isfinite(config.repetition_penalty) && config.repetition_penalty > 0,
              "repetition_penalty: expected more than 0, 1 for none, got {}",
              config.repetition_penalty);
  check_usage(config.no_repeat_ngram >= 0, "no_repeat_ngram: expected 0 or more, got {}",
              config.no_repeat_ngram);
  check_usage(config.batch_sentences >= 1, "batch_sentences: expected 1 or more, got {}",
              config.batch_sentences);
}

}  // namespace heed
