#include "heed/nn/stack_config.h"
#include "heed/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace heed {

namespace {

void check_choice(const char* key, const std::string& value,
                  const std::vector<std::string>& choices) {
  check_usage(std::find(choices.begin(), choices.end(), value) != choices.end(),
              "model.{} '{}': expected {}", key, value, choices);
}

// `attentions`: the model's.
void check_pruned_heads(const StackConfig& config, const std::vector<AttentionPlace>& attentions) {
  for (const auto& [name, heads] : config.pruned_heads) {
    check_usage(
        std::any_of(attentions.begin(), attentions.end(),
                    [&name = name](const AttentionPlace& place) { return place.name() == name; }),
        "model.pruned_heads: {}: the model has no such attention; its names run from {} to "
        "{}",
        name, attentions.front().name(), attentions.back().name());
    int least = 0;
    for (const int head : heads) {
      check_usage(head >= least && head < config.heads,
                  "model.pruned_heads: {}: expected heads from 0 to {} in ascending order, got {}",
                  name, config.heads - 1, head);
      least = head + 1;
    }
    check_usage(heads.size() < static_cast<std::size_t>(config.heads),
                "model.pruned_heads: {}: none of its {} heads would be left", name, config.heads);
  }
}

// Heads can be left out one by one where each has its own queries, keys and values of the usual
// size, and nothing else is laid out by heads.
void check_heads_stand_alone(const StackConfig& config, const PositionScheme& scheme) {
  if (config.pruned_heads.empty()) {
    return;
  }
  const AttentionConfig& attention = config.attention;
  const auto expect = [](bool condition, const std::string& key, const char* reason) {
    check_usage(condition, "model.pruned_heads: not together with model.{}: {}", key, reason);
  };
  expect(attention.key_heads == 0 || attention.key_heads == config.heads, "attention.key_heads",
         "the heads of a group share their keys");
  expect(attention.key_size == 0 && attention.value_size == 0, "attention.key_size, value_size",
         "heads are cut at the model's size / heads");
  expect(!attention.talking_heads, "attention.talking_heads", "each head is made of all of them");
  expect((attention.kind == "dot" || attention.kind == "scaled_dot") && !attention.sinks,
         "attention.kind " + attention.kind + (attention.sinks ? " with sinks" : ""),
         "it has parameters per head besides the projections");
  expect(!scheme.queries_and_keys && !scheme.scores && !scheme.values,
         "position.kind " + scheme.kind, "it acts inside attention, on all heads of a stack alike");
}

void check_positions(const StackConfig& config) {
  const PositionScheme scheme = position_scheme(config.position.kind);
  check_usage(!scheme.square_window,
              "model.position.kind {}: its biases are those of the cells of a square window, and "
              "sentences are lines of any length",
              scheme.kind);
  check_attention_positions(config.attention, scheme);
  check_usage(config.position.window_base == 0 || config.attention.topology == "window" ||
                  config.attention.topology == "dilated",
              "model.position.window_base: is for layers with a window, and "
              "model.attention.topology {} gives none",
              config.attention.topology);
  check_heads_stand_alone(config, scheme);
}

void check_rates(const StackConfig& config) {
  const auto rate = [](const char* key, double value) {
    check_usage(value >= 0 && value < 1, "model.{}: must be in [0, 1), got {}", key, value);
  };
  rate("dropout", config.dropout);
  rate("attention_dropout", config.attention_dropout);
  rate("activation_dropout", config.activation_dropout);
  rate("stochastic_depth", config.stochastic_depth);
  check_usage(config.embedding_dropout == -1 ||
                  (config.embedding_dropout >= 0 && config.embedding_dropout < 1),
              "model.embedding_dropout: must be in [0, 1) or -1, got {}", config.embedding_dropout);
}

void check_sublayers(const StackConfig& config) {
  check_choice("norm", config.norm, {"post", "pre", "sandwich", "branch"});
  check_choice("norm_kind", config.norm_kind, {"layer", "rms"});
  check_usage(config.norm_epsilon > 0, "model.norm_epsilon: must be positive, got {}",
              config.norm_epsilon);
  check_choice("sublayers", config.sublayers, {"sequential", "parallel", "parallel_one_norm"});
  check_usage(config.sublayers == "sequential" || config.norm == "pre",
              "model.sublayers {}: both sublayers read the same input, which needs model.norm pre, "
              "not {}",
              config.sublayers, config.norm);
  check_usage(std::isfinite(config.layer_scale) && config.layer_scale >= 0,
              "model.layer_scale: must be positive, or 0 for none, got {}", config.layer_scale);
}

void check_initial(const StackConfig& config) {
  check_choice("initial", config.initial, {"xavier", "normal"});
  check_choice("initial_branches", config.initial_branches, {"drawn", "zero"});
  check_choice("initial_logits", config.initial_logits, {"drawn", "zero"});
  check_usage(config.initial_gain > 0, "model.initial_gain: must be positive, got {}",
              config.initial_gain);
  check_usage(config.initial_gain == 1 || config.initial == "xavier",
              "model.initial_gain {}: belongs to model.initial xavier; with normal set "
              "model.initial_deviation",
              config.initial_gain);
  check_usage(std::isfinite(config.initial_deviation) && config.initial_deviation > 0,
              "model.initial_deviation: must be positive, got {}", config.initial_deviation);
}

}  // namespace

