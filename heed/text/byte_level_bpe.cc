#include "heed/text/byte_level_bpe.h"

#include <utility>

#include "heed/base/error.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"
#include "heed/text/pipeline/tokenizer_json.h"

namespace heed {

namespace {

struct SplitRules {
  Json pre_tokenizer;
  Json normalizer;
  bool ignore_merges = false;
};

Json byte_level_step(bool add_prefix_space, bool splits) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", splits}};
}

// Words by a pattern, and then bytes.
Json split_by(const char* pattern) {
  Json split = {{"type", "Split"}, {"behavior", "Isolated"}, {"invert", false}};
  split["pattern"]["Regex"] = pattern;
  Json steps = Json::array();
  steps.push_back(std::move(split));
  steps.push_back(byte_level_step(false, false));
  return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

SplitRules rules_called(const std::string& name, bool add_prefix_space, const std::string& source) {
  if (name == "gpt-2") {
    return {byte_level_step(add_prefix_space, true), {}};
  }
  if (name == "smollm") {  // every digit is a word
    Json steps = Json::array();
    steps.push_back({{"type", "Digits"}, {"individual_digits", true}});
    steps.push_back(byte_level_step(add_prefix_space, true));
    return {{{"type", "Sequence"}, {"pretokenizers", std::move(steps)}}, {}};
  }
  if (name == "llama-bpe") {
    return {split_by("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            {},
            true};
  }
  if (name == "qwen2") {
    return {split_by("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
                     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            {{"type", "NFC"}}};
  }
  fail(ErrorKind::bad_data,
       "{}: the pre-tokenizer '{}' is not supported; known are gpt-2, smollm, llama-bpe and qwen2",
       source, name);
}

std::vector<AddedToken> added_tokens_of(const BytePairVocabulary& vocabulary,
                                        const std::string& source) {
  check_data(vocabulary.types.empty() || vocabulary.types.size() == vocabulary.pieces.size(),
             "{}: {} pieces, but the types of {}", source, vocabulary.pieces.size(),
             vocabulary.types.size());
  std::vector<AddedToken> tokens;
  for (std::size_t id = 0; id < vocabulary.types.size(); ++id) {
    const PieceType type = vocabulary.types[id];
    const bool special = type == PieceType::control || type == PieceType::unknown;
    if ((special || type == PieceType::user_defined) && !vocabulary.pieces[id].empty()) {
      tokens.push_back(
          {.id = static_cast<int>(id), .content = vocabulary.pieces[id], .special = special});
    }
  }
  return tokens;
}

}  // namespace

std::shared_ptr<const Tokenizer> make_byte_level_tokenizer(BytePairVocabulary vocabulary,
                                                           const std::string& source) {
  SplitRules rules = rules_called(vocabulary.pre_tokenizer, vocabulary.add_prefix_space, source);
  PipelineSteps steps;
  steps.normalizer = std::move(rules.normalizer);
  steps.pre_tokenizer = std::move(rules.pre_tokenizer);
  steps.decoder = byte_level_step(true, true);
  steps.added_tokens = added_tokens_of(vocabulary, source);
  PiecePairs merges;
  merges.reserve(vocabulary.merges.size());
  for (const std::string& merge : vocabulary.merges) {
    merges.push_back(read_merge(merge, merges.size() + 1, source));
  }
  steps.model = std::make_unique<const BytePairModel>(
      PieceTable(std::move(vocabulary.pieces), source), merges,
      BytePairOptions{.ignore_merges = rules.ignore_merges}, true, source);
  const PipelineSymbols symbols{.begin = vocabulary.begin,
                                .end = vocabulary.end,
                                .pad = vocabulary.pad,
                                .unknown = vocabulary.unknown};
  return std::make_shared<const PipelineTokenizer>(std::move(steps), symbols, ModelFiles(), source);
}

}  // namespace heed
