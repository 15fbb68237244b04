#include "heed/interop/gguf_tokenizer.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/text/byte_level_bpe.h"
#include "heed/text/score_bpe.h"

namespace heed {

namespace {

std::string tokenizer_key(const char* name) {
  return std::string("tokenizer.ggml.") + name;
}

// An id, -1 where there is none.
int id_at(const GgufHeader& header, const char* name) {
  const std::string key = tokenizer_key(name);
  return header.has(key) ? static_cast<int>(header.integer(key)) : -1;
}

bool flag_at(const GgufHeader& header, const char* name, bool fallback) {
  const std::string key = tokenizer_key(name);
  return header.has(key) ? header.integer(key) != 0 : fallback;
}

// As many as there are tokens; empty: the file does not say.
std::vector<PieceType> types_of(const GgufHeader& header, std::size_t count,
                                const std::string& source) {
  const std::string key = tokenizer_key("token_type");
  std::vector<PieceType> types;
  if (!header.has(key)) {
    return types;
  }
  for (const std::int64_t type : header.integers(key)) {
    check_data(
        type >= static_cast<int>(PieceType::normal) && type <= static_cast<int>(PieceType::byte),
        "{}: {}: a token of type {}, which does not exist", source, key, type);
    types.push_back(static_cast<PieceType>(type));
  }
  check_data(types.size() == count, "{}: {}: {} types for {} tokens", source, key, types.size(),
             count);
  return types;
}

std::shared_ptr<const Tokenizer> byte_level(const GgufHeader& header, const std::string& source) {
  const auto as_strings = [&](const char* name) {
    const GgufTexts& texts = header.texts(tokenizer_key(name));
    return std::vector<std::string>(texts.begin(), texts.end());
  };
  BytePairVocabulary vocabulary;
  vocabulary.pieces = as_strings("tokens");
  vocabulary.merges = as_strings("merges");
  vocabulary.types = types_of(header, vocabulary.pieces.size(), source);
  if (const std::string key = tokenizer_key("pre"); header.has(key)) {
    vocabulary.pre_tokenizer = header.text(key);
  }
  vocabulary.add_prefix_space = flag_at(header, "add_space_prefix", false);
  const bool begins = vocabulary.pre_tokenizer == "llama-bpe";
  vocabulary.begin = flag_at(header, "add_bos_token", begins) ? id_at(header, "bos_token_id") : -1;
  vocabulary.end = id_at(header, "eos_token_id");
  vocabulary.pad = id_at(header, "padding_token_id");
  vocabulary.unknown = id_at(header, "unknown_token_id");
  return make_byte_level_tokenizer(std::move(vocabulary), source);
}

std::shared_ptr<const Tokenizer> by_scores(const GgufHeader& header, const std::string& source) {
  const GgufTexts& tokens = header.texts(tokenizer_key("tokens"));
  const std::string key = tokenizer_key("scores");
  const GgufReals& scores = header.reals(key);
  check_data(scores.size() == tokens.size(), "{}: {}: {} scores for {} tokens", source, key,
             scores.size(), tokens.size());
  const std::vector<PieceType> types = types_of(header, tokens.size(), source);
  check_data(!types.empty(), "{}: has no key {}", source, tokenizer_key("token_type"));
  ScoredVocabulary vocabulary;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    vocabulary.pieces.push_back(
        {.text = std::string(tokens[i]), .score = static_cast<float>(scores[i]), .type = types[i]});
  }
  vocabulary.prepend_space = flag_at(header, "add_space_prefix", true);
  vocabulary.begins = flag_at(header, "add_bos_token", true);
  return make_score_tokenizer(vocabulary, source);
}

}  // namespace

TokenizerPair gguf_tokenizers(const GgufHeader& header, const std::string& source) {
  const std::string_view model = header.text(tokenizer_key("model"));
  check_data(model == "gpt2" || model == "llama",
             "{}: {} '{}': heed knows gpt2 (byte-level merges) and llama (scores)", source,
             tokenizer_key("model"), model);
  const auto tokenizer = model == "gpt2" ? byte_level(header, source) : by_scores(header, source);
  return {.source = tokenizer, .target = tokenizer, .joint = true};
}

}  // namespace heed