void check_stack_config(const StackConfig& config, const std::vector<AttentionPlace>& attentions) {
  const auto positive = [](const char* key, std::int64_t value) {
    check_usage(value > 0, "model.{}: must be positive, got {}", key, value);
  };
  positive("d_model", config.d_model);
  positive("heads", config.heads);
  positive("feed_forward_size", config.feed_forward_size);
  positive("max_length", config.max_length);
  const bool sized = config.attention.key_size > 0 && config.attention.value_size > 0;
  check_usage(sized || config.d_model % config.heads == 0,
              "model.d_model: {} is not divisible by model.heads {}", config.d_model, config.heads);
  check_pruned_heads(config, attentions);
  check_attention_config(config.attention, config.d_model, config.heads);
  check_positions(config);
  check_rates(config);
  check_sublayers(config);
  check_initial(config);
}

void check_layer_count(const char* key, int layers) {
  constexpr int limit = 4096;  // four times as deep as any Transformer known to have been trained
  check_usage(layers > 0 && layers <= limit, "model.{}: must be in 1 … {}, got {}", key, limit,
              layers);
}

NormConfig norm_config(const StackConfig& config) {
  return {.kind = config.norm_kind,
          .epsilon = config.norm_epsilon,
          .gain = config.norm_gain,
          .bias = config.norm_bias};
}

bool has_final_norm(const StackConfig& config) {
  return config.norm != "post";
}

Parameter output_layer_weight(const StackConfig& config, std::int64_t pieces, Device device) {
  const bool zero = config.initial_logits == "zero";
  Parameter weight({pieces, config.d_model}, zero ? Initial::zeros : Initial::xavier, true, device);
  weight.operand = true;
  set_initial(weight, config);
  return weight;
}

void set_initial(Parameter& parameter, const StackConfig& config, double xavier_gain) {
  if (config.initial == "normal" &&
      (parameter.initial == Initial::xavier || parameter.initial == Initial::embedding)) {
    parameter.initial = Initial::normal;
    parameter.gain *= config.initial_deviation;
  } else if (parameter.initial == Initial::xavier) {
    parameter.gain *= xavier_gain;
  }
}

void set_initial(Module& module, const StackConfig& config, double xavier_gain) {
  for (const NamedParameter& item : parameters_of(module)) {
    set_initial(*item.parameter, config, xavier_gain);
  }
}

}  // namespace heed
