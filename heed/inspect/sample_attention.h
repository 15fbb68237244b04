// Attention weights that look like a translator's, for tests.
#pragma once

#include <fmt/format.h>

#include <cmath>

#include "heed/inspect/attention_stack.h"

namespace heed {

// Layers and heads with weights around the diagonal, each row summing to 1; a causal stack sees no
// column after its row.
inline AttentionStack sample_stack(const std::string& name, int layers, int heads, int rows,
                                   int columns) {
  AttentionStack stack{.name = name, .kind = name + " attention"};
  for (int i = 0; i < rows; ++i) {
    stack.row_labels.push_back(fmt::format("▁row{}", i));
  }
  for (int j = 0; j < columns; ++j) {
    stack.column_labels.push_back(fmt::format("▁column{}", j));
  }
  for (int layer = 0; layer < layers; ++layer) {
    stack.layers.emplace_back();
    for (int head = 0; head < heads; ++head) {
      stack.layers.back().heads.push_back(head + 1);
      for (int i = 0; i < rows; ++i) {
        std::vector<double> row;
        double sum = 0;
        for (int j = 0; j < columns; ++j) {
          const double distance = j - i * static_cast<double>(columns) / rows - (head - 1);
          const bool seen = name != "decoder" || j <= i;
          row.push_back(seen ? std::exp(-distance * distance / (1 + layer)) + 0.001 : 0.0);
          sum += row.back();
        }
        for (const double weight : row) {
          stack.layers.back().weights.push_back(static_cast<float>(weight / sum));
        }
      }
    }
  }
  return stack;
}

inline AttentionView sample_view(int layers, int heads, int source, int target) {
  return {.source = "Two dogs play <b>here</b>.",
          .target = "Zwei Hunde spielen hier.",
          .stacks = {sample_stack("encoder", layers, heads, source, source),
                     sample_stack("decoder", layers, heads, target, target),
                     sample_stack("cross", layers, heads, target, source)}};
}

}  // namespace heed
