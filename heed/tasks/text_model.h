// A model that writes, with what turns text into its tokens and back. Threads may share one.
#pragma once

#include "heed/nn/generator.h"
#include "heed/text/text_symbols.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct TextModel {
  const Generator& model;
  const TokenizerPair& tokenizers;
  TextSymbols symbols;
};

}  // namespace heed
