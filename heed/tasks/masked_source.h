// Running text or documents as batches for an encoder that guesses hidden tokens, and, if asked,
// whether the second half of a text is what follows the first.
//
// Thread-safety: const members may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/data/example_source.h"
#include "heed/data/token_text.h"
#include "heed/nn/inputs.h"
#include "heed/tasks/masking.h"
#include "heed/text/text_frame.h"

namespace heed {

struct MaskedBatch : Batch {
  Inputs inputs;
  Tensor masked;   // int32 [predictions]: rows of the inputs
  Tensor targets;  // int32 [predictions]: what stood there
  Tensor follows;  // int32 [sequences]: 0 where the second half is the right one, else 1
  std::vector<std::int64_t> masked_ends;  // of each sequence, in `masked`
};

struct MaskedWindows {
  std::int64_t window = 128;   // tokens, special ones included
  bool document_mask = false;  // no window reaches over the end of a document
  // none; next_sentence: half of the texts have a second half from elsewhere (Devlin et al., 2019);
  // order: half of them have their halves in the wrong order (Lan et al., "ALBERT", 2020).
  std::string pairs = "none";
};

// Errors (usage) name the key.
void check_masked_windows(const MaskedWindows& windows);

class MaskedSource : public ExampleSource {
 public:
  // Errors (usage): a window without room for a text; (bad_data) a text without documents where
  // pairs are asked for, or with one alone where other documents are.
  MaskedSource(std::shared_ptr<const TokenText> text, const MaskedWindows& windows,
               std::shared_ptr<const Masking> masking, const Tokenizer& tokenizer,
               std::uint64_t seed);

  std::span<const ExampleSize> sizes() const override { return sizes_; }
  // A MaskedBatch.
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                              std::int64_t epoch) const override;

 private:
  // Tokens [begin, end) of the text, and the document that they are of.
  struct Window {
    std::int64_t begin, end;
    std::uint32_t document;
  };
  void cut_documents();
  void cut_windows(std::int64_t begin, std::int64_t end, std::uint32_t document);
  std::vector<int> tokens(std::int64_t begin, std::int64_t end) const;
  // The two halves of a window as they are shown; whether the second follows the first.
  bool halves(std::uint32_t example, std::int64_t epoch, std::vector<int>& first,
              std::vector<int>& second) const;

  std::shared_ptr<const TokenText> text_;
  MaskedWindows config_;
  std::shared_ptr<const Masking> masking_;
  TextFrame frame_;
  std::int32_t begin_, end_;  // symbols around documents, which windows leave out; -1: none
  std::uint64_t seed_;
  std::vector<Window> documents_, windows_;
  std::vector<ExampleSize> sizes_;
};

}  // namespace heed
