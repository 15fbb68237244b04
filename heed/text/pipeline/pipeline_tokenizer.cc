#include "heed/text/pipeline/pipeline_tokenizer.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/byte_level.h"
#include "heed/text/fingerprint.h"
#include "heed/text/pipeline/byte_pair_model.h"
#include "heed/text/pipeline/token_places.h"

namespace heed {

namespace {

constexpr std::size_t most_gaps = 1 << 16;  // ids between pieces that no piece has

std::vector<AddedToken> tokens_where(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> result;
  std::ranges::copy_if(tokens, std::back_inserter(result),
                       [&](const AddedToken& token) { return token.normalized == normalized; });
  return result;
}

bool takes_bytes(const SubwordModel& model) {
  const auto* pairs = dynamic_cast<const BytePairModel*>(&model);
  return pairs != nullptr && pairs->spells_bytes();
}

bool spells_everything(const SubwordModel& model) {
  const auto* pairs = dynamic_cast<const BytePairModel*>(&model);
  return pairs != nullptr && pairs->spells_everything();
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(PipelineSteps steps, const PipelineSymbols& symbols,
                                     ModelFiles files, const std::string& source)
    : steps_(std::move(steps)),
      symbols_(symbols),
      files_(std::move(files)),
      normalizer_(make_normalizer(steps_.normalizer, source + ": normalizer")),
      pre_tokenizer_(make_pre_tokenizer(steps_.pre_tokenizer, takes_bytes(*steps_.model),
                                        source + ": pre_tokenizer")),
      decoder_(make_decoder(steps_.decoder, source + ": decoder")),
      post_processor_(read_post_processor(steps_.post_processor, source + ": post_processor")),
      plain_bytes_(takes_bytes(*steps_.model) && is_plain_byte_level(steps_.pre_tokenizer)),
      before_normalizing_(tokens_where(steps_.added_tokens, false), {}),
      after_normalizing_(tokens_where(steps_.added_tokens, true), normalizer_) {
  index_pieces(source);
  if (spells_everything(*steps_.model)) {
    symbols_.unknown = -1;  // some files name an end of texts for want of another
  }
  for (const auto* parts : {&post_processor_.frame.single, &post_processor_.frame.pair}) {
    for (const TextFrame::Part& part : *parts) {
      check_data(part.id < size(), "{}: post_processor: the id {} is outside the vocabulary of {}",
                 source, part.id, size());
    }
  }
  for (const int id :
       {symbols_.begin, symbols_.end, symbols_.pad, symbols_.unknown, symbols_.mask}) {
    check_data(id >= -1 && id < size(), "{}: the special id {} is outside the vocabulary of {}",
               source, id, size());
  }
}

void PipelineTokenizer::index_pieces(const std::string& source) {
  const PieceTable& pieces = steps_.model->pieces();
  contents_.assign(pieces.pieces().begin(), pieces.pieces().end());
  const std::size_t most = contents_.size() + steps_.added_tokens.size() + most_gaps;
  std::vector<bool> added;
  for (const AddedToken& token : steps_.added_tokens) {
    const auto id = static_cast<std::size_t>(token.id);
    check_data(id < most, "{}: added_tokens: the id {} of \"{}\" leaves too many ids unused",
               source, id, token.content);
    contents_.resize(std::max(contents_.size(), id + 1));
    added.resize(contents_.size());
    check_data(!added[id] && (contents_[id].empty() || contents_[id] == token.content),
               "{}: added_tokens: the id {} of \"{}\" belongs to \"{}\"", source, id, token.content,
               contents_[id]);
    const int in_model = pieces.find(token.content);
    check_data(in_model < 0 || in_model == token.id,
               "{}: added_tokens: \"{}\" has the id {} here and {} in the model", source,
               token.content, id, in_model);
    added[id] = true;
    contents_[id] = token.content;
  }
  for (const AddedToken& token : steps_.added_tokens) {
    if (token.normalized && normalizer_) {
      contents_[static_cast<std::size_t>(token.id)] =
          normalized_.emplace_back(normalizer_(token.content));
    }
  }
  check_data(!contents_.empty(), "{}: an empty vocabulary", source);
  special_.resize(contents_.size());
  for (const AddedToken& token : steps_.added_tokens) {
    if (token.special) {
      special_[static_cast<std::size_t>(token.id)] = true;
      model_makes_special_ = model_makes_special_ || steps_.model->makes(token.id);
    }
  }
}

std::vector<int> PipelineTokenizer::run(std::string_view text, bool marked,
                                        std::vector<TokenSpan>* spans) const {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  check_data(text.size() < (std::size_t{1} << 30), "tokenizer: a text of {} bytes", text.size());
  std::vector<int> ids;
  ids.reserve(text.size() / 4 + 4);
  const Output output{ids, spans};
  std::vector<TokenSpan> places;
  if (spans != nullptr) {
    places = places_of_characters(text);
  }
  for (const AddedTokenFinder::Part& part : before_normalizing_.split(text, marked)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      if (spans != nullptr) {
        spans->push_back(
            {static_cast<std::uint32_t>(part.begin), static_cast<std::uint32_t>(part.end)});
      }
    } else {
      encode_part(text.substr(part.begin, part.end - part.begin),
                  spans == nullptr ? nullptr : places.data() + part.begin, part.begin == 0, marked,
                  output);
    }
  }
  return ids;
}

void PipelineTokenizer::encode_part(std::string_view text, const TokenSpan* places,
                                    bool begins_text, bool marked, const Output& output) const {
  std::string normalized;
  std::vector<TokenSpan> new_places;
  if (normalizer_) {
    normalized = normalizer_(text);
    if (places != nullptr) {
      new_places = places_after(normalizer_, text, places, normalized);
      places = new_places.data();
    }
    text = normalized;
  }
  // The unmarked way is a promise, whatever pieces the model has.
  const ForbiddenIds* forbidden = marked || !model_makes_special_ ? nullptr : &special_;
  for (const AddedTokenFinder::Part& part : after_normalizing_.split(text, marked)) {
    if (part.id >= 0) {
      output.ids.push_back(part.id);
      if (output.spans != nullptr) {
        output.spans->push_back({places[part.begin].begin, places[part.end - 1].end});
      }
    } else {
      encode_words(text.substr(part.begin, part.end - part.begin),
                   places == nullptr ? nullptr : places + part.begin,
                   begins_text && part.begin == 0, forbidden, output);
    }
  }
}

void PipelineTokenizer::encode_words(std::string_view text, const TokenSpan* places,
                                     bool begins_text, const ForbiddenIds* forbidden,
                                     const Output& output) const {
  if (plain_bytes_) {
    split_like_gpt2(text, [&](std::size_t begin, std::size_t end) {
      encode_word({.text = text.substr(begin, end - begin),
                   .places = places == nullptr ? nullptr : places + begin},
                  forbidden, output);
    });
    return;
  }
  WordList words({text, begins_text, places});
  if (pre_tokenizer_) {
    pre_tokenizer_(words);
  }
  for (const Word& word : words.words()) {
    encode_word(word, forbidden, output);
  }
}

void PipelineTokenizer::encode_word(const Word& word, const ForbiddenIds* forbidden,
                                    const Output& output) const {
  const std::size_t first = output.ids.size();
  steps_.model->encode(word.text, forbidden, output.ids);
  if (output.spans != nullptr) {
    add_spans(*steps_.model, word, std::span(output.ids).subspan(first), *output.spans);
  }
}

SpannedTokens PipelineTokenizer::encode_with_spans(std::string_view line) const {
  SpannedTokens result;
  result.ids = run(line, false, &result.spans);
  if (post_processor_.trims_spans) {
    trim_spans(line, result.spans);
  }
  return result;
}

std::string PipelineTokenizer::decode(std::span<const int> ids) const {
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const int id : ids) {
    check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
          size());
    const auto index = static_cast<std::size_t>(id);
    if (!special_[index] && !contents_[index].empty()) {
      pieces.emplace_back(contents_[index]);
    }
  }
  std::string text;
  for (const std::string& part : decoder_(std::move(pieces))) {
    text += part;
  }
  return replace_invalid_utf8(std::move(text));
}

