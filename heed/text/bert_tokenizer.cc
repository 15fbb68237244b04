#include "heed/text/bert_tokenizer.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"
#include "heed/text/pipeline/word_piece_model.h"

namespace heed {

namespace {

constexpr std::int64_t longest_word = 100;  // characters; longer ones are unknown

AddedToken special_token(const std::string& content, int id) {
  AddedToken token;
  token.id = id;
  token.content = content;
  token.special = true;
  return token;
}

Json strip_choice(const std::optional<bool>& strips) {
  return strips ? Json(*strips) : Json();
}

}  // namespace

std::shared_ptr<const Tokenizer> make_bert_tokenizer(const BertPieces& pieces, ModelFiles files,
                                                     const std::string& source) {
  PieceTable table(pieces.pieces, source);
  const auto required = [&](const std::string& piece) {
    const int id = table.find(piece);
    check_data(id >= 0, "{}: the special token \"{}\" is not among its pieces", source, piece);
    return id;
  };
  const int classify = required(pieces.classify), separate = required(pieces.separate);
  const PipelineSymbols symbols{.end = separate,
                                .pad = required(pieces.pad),
                                .unknown = required(pieces.unknown),
                                .mask = table.find(pieces.mask)};
  PipelineSteps steps;
  steps.normalizer = {{"type", "BertNormalizer"},
                      {"clean_text", true},
                      {"handle_chinese_chars", pieces.parts_ideographs},
                      {"strip_accents", strip_choice(pieces.strip_accents)},
                      {"lowercase", pieces.lowercase}};
  steps.pre_tokenizer = {{"type", "BertPreTokenizer"}};
  steps.post_processor = {{"type", "BertProcessing"},
                          {"sep", Json::array({pieces.separate, static_cast<unsigned>(separate)})},
                          {"cls", Json::array({pieces.classify, static_cast<unsigned>(classify)})}};
  steps.decoder = {{"type", "WordPiece"}, {"prefix", pieces.prefix}, {"cleanup", true}};
  for (const std::string& piece :
       {pieces.pad, pieces.unknown, pieces.classify, pieces.separate, pieces.mask}) {
    const int id = table.find(piece);
    if (id >= 0 && std::ranges::count(steps.added_tokens, id, &AddedToken::id) == 0) {
      steps.added_tokens.push_back(special_token(piece, id));
    }
  }
  for (const AddedToken& token : pieces.added) {
    if (std::ranges::count(steps.added_tokens, token.id, &AddedToken::id) == 0) {
      steps.added_tokens.push_back(token);
    }
  }
  steps.model = std::make_unique<const WordPieceModel>(std::move(table), pieces.unknown,
                                                       pieces.prefix, longest_word, source);
  return std::make_shared<const PipelineTokenizer>(std::move(steps), symbols, std::move(files),
                                                   source);
}

}  // namespace heed
