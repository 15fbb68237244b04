// Words to their tags: what `heed tag` does, for any program.
//
//   const LoadedModel model = load_model("run");
//   const TextTagger tagger(model);
//   tagger.tag(sentences)[0].tags;
//
// A sentence that is longer than the model takes is read in windows that overlap. What comes out
// for a sentence depends on it alone, to the bit.
//
// Thread-safety: const members from any thread; they compute on the threads of the pool.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/interop/load_model.h"
#include "heed/nn/forward_context.h"

namespace heed {

struct TaggerOptions {
  std::int64_t max_tokens = 0;  // longest window, special tokens included; 0: the model's own
  std::int64_t batch_tokens = 4096;
  ForwardContext context = {};  // what is not training
};

struct TaggedWords {
  std::vector<std::string> tags;      // one for each word
  std::vector<double> probabilities;  // of these tags
};

class TextTagger {
 public:
  // Keeps a reference to the model. Errors (usage): a model for another task, or an option that
  // makes no sense.
  explicit TextTagger(const LoadedModel& model, const TaggerOptions& options = {});

  // Sentences of words; without any, no tags. Errors (bad_data): no valid UTF-8.
  std::vector<TaggedWords> tag(std::span<const std::vector<std::string>> sentences) const;

 private:
  const LoadedModel& model_;
  TaggerOptions options_;
  std::vector<std::string> tags_;
};

}  // namespace heed
