// How well a language model predicts the windows of a text.
#pragma once

#include <memory>

#include "heed/data/batching.h"
#include "heed/data/token_store.h"
#include "heed/kernels/matmul.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/nn/generator.h"
#include "heed/text/tokenizer.h"

namespace heed {

// A row of BitsPerCharacter for each window, in order. A character counts where its first byte is
// predicted. Errors: those of the model, such as a window longer than it takes.
SentenceStatistics window_statistics(const Generator& model,
                                     const std::shared_ptr<const TokenStore>& windows,
                                     const Tokenizer& tokenizer, const BatchConfig& batches,
                                     MatmulPrecision precision);

// The same for a model that refuses the windows: as if it guessed every token among all pieces.
SentenceStatistics guessed_statistics(const TokenStore& windows, const Tokenizer& tokenizer);

}  // namespace heed
