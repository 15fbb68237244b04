#include "heed/text/sentencepiece_trainer.h"

#include <fmt/format.h>

#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <utility>

#include "heed/base/error.h"
#include "heed/text/learnable_lines.h"
#include "heed/text/sentencepiece_model.h"
#include "heed/text/tokenizer.h"

namespace heed {

namespace {

// </s> and <pad> are in the vocabulary, but not in the model.
constexpr int added_pieces = 2;

class LineIterator : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(const std::vector<const std::string*>& lines) : lines_(lines) {}
  bool done() const override { return index_ >= lines_.size(); }
  void Next() override { ++index_; }
  const std::string& value() const override { return *lines_[index_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<const std::string*>& lines_;
  std::size_t index_ = 0;
};

std::unordered_map<std::string, std::string> trainer_options(const TokenizerConfig& config) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  return {
      {"model_type", config.kind == "sentencepiece-unigram" ? "unigram" : "bpe"},
      {"vocab_size", std::to_string(config.vocabulary_size - added_pieces)},
      {"character_coverage", fmt::format("{}", config.character_coverage)},
      {"normalization_rule_name", config.normalization + (config.lowercase ? "_cf" : "")},
      {"byte_fallback", flag(config.byte_fallback)},
      // Always the soft limit: it tells how many pieces the text has to give.
      {"hard_vocab_limit", "false"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"input_sentence_size", "0"},
      {"shuffle_input_sentence", "false"},
      {"max_sentence_length", std::to_string(LearnableLines::line_limit)},
      // Sums are split by thread: a fixed number keeps the model the same on every machine.
      {"num_threads", "4"},
      {"minloglevel", "3"},
  };
}

[[noreturn]] void explain_failure(std::string_view message, int vocabulary_size) {
  if (message.find("required_chars") != std::string_view::npos) {
    fail(ErrorKind::usage,
         "tokenizer.vocabulary_size: {} pieces are fewer than the text has characters; raise it or "
         "lower tokenizer.character_coverage",
         vocabulary_size);
  }
  fail(ErrorKind::failure, "tokenizer: SentencePiece cannot learn {} pieces from this text: {}",
       vocabulary_size, message);
}

}  // namespace

std::string train_sentencepiece(const TokenizerConfig& config,
                                const std::vector<std::string>& lines, const TextRemark& remark) {
  const LearnableLines learnable(lines);
  if (remark) {
    learnable.tell(remark);
  }
  check_data(!learnable.lines().empty(), "tokenizer: there is no text to learn from");
  LineIterator iterator(learnable.lines());
  std::string model;
  const auto status =
      sentencepiece::SentencePieceTrainer::Train(trainer_options(config), &iterator, &model);
  if (!status.ok()) {
    explain_failure(status.message(), config.vocabulary_size);
  }
  const std::size_t possible =
      check_sentencepiece_model(model, "the trained model").size() + added_pieces;
  check_usage(
      !config.hard_vocab_limit || std::cmp_equal(possible, config.vocabulary_size),
      "tokenizer.vocabulary_size: the text gives at most {} pieces, {} were asked for; lower "
      "it or set tokenizer.hard_vocab_limit to false",
      possible, config.vocabulary_size);
  return model;
}

}  // namespace heed
