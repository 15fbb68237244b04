// Encodes a parallel corpus into a token store, once.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "heed/base/thread_pool.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/token_store.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct LengthConfig {
  int longest = 256;
  std::string too_long = "skip";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("longest", longest, "tokens of a sentence at most, </s> counted");
    visit("too_long", too_long, "skip: leave pairs with a longer side out; cut: shorten that side");
  }
};

struct EncodedCorpus {
  std::shared_ptr<const TokenStore> store;
  bool reused = false;  // the file was there and fits
};

// Opens `path` when it holds this corpus, encoded by these tokenizers with these lengths; else
// encodes the corpus into it. Errors: usage (a bad configuration), bad_data (the corpus; or no pair
// is left), input_output.
EncodedCorpus open_encoded_corpus(const std::filesystem::path& path, const ParallelCorpus& corpus,
                                  const TokenizerPair& tokenizers, const LengthConfig& lengths,
                                  ThreadPool& pool);

}  // namespace heed
