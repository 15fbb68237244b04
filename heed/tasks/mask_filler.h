// What an encoder puts in the place of mask tokens: "The [MASK] sat."
//
//   const LoadedModel model = load_model("run");
//   MaskFiller filler(model.as<TextEncoder>(), *model.tokenizers.target, {});
//   filler.fill("The [MASK] sat.", 5);   // a list for each mask, the most probable first
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/models/text_encoder.h"
#include "heed/tasks/masked_source.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct MaskGuess {
  int id = 0;
  std::string piece;
  double probability = 0;
  std::string text;  // with this piece in its place, other masks left as they are
};

// Threads may share one.
class MaskFiller {
 public:
  // Keeps references. Of the context counts the precision. Errors (usage): an encoder without the
  // layer that guesses, a tokenizer without a mask.
  MaskFiller(const TextEncoder& model, const Tokenizer& tokenizer, const ForwardContext& context);

  // The `count` most probable pieces for each mask of a text. Errors (bad_data): no mask, or more
  // tokens than the model takes.
  std::vector<std::vector<MaskGuess>> fill(const std::string& text, int count) const;

  // How the mask is spelled: "[MASK]".
  const std::string& mask() const { return mask_; }

 private:
  const TextEncoder& model_;
  const Tokenizer& tokenizer_;
  std::string mask_;
  MatmulPrecision precision_;
};

// Some texts of a source as the model sees them, what was hidden, and what it guesses.
struct MaskedSample {
  std::string shown, hidden, guessed;
};
std::vector<MaskedSample> masked_samples(const TextEncoder& model, const Tokenizer& tokenizer,
                                         const MaskedSource& source, const ForwardContext& context);

// The piece with the highest logit of each row that was hidden.
std::vector<std::int32_t> best_guesses(const TextEncoder& model, const MaskedBatch& batch,
                                       const ForwardContext& context);

}  // namespace heed
