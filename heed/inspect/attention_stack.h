// All attention weights of one forward pass, and what is computed from them.
//
// Layers and heads are numbered from 1, as people count them.
#pragma once

#include <string>
#include <vector>

#include "heed/inspect/attention_map.h"

namespace heed {

struct AttentionLayer {
  std::vector<int> heads;      // their numbers, ascending; some are missing where heads were pruned
  std::vector<float> weights;  // [heads, rows, columns]
};

// The attentions of one kind, layer by layer.
struct AttentionStack {
  std::string name;                        // "encoder", "decoder" or "cross"
  std::string kind;                        // in words: "encoder self-attention"
  std::vector<std::string> row_labels;     // the tokens that attend
  std::vector<std::string> column_labels;  // the tokens attended to
  std::vector<AttentionLayer> layers;

  std::size_t cells() const { return row_labels.size() * column_labels.size(); }
  // The largest number of a head.
  int most_heads() const;
};

struct AttentionView {
  std::string source, target;  // the two sentences as text
  std::string model;           // its directory, say
  std::vector<AttentionStack> stacks;
};

// What is shown of a layer: one head, or one map made of all.
struct HeadChoice {
  enum class Kind { one, mean, maximum, rollout };
  Kind kind = Kind::mean;
  int number = 1;  // of one head

  // "3", "mean", "max" or "rollout". Errors (usage): anything else.
  static HeadChoice parse(const std::string& text);
};

// Throws a failure that names the layer unless weights and labels fit.
void check_attention_stack(const AttentionStack& stack);

// The weights [rows, columns] that the choice means. Errors (usage): a layer or a head that is not
// there, a rollout where rows and columns are not the same tokens.
AttentionMap choose_map(const AttentionStack& stack, int layer, const HeadChoice& head);

// Entropy of the rows in bits, their mean: 0 where each attends to one token alone, log2(columns)
// where all attend to all alike. NaN without rows or with weights that are not numbers.
double mean_row_entropy(const float* weights, std::size_t rows, std::size_t columns);

// Attention rollout (Abnar & Zuidema, "Quantifying attention flow in Transformers", 2020): how much
// of each input reaches each position, layer by layer, when half of what a layer passes on is the
// residual connection: R_l = (W_l + I) / 2 · R_{l-1}, R_0 = I, W_l the mean over heads. Returns R_l
// of every layer, [n, n]; the rows sum to 1. Errors (usage): rows and columns differ in number.
std::vector<std::vector<float>> attention_rollout(const AttentionStack& stack);

}  // namespace heed
