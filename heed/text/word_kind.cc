#include "heed/text/word_kind.h"

#include <memory>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/text/word_tokenizer.h"

namespace heed {

namespace {

constexpr std::uint64_t file_size_limit = std::uint64_t{1} << 28;  // bytes

WordRules rules_of(const TokenizerConfig& config) {
  return {.lowercase = config.lowercase, .at_white_space = config.word_split == "white_space"};
}

TokenizerPair train_words(const TokenizerConfig& config, std::uint64_t, const PairStream& corpus,
                          const TextRemark& remark) {
  WordCounter source_words(rules_of(config));
  WordCounter target_words(rules_of(config));
  WordCounter& target_counter = config.joint ? source_words : target_words;
  corpus([&](std::string_view source, std::string_view target) {
    source_words.add(source);
    target_counter.add(target);
  });
  const std::int64_t too_long = source_words.too_long() + target_words.too_long();
  if (remark && too_long > 0) {
    remark(format_message("{} words are longer than {} bytes and stay unknown", too_long,
                          Vocabulary::piece_limit));
  }
  const auto make = [&](const WordCounter& words) {
    const auto limit =
        static_cast<std::size_t>(config.vocabulary_size > 0 ? config.vocabulary_size - 3 : 0);
    const auto frequent = words.frequent(config.minimum_frequency, limit);
    check_data(!frequent.empty(), "tokenizer: no word occurs {} times in the text",
               config.minimum_frequency);
    return std::make_shared<const WordTokenizer>(
        Vocabulary::with_specials(frequent, "the word vocabulary"), rules_of(config));
  };
  auto source = make(source_words);
  auto target = config.joint ? source : make(target_words);
  return {std::move(source), std::move(target), config.joint};
}

void check_word_config(const TokenizerConfig& config) {
  check_usage(config.vocabulary_size == 0 || config.vocabulary_size >= 4,
              "tokenizer.vocabulary_size: {} is less than 4, and not 0 for no limit",
              config.vocabulary_size);
  check_usage(config.source_model.empty() && config.target_model.empty(),
              "tokenizer.source_model: only for the sentencepiece kinds");
}

std::shared_ptr<const WordTokenizer> load_side(const TokenizerFiles& files, Side side) {
  const std::string name = word_file(side), source = files.source_of(name);
  const Json json = parse_json(files.read(name, file_size_limit), source);
  const bool shaped = json.is_object() && json.contains("lowercase") &&
                      json["lowercase"].is_boolean() && json.contains("pieces") &&
                      json["pieces"].is_array();
  const bool at_white_space = shaped && json.contains("white_space");
  check_data(shaped && json.size() == (at_white_space ? 3 : 2) &&
                 (!at_white_space || json["white_space"].is_boolean()),
             "{}: expected {{\"lowercase\": …, \"pieces\": […]}}, and \"white_space\" or not",
             source);
  std::vector<std::string> pieces;
  for (const Json& piece : json["pieces"]) {
    check_data(piece.is_string(), "{}: pieces: expected text, got {}", source,
               piece.dump().substr(0, 100));
    pieces.push_back(piece.get<std::string>());
  }
  return std::make_shared<const WordTokenizer>(
      Vocabulary(std::move(pieces), source),
      WordRules{json["lowercase"].get<bool>(), json.value("white_space", false)});
}

TokenizerPair load_words(const TokenizerFiles& files, bool separate) {
  return {load_side(files, Side::source), load_side(files, Side::target), !separate};
}

}  // namespace

std::string word_file(Side side) {
  return side == Side::source ? "source.vocab.json" : "target.vocab.json";
}

TokenizerKind word_tokenizer_kind() {
  return {.name = "word",
          .summary = "words and punctuation marks",
          .tokenizer_class = WordTokenizer::class_name,
          .by_line = true,
          .check = check_word_config,
          .train = train_words,
          .load = load_words};
}

}  // namespace heed
