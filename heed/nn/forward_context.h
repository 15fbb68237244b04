// What varies from one forward pass to the next, and is no property of the model.
// Thread-safety: each pass has a context of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "heed/kernels/dropout.h"
#include "heed/kernels/matmul.h"
#include "heed/nn/attention/attention_place.h"
#include "heed/nn/attention/head_set.h"
#include "heed/nn/dropout_site.h"
#include "heed/tensor/tensor.h"

namespace heed {

// Attention weights that a forward pass was asked to keep.
struct AttentionTrace {
  struct Entry {
    AttentionPlace place;
    int heads = 1;
    std::vector<std::int32_t> query_offsets, key_offsets;
    // Per sequence and head one [queries, keys] matrix, one after the other.
    Tensor weights;
  };
  std::vector<Entry> entries;
};

struct ForwardContext {
  bool training = false;                                 // dropout acts only while training
  std::uint64_t dropout_key = 0;                         // mixes the run's seed and the step
  MatmulPrecision precision = MatmulPrecision::float32;  // of matrix products
  // Whether feed-forward sublayers form their inner values again in the backward pass, which saves
  // their memory (recomputation, also called gradient checkpointing).
  bool recompute_feed_forward = false;
  AttentionTrace* trace = nullptr;  // asks for the weights of every attention
  // Heads whose output counts as zero, to see what each is worth; counted among those that the
  // model has. Without gradients only.
  const HeadSet* heads_off = nullptr;

  // Whether a training step keeps its activations in bfloat16: where its products are.
  bool rounds_activations() const { return training && precision == MatmulPrecision::bfloat16; }

  // What a site draws in this pass, the same each time it is asked. `row_keys` must outlive the
  // backward pass.
  DropoutStream dropout(const DropoutSite& site, const std::vector<std::uint64_t>& row_keys) const {
    return {.rate = training ? site.rate() : 0.0f,
            .key = dropout_key,
            .site = site.number(),
            .row_keys = row_keys.empty() ? nullptr : row_keys.data()};
  }
};

}  // namespace heed
