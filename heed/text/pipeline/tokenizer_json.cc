#include "heed/text/pipeline/tokenizer_json.h"

#include <algorithm>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/pipeline/step_json.h"
#include "heed/text/pipeline/unigram_model.h"
#include "heed/text/pipeline/word_piece_model.h"
#include "heed/text/vocabulary.h"

namespace heed {

namespace {

constexpr std::uint64_t most_gaps_between_ids = 1 << 16;

PiecePairs read_merges(const Json& json, const std::string& source) {
  PiecePairs merges;
  merges.reserve(json.size());
  for (const Json& merge : json) {
    if (merge.is_string()) {
      merges.push_back(read_merge(merge.get_ref<const std::string&>(), merges.size() + 1, source));
      continue;
    }
    check_data(
        merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string(),
        "{}: merge {}: expected two pieces, got {}", source, merges.size() + 1,
        merge.dump().substr(0, 100));
    merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
  }
  return merges;
}

std::unique_ptr<const SubwordModel> read_byte_pairs(const StepReader& model, bool spells_bytes) {
  const std::string& source = model.source();
  const bool draws = model.has("dropout") && model.value("dropout") != 0.0;
  check_data(!draws, "{}: dropout: {} would change ids from call to call; set it to null", source,
             draws ? model.value("dropout").dump() : "");
  BytePairOptions options{.unknown = model.text("unk_token", ""),
                          .continuing_subword_prefix = model.text("continuing_subword_prefix", ""),
                          .end_of_word_suffix = model.text("end_of_word_suffix", ""),
                          .fuse_unknown = model.flag("fuse_unk", false),
                          .byte_fallback = model.flag("byte_fallback", false),
                          .ignore_merges = model.flag("ignore_merges", false)};
  return std::make_unique<const BytePairModel>(
      PieceTable(pieces_by_id(model.value("vocab"), source + ": vocab"), source),
      read_merges(model.list("merges"), source), std::move(options), spells_bytes, source);
}

std::unique_ptr<const SubwordModel> read_unigram(const StepReader& model) {
  const std::string& source = model.source();
  std::vector<std::string> pieces;
  std::vector<double> scores;
  for (const Json& entry : model.list("vocab")) {
    check_data(
        entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number(),
        "{}: vocab: expected a piece and its score, got {}", source, entry.dump().substr(0, 100));
    pieces.push_back(entry[0].get<std::string>());
    scores.push_back(entry[1].get<double>());
  }
  const int unknown = model.has("unk_id") ? static_cast<int>(std::min<std::int64_t>(
                                                model.natural("unk_id"), Vocabulary::size_limit))
                                          : -1;
  return std::make_unique<const UnigramModel>(PieceTable(std::move(pieces), source),
                                              std::move(scores), unknown,
                                              model.flag("byte_fallback", false), source);
}

// Older files do not say it.
std::string type_of_model(const Json& json) {
  const bool array = json.is_object() && json.contains("vocab") && json["vocab"].is_array();
  return !json.is_object() || json.contains("type")  ? ""
         : json.contains("merges")                   ? "BPE"
         : array                                     ? "Unigram"
         : json.contains("max_input_chars_per_word") ? "WordPiece"
                                                     : "WordLevel";
}

std::unique_ptr<const SubwordModel> read_model(Json& json, bool spells_bytes,
                                               const std::string& source) {
  if (const std::string type = type_of_model(json); !type.empty()) {
    json["type"] = type;
  }
  const StepReader model(json, source);
  const auto table = [&] {
    return PieceTable(pieces_by_id(model.value("vocab"), source + ": vocab"), source);
  };
  if (model.type() == "BPE") {
    return read_byte_pairs(model, spells_bytes);
  }
  if (model.type() == "Unigram") {
    return read_unigram(model);
  }
  if (model.type() == "WordPiece") {
    return std::make_unique<const WordPieceModel>(
        table(), model.text("unk_token", "[UNK]"), model.text("continuing_subword_prefix", "##"),
        model.natural("max_input_chars_per_word", 100), source);
  }
  if (model.type() == "WordLevel") {
    return std::make_unique<const WordLevelModel>(table(), model.text("unk_token", "<unk>"),
                                                  source);
  }
  model.refuse();
}

}  // namespace

std::vector<std::string> pieces_by_id(const Json& vocabulary, const std::string& source) {
  check_data(vocabulary.is_object(), "{}: expected {{\"piece\": 0, …}}", source);
  const std::uint64_t most = vocabulary.size() + most_gaps_between_ids;
  std::vector<std::string> pieces;
  std::vector<bool> taken;
  for (const auto& [piece, id] : vocabulary.get_ref<const Json::object_t&>()) {
    check_data(id.is_number_unsigned() && id.get<std::uint64_t>() < most,
               "{}: \"{}\": the id {} is outside 0 … {}", source, piece, id.dump().substr(0, 100),
               most - 1);
    const auto index = id.get<std::size_t>();
    if (index >= pieces.size()) {
      pieces.resize(index + 1);
      taken.resize(index + 1);
    }
    check_data(!piece.empty(), "{}: the piece of id {} is empty", source, index);
    check_data(!taken[index], "{}: the id {} belongs to both \"{}\" and \"{}\"", source, index,
               pieces[index], piece);
    taken[index] = true;
    pieces[index] = piece;
  }
  return pieces;
}

std::pair<std::string, std::string> read_merge(std::string_view merge, std::size_t number,
                                               const std::string& source) {
  const std::size_t space = merge.find(' ');
  const bool valid = space != std::string_view::npos && space > 0 && space + 1 < merge.size() &&
                     merge.find(' ', space + 1) == std::string_view::npos;
  check_data(valid, "{}: merge {}: expected two pieces with a space between them, got \"{}\"",
             source, number, merge.substr(0, 100));
  return {std::string(merge.substr(0, space)), std::string(merge.substr(space + 1))};
}

PiecePairs read_merge_lines(std::string_view text, const std::string& source) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", source, invalid.value_or(0));
  PiecePairs merges;
  for (std::size_t begin = 0, number = 1; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    const bool last = begin >= text.size() && line.empty();
    if (!line.starts_with("#version") && !last) {
      merges.push_back(read_merge(line, number, source));
    }
  }
  return merges;
}

PipelineSteps read_tokenizer_json(std::string_view text, const std::string& source) {
  Json json = parse_json(text, source);
  check_data(json.is_object() && json.contains("model"), "{}: has no model", source);
  const auto section = [&](const char* key) {
    return json.contains(key) ? std::move(json[key]) : Json();
  };
  PipelineSteps steps;
  steps.normalizer = section("normalizer");
  steps.pre_tokenizer = section("pre_tokenizer");
  steps.post_processor = section("post_processor");
  steps.decoder = section("decoder");
  steps.added_tokens = read_added_tokens(section("added_tokens"), source + ": added_tokens");
  const std::string name = source + ": model";
  steps.model = read_model(json["model"], ends_in_bytes(steps.pre_tokenizer), name);
  return steps;
}

}  // namespace heed
