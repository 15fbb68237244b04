#include "heed/text/pipeline/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/text/characters.h"
#include "heed/text/vocabulary.h"

namespace heed {

namespace {

AddedToken read_added_token(const Json& json, const std::string& source) {
  const auto flag = [&](const char* key) {
    const bool valid = !json.contains(key) || json[key].is_boolean();
    check_data(valid, "{}: {}: expected true or false", source, key);
    return json.contains(key) && json[key].get<bool>();
  };
  check_data(json.is_object() && json.contains("id") && json["id"].is_number_unsigned() &&
                 json["id"].get<std::uint64_t>() < Vocabulary::size_limit &&
                 json.contains("content") && json["content"].is_string(),
             "{}: expected an id and a content, got {}", source, json.dump().substr(0, 100));
  AddedToken token;
  token.id = json["id"].get<int>();
  token.content = json["content"].get<std::string>();
  check_data(!token.content.empty() && token.content.size() <= Vocabulary::piece_limit,
             "{}: the content of id {} has {} bytes, expected 1 to {}", source, token.id,
             token.content.size(), Vocabulary::piece_limit);
  token.single_word = flag("single_word");
  token.left_strip = flag("lstrip");
  token.right_strip = flag("rstrip");
  token.special = flag("special");
  token.normalized = json.contains("normalized") ? flag("normalized") : !token.special;
  return token;
}

bool is_in_class(std::string_view text, std::size_t position, unsigned character_class) {
  return (CharacterClasses::get().of(character_at(text, position).value) & character_class) != 0;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const Json& json, const std::string& source) {
  std::vector<AddedToken> tokens;
  if (json.is_null()) {
    return tokens;
  }
  check_data(json.is_array(), "{}: expected a list", source);
  for (const Json& token : json) {
    tokens.push_back(read_added_token(token, source));
  }
  return tokens;
}

std::string added_tokens_json(const std::vector<AddedToken>& tokens) {
  std::string json = "[";
  for (const AddedToken& token : tokens) {
    json += fmt::format(
        "{}\n{{\"id\": {}, \"content\": {}, \"single_word\": {}, \"lstrip\": {}, \"rstrip\": {}, "
        "\"normalized\": {}, \"special\": {}}}",
        json.size() > 1 ? "," : "", token.id, Json(token.content).dump(), token.single_word,
        token.left_strip, token.right_strip, token.normalized, token.special);
  }
  return json + "]";
}

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens, const Normalizer& normalize)
    : tokens_(std::move(tokens)) {
  // Special ones first: of two that are spelled alike, that one is found.
  std::stable_partition(tokens_.begin(), tokens_.end(),
                        [](const AddedToken& token) { return token.special; });
  std::vector<std::string> spellings;
  for (const AddedToken& token : tokens_) {
    spellings.push_back(normalize ? normalize(token.content) : token.content);
  }
  std::vector<std::pair<std::string_view, int>> entries;
  for (std::size_t i = 0; i < spellings.size(); ++i) {
    entries.emplace_back(spellings[i], static_cast<int>(i));
  }
  trie_ = PieceTrie(std::move(entries));
}

bool AddedTokenFinder::accepts(const AddedToken& token, std::string_view text, std::size_t begin,
                               std::size_t end) const {
  return !token.single_word ||
         ((begin == 0 || !is_in_class(text, character_before(text, begin), word_class)) &&
          (end == text.size() || !is_in_class(text, end, word_class)));
}

std::vector<AddedTokenFinder::Part> AddedTokenFinder::split(std::string_view text,
                                                            bool with_special) const {
  std::vector<Part> parts;
  std::size_t done = 0;
  const auto add_text = [&](std::size_t end) {
    if (done < end) {
      parts.push_back({done, end, -1});
    }
  };
  for (std::size_t at = 0; at < text.size() && !tokens_.empty();) {
    std::size_t size = 0;
    int index = -1;
    trie_.for_each_prefix(text.substr(at), [&](std::size_t length, int value) {
      size = length;
      index = value;
    });
    if (index < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    std::size_t begin = at, end = at + size;
    at = end;
    if ((token.special && !with_special) || !accepts(token, text, begin, end)) {
      continue;
    }
    while (token.left_strip && begin > done &&
           is_in_class(text, character_before(text, begin), space_class)) {
      begin = character_before(text, begin);
    }
    while (token.right_strip && end < text.size() && is_in_class(text, end, space_class)) {
      end = character_at(text, end).end;
    }
    add_text(begin);
    parts.push_back({begin, end, token.id});
    done = end;
  }
  add_text(text.size());
  return parts;
}

}  // namespace heed
