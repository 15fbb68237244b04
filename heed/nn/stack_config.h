// The choices that make a stack of Transformer blocks and the embeddings before it. The
// configuration of a model is made of one; what it adds (numbers of layers, vocabularies, the
// output) is its own.
// Thread-safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "heed/nn/attention/attention_config.h"
#include "heed/nn/attention/head_set.h"
#include "heed/nn/norm.h"
#include "heed/nn/position/position_encoding.h"

namespace heed {

struct StackConfig {
  int d_model = 512;
  int heads = 8;
  int feed_forward_size = 2048;
  std::string activation = "relu";
  bool feed_forward_bias = true;
  std::string sublayers = "sequential";
  std::string norm = "post";
  std::string norm_kind = "layer";
  double norm_epsilon = 1e-5;
  bool norm_gain = true;
  bool norm_bias = true;
  double layer_scale = 0;
  std::string initial = "xavier";
  double initial_gain = 1;
  double initial_deviation = 0.02;
  bool initial_by_depth = false;
  std::string initial_branches = "drawn";
  std::string initial_logits = "drawn";
  bool skips = false;
  double dropout = 0.1;
  double attention_dropout = 0.0;
  double activation_dropout = 0.0;
  double stochastic_depth = 0.0;
  double embedding_dropout = -1;
  bool scale_embeddings = true;
  bool embedding_norm = false;
  int max_length = 512;
  PositionConfig position;
  AttentionConfig attention;
  HeadSet pruned_heads;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("d_model", d_model, "width of the model; divisible by heads");
    visit("heads", heads, "attention heads of every layer");
    visit("feed_forward_size", feed_forward_size, "inner width of the feed-forward sublayers");
    visit("activation", activation,
          "relu, relu_squared, gelu (erf), gelu_tanh, silu, swiglu, geglu or geglu_tanh");
    visit("feed_forward_bias", feed_forward_bias,
          "whether the linear maps of feed-forward sublayers add a bias");
    visit(
        "sublayers", sublayers,
        "sequential, or attention and feed-forward side by side on the same input: parallel (each "
        "with its norm) or parallel_one_norm");
    visit("norm", norm,
          "post (after each residual sum, as in the paper), pre (before each sublayer), sandwich "
          "(before it and after it) or branch (after it alone)");
    visit("norm_kind", norm_kind, "layer, or rms (divides by the root mean square alone)");
    visit("norm_epsilon", norm_epsilon, "added to the variance in norms");
    visit("norm_gain", norm_gain, "whether norms multiply by a learned gain");
    visit("norm_bias", norm_bias, "norm_kind layer: whether norms add a learned bias");
    visit("layer_scale", layer_scale,
          "initial value of a learned factor per column on each sublayer's output; 0: none");
    visit("initial", initial, "weights at the start: xavier, or normal with initial_deviation");
    visit("initial_gain", initial_gain,
          "factor on Xavier's bounds in all layers; 0.5 lets post-norm learn at high rates");
    visit("initial_deviation", initial_deviation, "initial normal: the standard deviation");
    visit("initial_by_depth", initial_by_depth,
          "divide the last map of each sublayer by the root of the number of sublayers (GPT-2)");
    visit(
        "initial_branches", initial_branches,
        "the last map of each sublayer at the start: drawn like the others, or zero, so that each "
        "block begins as the identity");
    visit(
        "initial_logits", initial_logits,
        "an output layer of its own at the start: drawn, or zero, so that all pieces begin alike");
    visit("skips", skips,
          "what the layers of the first half give joins the input of those of the second, the last "
          "the first's, by a learned factor");
    visit("dropout", dropout, "on the output of every sublayer");
    visit("attention_dropout", attention_dropout, "on attention weights");
    visit("activation_dropout", activation_dropout, "inside the feed-forward sublayers");
    visit("stochastic_depth", stochastic_depth,
          "share of examples that skip a sublayer of the last layer while training; from 0 at the "
          "first layer on it grows evenly");
    visit("embedding_dropout", embedding_dropout, "on embeddings; -1: the same as dropout");
    visit("scale_embeddings", scale_embeddings, "multiply embeddings by the root of d_model");
    visit("embedding_norm", embedding_norm, "a norm after the embeddings");
    visit("max_length", max_length, "longest source or target in tokens, end symbol included");
    visit("position", position, "how positions enter");
    visit("attention", attention, "how all attentions are made");
    visit("pruned_heads", pruned_heads,
          "heads that are left out, by attention: {encoder.0.self: [1, 3], decoder.2.cross: [0]}");
  }
};

// Checks names, sizes, rates, and that positions and attention fit together. `attentions`: the
// model's, in the order of the forward pass. Errors (usage) name the key
// and the reason.
void check_stack_config(const StackConfig& config, const std::vector<AttentionPlace>& attentions);

// The number of layers of a stack, under the key that says it. Errors (usage): it is out of range.
void check_layer_count(const char* key, int layers);

NormConfig norm_config(const StackConfig& config);

// Whether a stack ends with a norm of its own: unless the last residual sum has one.
bool has_final_norm(const StackConfig& config);

// The matrix of an output layer that is not tied to embeddings, [pieces, d_model].
Parameter output_layer_weight(const StackConfig& config, std::int64_t pieces, Device device);

// How `parameter` is drawn in such a model: what would be xavier or embedding is normal when the
// configuration says so, and keeps its kind otherwise, with xavier times `xavier_gain`.
void set_initial(Parameter& parameter, const StackConfig& config, double xavier_gain = 1);

// The same for every parameter of a module.
void set_initial(Module& module, const StackConfig& config, double xavier_gain = 1);

}  // namespace heed
