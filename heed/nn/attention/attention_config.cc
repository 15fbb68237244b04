#include "heed/nn/attention/attention_config.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/nn/attention/attention_part.h"

namespace heed {

namespace {

void check_name(const char* key, const std::string& value) {
  std::vector<std::string> known;
  for (const AttentionKind& kind : attention_kinds()) {
    if (kind.key == key) {
      known.push_back(kind.name);
      if (kind.name == value) {
        return;
      }
    }
  }
  fail(ErrorKind::usage, "attention.{} '{}': expected one of {}", key, value, known);
}

void check_heads(const AttentionConfig& config, std::int64_t size, int heads) {
  check_usage(heads > 0 && size > 0, "attention with {} heads in a model of size {}", heads, size);
  check_usage(size % heads == 0 || (config.key_size > 0 && config.value_size > 0),
              "model size {} cannot be divided among {} heads", size, heads);
  check_usage(config.key_heads >= 0 && config.key_heads <= heads &&
                  (config.key_heads == 0 || heads % config.key_heads == 0),
              "attention.key_heads {}: {} heads cannot share them evenly", config.key_heads, heads);
  check_usage(config.key_size >= 0, "attention.key_size {}: expected a size, or 0",
              config.key_size);
  check_usage(config.value_size >= 0, "attention.value_size {}: expected a size, or 0",
              config.value_size);
}

void check_windows(const AttentionConfig& config) {
  const auto check_window = [](const char* key, int window, int least) {
    check_usage(window >= least && window <= 1 << 20, "attention.{} {}: expected {} to {} tokens",
                key, window, least, 1 << 20);
  };
  check_window("window", config.window, 1);
  for (const int window : config.windows) {
    check_window("windows", window, 0);
  }
  check_usage(config.windows.empty() || config.topology == "window" || config.topology == "dilated",
              "attention.windows: belongs to attention.topology window and dilated, not {}",
              config.topology);
}

void check_numbers(const AttentionConfig& config) {
  check_usage(std::isfinite(config.scale) && config.scale >= 0,
              "attention.scale {}: expected a positive number, or 0 for the usual one",
              config.scale);
  check_usage(std::isfinite(config.width) && config.width >= 0,
              "attention.width {}: expected a width, or 0 for a learned one", config.width);
  check_usage(std::isfinite(config.temperature) && config.temperature > 0,
              "attention.temperature {}: expected a positive number", config.temperature);
  check_usage(std::isfinite(config.soft_cap) && config.soft_cap >= 0,
              "attention.soft_cap {}: expected a positive number, or 0 for none", config.soft_cap);
  check_usage(std::isfinite(config.qk_norm_epsilon) && config.qk_norm_epsilon > 0,
              "attention.qk_norm_epsilon {}: expected a positive number", config.qk_norm_epsilon);
  check_windows(config);
  check_usage(config.dilation >= 1 && config.dilation <= 1 << 10,
              "attention.dilation {}: expected 1 to {} tokens", config.dilation, 1 << 10);
  check_usage(config.block >= 2 && config.block <= 1 << 20,
              "attention.block {}: expected 2 to {} tokens", config.block, 1 << 20);
}

// Combinations without meaning.
void check_combinations(const AttentionConfig& config, int heads) {
  check_usage(config.scale == 0 || config.kind == "scaled_dot",
              "attention.scale {}: belongs to attention.kind scaled_dot, not {}", config.scale,
              config.kind);
  check_usage(config.width == 0 || config.kind == "gaussian",
              "attention.width {}: belongs to attention.kind gaussian, not {}", config.width,
              config.kind);
  check_usage(
      config.temperature == 1 || config.normalizer == "hard" || config.normalizer == "gumbel",
      "attention.temperature {}: belongs to attention.normalizer hard and gumbel; a temperature "
      "of {} would be a factor that the projections of queries and keys learn",
      config.temperature, config.normalizer);
  check_usage(!config.sinks || config.normalizer == "softmax",
              "attention.sinks: a sink takes a share of the sum that softmax divides by, and {} "
              "has no such sum",
              config.normalizer);
  check_usage(config.soft_cap == 0 || config.kind != "gaussian",
              "attention.soft_cap {}: would turn the kernel of attention.kind gaussian into one "
              "that never falls to zero",
              config.soft_cap);
  check_usage(config.soft_cap == 0 || config.kind != "cosine",
              "attention.soft_cap {}: the scores of attention.kind cosine are bounded by their "
              "scale already",
              config.soft_cap);
  check_usage(!config.qk_norm || config.kind != "cosine",
              "attention.qk_norm: attention.kind cosine divides queries and keys by their length "
              "already");
  check_usage(!config.talking_heads || heads > 1,
              "attention.talking_heads: one head has no other to talk to");
}

}  // namespace

void check_attention_config(const AttentionConfig& config, std::int64_t size, int heads) {
  check_name("kind", config.kind);
  check_name("normalizer", config.normalizer);
  check_name("topology", config.topology);
  check_usage(config.biases == "all" || config.biases == "qkv" || config.biases == "none",
              "attention.biases '{}': expected all, qkv or none", config.biases);
  check_heads(config, size, heads);
  check_numbers(config);
  check_combinations(config, heads);
}

bool has_window(const AttentionConfig& config, int layer) {
  const AttentionConfig own = attention_of_layer(config, layer);
  return own.topology == "window" || own.topology == "dilated";
}

AttentionConfig attention_of_layer(const AttentionConfig& config, int layer) {
  AttentionConfig result = config;
  if (!config.windows.empty()) {
    result.window = config.windows[static_cast<std::size_t>(layer) % config.windows.size()];
    result.windows.clear();
    if (result.window == 0) {
      result.window = config.window;
      result.topology = "full";
    }
  }
  return result;
}

AttentionScope attention_scope(const AttentionConfig& config, std::int64_t size, int heads) {
  check_attention_config(config, size, heads);
  AttentionScope scope;
  scope.size = size;
  scope.heads = heads;
  scope.key_heads = config.key_heads > 0 ? config.key_heads : heads;
  scope.key_size = config.key_size > 0 ? config.key_size : size / heads;
  scope.value_size = config.value_size > 0 ? config.value_size : size / heads;
  scope.input_bias = config.biases != "none";
  scope.output_bias = config.biases == "all";
  return scope;
}

void check_attention_positions(const AttentionConfig& config, const PositionScheme& scheme) {
  check_usage(!scheme.queries_and_keys || config.kind != "additive",
              "position.kind {}: turned queries and keys tell their distance by their product, "
              "and attention.kind additive adds them",
              scheme.kind);
  check_usage(!scheme.stretches || config.kind != "gaussian",
              "position.kind {}: makes queries longer and keys shorter, which cancels in their "
              "product; attention.kind gaussian takes their difference",
              scheme.kind);
}

}  // namespace heed
