// What a translator attends to, as maps for a page.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/data/example_source.h"
#include "heed/data/token_store.h"
#include "heed/inspect/attention_map.h"
#include "heed/nn/generator.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The weights of the encoder-decoder attention for the first `count` pairs of a store,
// teacher-forced with their references; `source` makes batches of the store, `sources` are the
// lines of the corpus that it was made from.
std::vector<AttentionMap> cross_attention_maps(const Generator& model, const TokenStore& store,
                                               const ExampleSource& source,
                                               const TokenizerPair& tokenizers,
                                               std::span<const std::string> sources,
                                               std::size_t count);

}  // namespace heed
