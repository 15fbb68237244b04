// How a tokenizer is made, as it stands in a recipe.
//
// Thread-safety: a plain value.
#pragma once

#include <string>

namespace heed {

// What tokenizer.kind may be, in words.
const char* tokenizer_kind_help();

struct TokenizerConfig {
  std::string kind = "sentencepiece-bpe";
  int vocabulary_size = 8000;
  bool joint = true;
  bool lowercase = false;
  int minimum_frequency = 2;
  std::string word_split = "punctuation";
  int sample_lines = 1'000'000;
  double character_coverage = 1.0;
  std::string normalization = "nmt_nfkc";
  bool byte_fallback = false;
  bool hard_vocab_limit = true;
  std::string source_model;
  std::string target_model;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind, tokenizer_kind_help());
    visit("vocabulary_size", vocabulary_size,
          "pieces in a vocabulary, special ones among them; word, character: at most, 0 for no "
          "limit");
    visit("joint", joint, "one vocabulary for both languages");
    visit("lowercase", lowercase,
          "lower-case the text (sentencepiece: by case folding; wordpiece: accents go, too)");
    visit("minimum_frequency", minimum_frequency,
          "word, character: rarer ones are unknown; byte-level-bpe, wordpiece: rarer pairs are not "
          "merged");
    visit("word_split", word_split,
          "word: punctuation (marks are words of their own), or white_space (words are what it "
          "parts: for text that is cut into tokens already, such as WikiText's)");
    visit("sample_lines", sample_lines,
          "sentencepiece: sentence pairs, drawn from the whole corpus by the seed, to learn from");
    visit("character_coverage", character_coverage,
          "sentencepiece: share of the text whose characters get into the vocabulary; 0.9995 suits "
          "noisy text and large scripts");
    visit("normalization", normalization, "sentencepiece: nmt_nfkc, nfkc or identity");
    visit("byte_fallback", byte_fallback, "sentencepiece: spell unknown characters in bytes");
    visit("hard_vocab_limit", hard_vocab_limit,
          "sentencepiece: refuse a corpus too small for vocabulary_size instead of using fewer");
    visit("source_model", source_model,
          "sentencepiece: use this model file instead of training one");
    visit("target_model", target_model,
          "sentencepiece: the same for the target; when empty, source_model serves both");
  }
};

// Checks names, sizes and ranges. Errors (usage) name the key.
void check_tokenizer_config(const TokenizerConfig& config);

}  // namespace heed
