// A tokenizer made of steps, as Hugging Face's `tokenizers` lays them out in tokenizer.json:
// added tokens are found, the text is normalized and cut into words, a model turns words into ids;
// and a decoder turns pieces back into text.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/json.h"
#include "heed/text/pipeline/added_tokens.h"
#include "heed/text/pipeline/decoders.h"
#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/post_processor.h"
#include "heed/text/pipeline/pre_tokenizers.h"
#include "heed/text/pipeline/subword_model.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The steps: sections of tokenizer.json, null where there is none, but for the model.
struct PipelineSteps {
  Json normalizer;
  Json pre_tokenizer;
  Json post_processor;
  Json decoder;
  std::unique_ptr<const SubwordModel> model;
  std::vector<AddedToken> added_tokens;
};

// What is said of special pieces outside tokenizer.json; -1: nothing.
struct PipelineSymbols {
  int begin = -1;
  bool begin_is_said = false;  // so that the post-processor has no say
  int end = -1;
  int pad = -1;
  int unknown = -1;
  int mask = -1;
};

class PipelineTokenizer : public Tokenizer {
 public:
  // `files`: those that it was read from, tokenizer.json or tokenizer_config.json; what is missing
  // is written when it is asked for. Errors (bad_data) name `source`.
  PipelineTokenizer(PipelineSteps steps, const PipelineSymbols& symbols, ModelFiles files,
                    const std::string& source);

  std::vector<int> encode(std::string_view line) const override {
    return run(line, false, nullptr);
  }
  std::vector<int> encode_marked(std::string_view text) const override {
    return run(text, true, nullptr);
  }
  SpannedTokens encode_with_spans(std::string_view line) const override;
  std::string decode(std::span<const int> ids) const override;
  std::string piece(int id) const override;
  int size() const override { return static_cast<int>(contents_.size()); }
  std::optional<int> begin_id() const override;
  int end_id() const override { return symbols_.end; }
  int unknown_id() const override { return symbols_.unknown; }
  int pad_id() const override { return symbols_.pad; }
  int mask_id() const override { return symbols_.mask; }
  TextFrame frame() const override;
  // tokenizer.json and tokenizer_config.json, whatever the side.
  ModelFiles files(Side side) const override;
  std::string kind() const override;
  std::string tokenizer_class() const override { return class_name; }
  std::uint64_t fingerprint() const override;

  // Transformers' name for what reads any tokenizer.json.
  static constexpr const char* class_name = "PreTrainedTokenizerFast";

 private:
  // `spans` may be null: nobody asks for them.
  std::vector<int> run(std::string_view text, bool marked, std::vector<TokenSpan>* spans) const;
  struct Output {
    std::vector<int>& ids;
    std::vector<TokenSpan>* spans;
  };
  // `places`: of each byte of `text`, where it stands in the whole text; null without spans.
  void encode_part(std::string_view text, const TokenSpan* places, bool begins_text, bool marked,
                   const Output& output) const;
  void encode_words(std::string_view text, const TokenSpan* places, bool begins_text,
                    const ForbiddenIds* forbidden, const Output& output) const;
  void encode_word(const Word& word, const ForbiddenIds* forbidden, const Output& output) const;
  void index_pieces(const std::string& source);
  std::string json() const;
  std::string config_json() const;

  PipelineSteps steps_;
  PipelineSymbols symbols_;
  ModelFiles files_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  PieceDecoder decoder_;
  PostProcessor post_processor_;
  bool plain_bytes_ = false;  // words as GPT-2 cuts them go straight to the model
  AddedTokenFinder before_normalizing_, after_normalizing_;
  std::vector<std::string_view> contents_;  // by id, of the model or of added tokens
  std::deque<std::string> normalized_;      // those of added tokens that are normalized
  ForbiddenIds special_;                    // by id
  bool model_makes_special_ = false;
};

}  // namespace heed
