// The special ids of a model that reads or writes text: the one place for them.
//
//   TextSymbols symbols = symbols_for(tokenizers);  // of a new model
//   load_model(directory).symbols;                  // of one that exists, as its config.json says
//
// Training, validation and decoding take the same object, so that a model is never asked to begin
// a text with another symbol than the one it learned to begin with. A plain value: threads may
// share it.
#pragma once

#include <cstdint>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

struct TextSymbols {
  std::int32_t start = 0;                // stands before every target; never predicted
  std::int32_t end = 0;                  // ends every target
  std::int32_t source_end = 0;           // ends every source
  std::int32_t padding = -1;             // the row of target embeddings that stays zero; -1: none
  std::int32_t source_padding = -1;      // the same of source embeddings
  std::vector<std::int32_t> suppressed;  // never produced

  bool operator==(const TextSymbols&) const = default;
};

// As Marian has them: a target begins with the padding symbol, which is never produced.
inline TextSymbols marian_symbols(std::int32_t padding, std::int32_t end = 0) {
  return {.start = padding,
          .end = end,
          .source_end = end,
          .padding = padding,
          .source_padding = padding,
          .suppressed = {padding}};
}

// The symbols of a new model with these tokenizers.
inline TextSymbols symbols_for(const TokenizerPair& tokenizers) {
  TextSymbols symbols = marian_symbols(tokenizers.target->pad_id(), tokenizers.target->end_id());
  symbols.source_end = tokenizers.source->end_id();
  symbols.source_padding = tokenizers.source->pad_id();
  return symbols;
}

}  // namespace heed
