#include "heed/text/word_piece_kind.h"

#include <array>
#include <utility>

#include "heed/base/error.h"
#include "heed/text/bert_tokenizer.h"
#include "heed/text/language_model_kind.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"
#include "heed/text/word_piece_trainer.h"

namespace heed {

namespace {

void check_word_piece_config(const TokenizerConfig& config) {
  check_usage(config.vocabulary_size > 5,
              "tokenizer.vocabulary_size: {} leaves no room beside five special pieces",
              config.vocabulary_size);
  check_usage(config.joint, "tokenizer.joint: wordpiece has one vocabulary for both sides");
  check_usage(config.source_model.empty() && config.target_model.empty(),
              "tokenizer.source_model: only for the sentencepiece kinds");
}

TokenizerPair train_word_pieces(const TokenizerConfig& config, std::uint64_t,
                                const PairStream& corpus, const TextRemark& remark) {
  WordPieceTrainer trainer(config.lowercase);
  corpus([&](std::string_view source, std::string_view target) {
    trainer.add(source);
    trainer.add(target);
  });
  BertPieces pieces;
  const std::array<std::string, 5> special = {pieces.pad, pieces.unknown, pieces.classify,
                                              pieces.separate, pieces.mask};
  pieces.pieces = trainer.learn(special, config.vocabulary_size, config.minimum_frequency);
  pieces.lowercase = config.lowercase;
  if (remark && std::cmp_greater(pieces.pieces.size(), config.vocabulary_size)) {
    remark("tokenizer.vocabulary_size: " + std::to_string(config.vocabulary_size) +
           " is less than the " + std::to_string(pieces.pieces.size()) +
           " pieces that single characters take");
  }
  const auto tokenizer = make_bert_tokenizer(pieces, {}, "the learned pieces");
  return {tokenizer, tokenizer, true};
}

}  // namespace

TokenizerKind word_piece_kind() {
  return {.name = "wordpiece",
          .summary = "pieces of words, as BERT has them, with its special tokens",
          .tokenizer_class = PipelineTokenizer::class_name,
          .check = check_word_piece_config,
          .train = train_word_pieces,
          .load = [](const TokenizerFiles& files, bool) {
            return load_language_model_tokenizer(files);
          }};
}

}  // namespace heed
