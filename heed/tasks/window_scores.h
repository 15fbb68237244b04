// How well a language model predicts a text, window by window, and what that makes of the whole.
//
//   const TextWindows windows(text, {.window = 1024, .stride = 512});
//   const auto rows = window_statistics(model, windows, tokenizer, batches, precision);
//   const TextScore score = score_of_text(rows, *text, tokenizer);
//
// Thread-safety: may be called from any thread.
#pragma once

#include <memory>

#include "heed/data/batching.h"
#include "heed/data/text_windows.h"
#include "heed/kernels/matmul.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/generator.h"
#include "heed/text/tokenizer.h"

namespace heed {

// A row of BitsPerCharacter for each window, in order: of the predictions that count. Of bytes, a
// character counts where its first byte is predicted; of larger tokens, a window has the share of
// the text's characters that it has of the tokens. The same bits at any batch size. Of the context
// counts what is not training. Errors: those of the model, such as a window longer than it takes.
SentenceStatistics window_statistics(const Generator& model,
                                     const std::shared_ptr<const TextWindows>& windows,
                                     const Tokenizer& tokenizer, const BatchConfig& batches,
                                     const ForwardContext& context);

// The same for a model that refuses the windows: as if it guessed every token among all pieces.
SentenceStatistics guessed_statistics(const TextWindows& windows, const Tokenizer& tokenizer);

// Of a whole text. Where no start symbol comes before it, its first token is given, not predicted;
// its characters and bytes then count nowhere.
struct TextScore {
  std::int64_t tokens = 0;      // predicted
  std::int64_t characters = 0;  // of the text, line breaks included
  std::int64_t bytes = 0;
  std::int64_t words = 0;  // parted by white space, and one <eos> a line break, as WikiText counts
  double loss = 0;         // nats per token
  double perplexity = 0;   // exp(nats / tokens)
  double word_perplexity = 0;     // exp(nats / words)
  double byte_perplexity = 0;     // exp(nats / bytes)
  double bits_per_character = 0;  // nats / ln 2 / characters
};
TextScore score_of_text(const SentenceStatistics& rows, const TokenText& text,
                        const Tokenizer& tokenizer);

}  // namespace heed
