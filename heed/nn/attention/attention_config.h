// What can be chosen about attention: how queries and keys are compared, how scores become weights,
// who sees whom, how heads are laid out, and extras that go with any of these.
// Thread-safety: plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/nn/attention/attention_place.h"
#include "heed/nn/position/position_encoding.h"
#include "heed/tensor/device.h"

namespace heed {

struct AttentionConfig {
  std::string kind = "scaled_dot";
  double scale = 0;
  double width = 0;
  std::string normalizer = "softmax";
  double temperature = 1;
  std::string topology = "full";
  int window = 64;
  std::vector<int> windows;
  int dilation = 2;
  int block = 64;
  int key_heads = 0;
  int key_size = 0;
  int value_size = 0;
  bool qk_norm = false;
  double qk_norm_epsilon = 1e-6;
  double soft_cap = 0;
  bool sinks = false;
  bool talking_heads = false;
  std::string biases = "all";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind,
          "how queries and keys are compared: dot, scaled_dot, additive, bilinear, cosine or "
          "gaussian");
    visit("scale", scale,
          "scaled_dot: factor on the scores; 0: one over the root of a head's size");
    visit("width", width, "gaussian: the kernel's width; 0: learned, one per key head");
    visit("normalizer", normalizer,
          "how scores become weights: softmax, sparsemax, hard (the best key alone) or gumbel "
          "(hard, with noise while training)");
    visit("temperature", temperature, "hard, gumbel: of the softmax whose gradient they take");
    visit("topology", topology,
          "whom a token of self-attention sees: full, window, dilated, block, shifted_block, or "
          "prefix (language models)");
    visit("window", window, "window, dilated: number of tokens seen on each side");
    visit("windows", windows,
          "window, dilated: the window by layer, repeated from the first on, in which 0 sees all; "
          "empty: window in every layer");
    visit("dilation", dilation, "dilated: from one seen token to the next");
    visit("block", block, "block, shifted_block: tokens of a block");
    visit("key_heads", key_heads,
          "heads of keys and values, shared by groups of query heads; 1: multi-query; 0: as many "
          "as heads");
    visit("key_size", key_size, "components of a head's queries and keys; 0: model size / heads");
    visit("value_size", value_size, "components of a head's values; 0: model size / heads");
    visit("qk_norm", qk_norm, "queries and keys are divided by their root mean square, per head");
    visit("qk_norm_epsilon", qk_norm_epsilon, "qk_norm: added to the mean of squares");
    visit("soft_cap", soft_cap, "scores are bent to stay below this; 0: not");
    visit("sinks", sinks, "a learned score per head takes part in the softmax without a value");
    visit("talking_heads", talking_heads,
          "learned mixtures of the heads' scores, and of their weights");
    visit("biases", biases,
          "linear maps that add one: all, qkv (queries, keys and values) or none");
  }
};

// One attention of a model.
struct AttentionScope {
  std::int64_t size = 512;  // width of the model
  int heads = 8;
  int key_heads = 8;             // heads of keys and values; divides heads
  std::int64_t key_size = 64;    // components of a head's queries and keys
  std::int64_t value_size = 64;  // and of its values
  double dropout = 0;            // on the weights
  AttentionPlace place;          // names it in traces and its dropout
  bool causal = false;           // sees no future: a decoder's self-attention
  bool input_bias = true;        // of the maps that give queries, keys and values
  bool output_bias = true;       // of the map of what was attended
  bool mixes_values = false;     // values are joined by others from outside
  Device device;
};

// What `config` says of one layer of a stack, numbered from 0.
AttentionConfig attention_of_layer(const AttentionConfig& config, int layer);

// Whether a layer's self-attention reaches no farther than a window.
bool has_window(const AttentionConfig& config, int layer);

// Fills in what `config` says about heads and their sizes, in a model of `size` with `heads`.
// Errors (usage) name the key: sizes and heads that do not divide.
AttentionScope attention_scope(const AttentionConfig& config, std::int64_t size, int heads);

// Errors (usage) name the key and the reason: unknown names, numbers out of range, and combinations
// without meaning.
void check_attention_config(const AttentionConfig& config, std::int64_t size, int heads);

// Whether positions can act inside attentions of that kind. Errors (usage) say why not.
void check_attention_positions(const AttentionConfig& config, const PositionScheme& scheme);

}  // namespace heed
