#include "heed/text/byte_level_kind.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/text/byte_level_bpe.h"
#include "heed/text/byte_pair_trainer.h"
#include "heed/text/language_model_kind.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"

namespace heed {

namespace {

const std::array<std::string, 2>& learned_specials() {
  static const std::array<std::string, 2> pieces = {"<|endoftext|>", std::string(pad_piece)};
  return pieces;
}

void check_byte_level_config(const TokenizerConfig& config) {
  const int least = 256 + static_cast<int>(learned_specials().size());
  check_usage(config.vocabulary_size >= least,
              "tokenizer.vocabulary_size: {} is less than {}, which bytes and special pieces need",
              config.vocabulary_size, least);
  check_usage(config.joint, "tokenizer.joint: byte-level-bpe has one vocabulary for both sides");
  check_usage(!config.lowercase, "tokenizer.lowercase: byte-level-bpe keeps the text as it is");
  check_usage(config.source_model.empty() && config.target_model.empty(),
              "tokenizer.source_model: only for the sentencepiece kinds");
}

TokenizerPair train_byte_level(const TokenizerConfig& config, std::uint64_t,
                               const PairStream& corpus, const TextRemark&) {
  BytePairTrainer trainer;
  corpus([&](std::string_view source, std::string_view target) {
    trainer.add(source);
    trainer.add(target);
  });
  LearnedPairs learned =
      trainer.learn(learned_specials(), config.vocabulary_size, config.minimum_frequency);
  BytePairVocabulary vocabulary{
      .pieces = std::move(learned.pieces), .merges = std::move(learned.merges), .end = 0, .pad = 1};
  vocabulary.types.assign(vocabulary.pieces.size(), PieceType::normal);
  vocabulary.types[0] = vocabulary.types[1] = PieceType::control;
  const auto tokenizer = make_byte_level_tokenizer(std::move(vocabulary), "the learned pieces");
  return {tokenizer, tokenizer, true};
}

}  // namespace

TokenizerKind byte_level_kind() {
  return {.name = "byte-level-bpe",
          .summary = "subwords of bytes by merging pairs, as GPT-2 has them",
          .tokenizer_class = PipelineTokenizer::class_name,
          .check = check_byte_level_config,
          .train = train_byte_level,
          .load = [](const TokenizerFiles& files, bool) {
            return load_language_model_tokenizer(files);
          }};
}

}  // namespace heed
