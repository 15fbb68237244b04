#include "heed/text/character_tokenizer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/characters.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

constexpr std::uint64_t characters_size_limit = std::uint64_t{1} << 26;  // bytes
constexpr char32_t small_characters = 0x800;

std::string characters_file(Side side) {
  return side == Side::source ? "source.characters.json" : "target.characters.json";
}

class CharacterCounter {
 public:
  void add(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const DecodedCharacter character = character_at(text, begin);
      ++counts_[character.value];
      begin = character.end;
    }
  }
  // The frequent first, equals in the order of Unicode; at most `limit`, 0 for all.
  std::vector<std::string> frequent(std::int64_t minimum_frequency, std::size_t limit) const {
    std::vector<std::pair<std::int64_t, char32_t>> entries;
    for (const auto& [character, count] : counts_) {
      if (count >= minimum_frequency) {
        entries.emplace_back(-count, character);
      }
    }
    std::ranges::sort(entries);
    if (limit > 0 && entries.size() > limit) {
      entries.resize(limit);
    }
    std::vector<std::string> pieces;
    for (const auto& [count, character] : entries) {
      pieces.push_back(encode_utf8(character));
    }
    return pieces;
  }

 private:
  std::unordered_map<char32_t, std::int64_t> counts_;
};

void check_character_config(const TokenizerConfig& config) {
  check_usage(config.vocabulary_size == 0 || config.vocabulary_size >= 4,
              "tokenizer.vocabulary_size: {} is less than 4, and not 0 for no limit",
              config.vocabulary_size);
  check_usage(!config.lowercase, "tokenizer.lowercase: character keeps the text as it is");
  check_usage(config.source_model.empty() && config.target_model.empty(),
              "tokenizer.source_model: only for the sentencepiece kinds");
}

TokenizerPair train_characters(const TokenizerConfig& config, std::uint64_t,
                               const PairStream& corpus, const TextRemark&) {
  CharacterCounter source_counter, target_counter;
  CharacterCounter& other = config.joint ? source_counter : target_counter;
  corpus([&](std::string_view source, std::string_view target) {
    for (const std::string_view text : {source, target}) {
      const auto invalid = find_invalid_utf8(text);
      check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the text", invalid.value_or(0));
    }
    source_counter.add(source);
    other.add(target);
  });
  const auto make = [&](const CharacterCounter& counter) {
    const auto limit =
        static_cast<std::size_t>(config.vocabulary_size > 0 ? config.vocabulary_size - 3 : 0);
    const auto pieces = counter.frequent(config.minimum_frequency, limit);
    check_data(!pieces.empty(), "tokenizer: no character occurs {} times in the text",
               config.minimum_frequency);
    const std::string source = "the characters of the text";
    return std::make_shared<const CharacterTokenizer>(Vocabulary::with_specials(pieces, source),
                                                      source);
  };
  auto source = make(source_counter);
  auto target = config.joint ? source : make(target_counter);
  return {std::move(source), std::move(target), config.joint};
}

std::shared_ptr<const CharacterTokenizer> load_characters(const TokenizerFiles& files, Side side) {
  const std::string name = characters_file(side), source = files.source_of(name);
  const Json json = parse_json(files.read(name, characters_size_limit), source);
  check_data(json.is_array(), "{}: expected a list of characters", source);
  std::vector<std::string> pieces;
  for (const Json& piece : json) {
    check_data(piece.is_string(), "{}: expected a character, got {}", source,
               piece.dump().substr(0, 100));
    pieces.push_back(piece.get<std::string>());
  }
  return std::make_shared<const CharacterTokenizer>(Vocabulary(std::move(pieces), source), source);
}

}  // namespace

CharacterTokenizer::CharacterTokenizer(Vocabulary vocabulary, const std::string& source)
    : vocabulary_(std::move(vocabulary)), small_ids_(small_characters, vocabulary_.unknown_id()) {
  for (int id = 0; id < size(); ++id) {
    if (vocabulary_.is_special(id)) {
      continue;
    }
    const std::string& piece = vocabulary_.piece(id);
    const DecodedCharacter character = character_at(piece, 0);
    check_data(character.end == piece.size(), "{}: the piece \"{}\" has several characters", source,
               piece);
    if (character.value < small_characters) {
      small_ids_[character.value] = id;
    } else {
      ids_.emplace(character.value, id);
    }
  }
}

std::vector<int> CharacterTokenizer::encode(std::string_view line) const {
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  std::vector<int> ids;
  ids.reserve(line.size());
  for (std::size_t begin = 0; begin < line.size();) {
    const DecodedCharacter character = character_at(line, begin);
    if (character.value < small_characters) {
      ids.push_back(small_ids_[character.value]);
    } else {
      const auto found = ids_.find(character.value);
      ids.push_back(found == ids_.end() ? unknown_id() : found->second);
    }
    begin = character.end;
  }
  return ids;
}

std::string CharacterTokenizer::decode(std::span<const int> ids) const {
  std::string text;
  for (const int id : ids) {
    const std::string& piece = vocabulary_.piece(id);
    if (id == unknown_id()) {
      text += "\xEF\xBF\xBD";
    } else if (id != end_id() && id != pad_id()) {
      text += piece;
    }
  }
  return text;
}

ModelFiles CharacterTokenizer::files(Side side) const {
  return {{characters_file(side), Json(vocabulary_.pieces()).dump(0) + "\n"}};
}

std::uint64_t CharacterTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add("character");
  fingerprint.add(vocabulary_.fingerprint());
  return fingerprint.value();
}

TokenizerKind character_tokenizer_kind() {
  return {.name = "character",
          .summary = "characters of Unicode",
          .tokenizer_class = CharacterTokenizer::class_name,
          .check = check_character_config,
          .train = train_characters,
          .load = [](const TokenizerFiles& files, bool separate) {
            auto source = load_characters(files, Side::source);
            auto target = separate ? load_characters(files, Side::target) : source;
            return TokenizerPair{std::move(source), std::move(target), !separate};
          }};
}

}  // namespace heed
