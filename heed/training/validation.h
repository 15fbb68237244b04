// Validation: the loss of held-out pairs or windows of text, and the BLEU of decoded translations.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/data/batching.h"
#include "heed/data/parallel_corpus.h"
#include "heed/data/token_store.h"
#include "heed/data/translation_batch.h"
#include "heed/generation/decoding.h"
#include "heed/inspect/attention_map.h"
#include "heed/nn/generator_loss.h"

namespace heed {

// A batch as the model takes it.
GeneratorExamples examples_of(const TranslationBatch& batch);

// Pieces as labels; those for single bytes (<0x4A>) as their character where it has a shape.
std::vector<std::string> piece_labels(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> ids);

// Encodes lines for decode(): with the symbol that ends a source, cut to `longest` tokens.
std::vector<std::vector<int>> encode_sources(const Tokenizer& tokenizer, const TextSymbols& symbols,
                                             std::span<const std::string> lines,
                                             std::int64_t longest);
// The text of each best hypothesis.
std::vector<std::string> decode_lines(const Generator& model, const TokenizerPair& tokenizers,
                                      const TextSymbols& symbols,
                                      std::span<const std::string> sources,
                                      const DecodingConfig& config, const ForwardContext& context);

struct ValidationResult {
  double loss = 0;                        // per target token, without label smoothing
  std::optional<double> bleu;             // when decoded
  std::vector<std::string> translations;  // when decoded
};

class Validator {
 public:
  // `store` holds the encoded pairs (for the loss), `corpus` all of them as text (for BLEU).
  Validator(std::shared_ptr<const TokenStore> store, const ParallelCorpus& corpus,
            TokenizerPair tokenizers, TextSymbols symbols, const BatchConfig& batches,
            const DecodingConfig& decoding, MatmulPrecision precision);

  // Of windows of running text, which nothing is translated from: for the loss alone.
  Validator(std::shared_ptr<const TokenStore> windows, TokenizerPair tokenizers,
            TextSymbols symbols, const BatchConfig& batches, MatmulPrecision precision);

  // `decode` asks for translations, where there is text to translate.
  ValidationResult validate(const Generator& model, bool decode) const;

  // The weights of the encoder-decoder attention for the first `count` pairs, teacher-forced with
  // their references; none for windows.
  std::vector<AttentionMap> attention_maps(const Generator& model, std::size_t count) const;

  const std::vector<std::string>& sources() const { return sources_; }
  const std::vector<std::string>& references() const { return references_; }

 private:
  std::shared_ptr<const TokenStore> store_;
  TokenizerPair tokenizers_;
  TextSymbols symbols_;
  BatchPlan plan_;
  DecodingConfig decoding_;
  MatmulPrecision precision_;
  std::vector<std::string> sources_, references_;
};

}  // namespace heed