std::string PipelineTokenizer::piece(int id) const {
  check(id >= 0 && id < size(), "tokenizer: the id {} is outside the vocabulary of {} pieces", id,
        size());
  return std::string(contents_[static_cast<std::size_t>(id)]);
}

std::optional<int> PipelineTokenizer::begin_id() const {
  const std::vector<int> before = ids_before(post_processor_.frame);
  if (!symbols_.begin_is_said && !before.empty()) {
    return before.back();
  }
  return symbols_.begin >= 0 ? std::optional(symbols_.begin) : std::nullopt;
}

TextFrame PipelineTokenizer::frame() const {
  return post_processor_.frame == TextFrame() ? Tokenizer::frame() : post_processor_.frame;
}

std::string PipelineTokenizer::kind() const {
  const std::string type = steps_.model->type();
  return takes_bytes(*steps_.model) ? "byte-level-bpe"
         : type == "WordPiece"      ? "wordpiece"
                                    : "tokenizer.json, " + type;
}

std::string PipelineTokenizer::json() const {
  const auto found = files_.find("tokenizer.json");
  if (found != files_.end()) {
    return found->second;
  }
  return "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null,\n\"added_tokens\": " +
         added_tokens_json(steps_.added_tokens) + ",\n\"normalizer\": " + steps_.normalizer.dump() +
         ",\n\"pre_tokenizer\": " + steps_.pre_tokenizer.dump() +
         ",\n\"post_processor\": " + steps_.post_processor.dump() +
         ",\n\"decoder\": " + steps_.decoder.dump() + ",\n\"model\": " + steps_.model->to_json() +
         "}\n";
}

std::string PipelineTokenizer::config_json() const {
  const auto found = files_.find("tokenizer_config.json");
  if (found != files_.end()) {
    return found->second;
  }
  Json config = {{"tokenizer_class", class_name}, {"clean_up_tokenization_spaces", false}};
  const auto name = [&](const char* key, int id) {
    if (id >= 0) {
      config[key] = piece(id);
    }
  };
  const std::vector<int> after = ids_after(post_processor_.frame);
  if (symbols_.mask >= 0 && begin_id() && !after.empty()) {  // an encoder's
    name("cls_token", *begin_id());
    name("sep_token", after.front());
  } else {
    name("bos_token", begin_id().value_or(-1));
    name("eos_token", symbols_.end);
  }
  name("unk_token", symbols_.unknown);
  name("pad_token", symbols_.pad);
  if (ids_before(post_processor_.frame).empty() && symbols_.begin >= 0) {
    config["add_bos_token"] = true;
  }
  if (symbols_.mask >= 0) {
    config["mask_token"] = piece(symbols_.mask);
  }
  return config.dump(2) + "\n";
}

ModelFiles PipelineTokenizer::files(Side) const {
  return {{"tokenizer.json", json()}, {"tokenizer_config.json", config_json()}};
}

std::uint64_t PipelineTokenizer::fingerprint() const {
  return fingerprint_of(json());
}

}  // namespace heed
