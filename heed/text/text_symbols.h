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
  // Stands before every target, never predicted; before every text of a language model, where -1
  // says that nothing does.
  std::int32_t start = 0;
  std::int32_t end = 0;                  // ends every target
  std::vector<std::int32_t> more_ends;   // end what a language model writes just as well
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

// The same for a language model, whose texts follow one another with the end symbol behind each.
inline TextSymbols text_symbols_for(const Tokenizer& tokenizer) {
  TextSymbols symbols{.start = tokenizer.begin_id().value_or(-1),
                      .end = tokenizer.end_id(),
                      .source_end = tokenizer.end_id()};
  symbols.padding = symbols.source_padding = tokenizer.pad_id();
  if (symbols.padding >= 0) {
    symbols.suppressed = {symbols.padding};
  }
  return symbols;
}

// The same for an encoder: what stands around its texts is the tokenizer's to say.
inline TextSymbols encoder_symbols_for(const Tokenizer& tokenizer) {
  return {.start = -1,
          .end = -1,
          .source_end = -1,
          .padding = tokenizer.pad_id(),
          .source_padding = tokenizer.pad_id()};
}

}  // namespace heed
