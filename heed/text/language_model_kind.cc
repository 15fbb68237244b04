#include "heed/text/language_model_kind.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/bert_tokenizer.h"
#include "heed/text/byte_level_bpe.h"
#include "heed/text/pipeline/pipeline_tokenizer.h"
#include "heed/text/pipeline/tokenizer_json.h"
#include "heed/text/sentencepiece_ids.h"

namespace heed {

namespace {

constexpr std::uint64_t vocabulary_size_limit = std::uint64_t{1} << 28;  // bytes
constexpr std::uint64_t settings_size_limit = std::uint64_t{1} << 24;
constexpr const char* word_piece_file = "vocab.txt";

bool has_merges(const TokenizerFiles& files) {
  return files.has("vocab.json") && files.has("merges.txt");
}

// SentencePiece's model: LLaMA's name for it, and that of ALBERT and T5.
const char* sentencepiece_file(const TokenizerFiles& files) {
  return files.has(SentencePieceIds::file_name) ? SentencePieceIds::file_name
         : files.has("spiece.model")            ? "spiece.model"
                                                : nullptr;
}

// tokenizer_config.json and special_tokens_map.json.
class SpecialSettings {
 public:
  explicit SpecialSettings(const TokenizerFiles& files)
      : config_(read(files, "tokenizer_config.json")),
        map_(read(files, "special_tokens_map.json")) {}

  // "eos_token": "…" or {"content": "…"}; empty when nothing is said.
  std::string token(const char* key) const {
    for (const Json* settings : {&config_, &map_}) {
      if (!settings->contains(key)) {
        continue;
      }
      const Json& value = (*settings)[key];
      if (value.is_string()) {
        return value.get<std::string>();
      }
      if (value.is_object() && value.contains("content") && value["content"].is_string()) {
        return value["content"].get<std::string>();
      }
    }
    return {};
  }
  std::optional<bool> flag(const char* key) const {
    return config_.contains(key) && config_[key].is_boolean()
               ? std::optional(config_[key].get<bool>())
               : std::nullopt;
  }
  // Tokens beside the vocabulary: {"50257": {"content": "…", "special": true}, …}.
  const Json& added_tokens() const {
    static const Json none = Json::object();
    const auto found = config_.find("added_tokens_decoder");
    return found != config_.end() && found->is_object() ? *found : none;
  }
  std::string tokenizer_class() const {
    return config_.contains("tokenizer_class") && config_["tokenizer_class"].is_string()
               ? config_["tokenizer_class"].get<std::string>()
               : "";
  }

 private:
  static Json read(const TokenizerFiles& files, const char* name) {
    if (!files.has(name)) {
      return Json::object();
    }
    Json json = parse_json(files.read(name, settings_size_limit), files.source_of(name));
    check_data(json.is_object(), "{}: expected an object", files.source_of(name));
    return json;
  }
  Json config_;
  Json map_;
};

// The first of these names that a tokenizer has.
template <typename Find>
int first_of(std::initializer_list<std::string> names, const Find& find) {
  for (const std::string& name : names) {
    if (const int id = name.empty() ? -1 : find(name); id >= 0) {
      return id;
    }
  }
  return -1;
}

// What the settings name, and otherwise what is customary.
template <typename Find>
PipelineSymbols symbols_of(const SpecialSettings& settings, int model_unknown, const Find& find) {
  PipelineSymbols symbols;
  symbols.end = first_of({settings.token("eos_token"), "</s>", "<|endoftext|>", "<|end_of_text|>",
                          "<eos>", settings.token("sep_token"), "[SEP]"},
                         find);
  symbols.pad = first_of({settings.token("pad_token"), "<pad>", "[PAD]"}, find);
  symbols.mask = first_of({settings.token("mask_token"), "[MASK]", "<mask>"}, find);
  symbols.unknown = model_unknown;
  if (model_unknown < 0) {
    const int named = first_of({settings.token("unk_token"), "<unk>"}, find);
    symbols.unknown = named == symbols.end ? -1 : named;
  }
  // As Transformers has it: where this is said, it counts.
  const std::optional<bool> begins = settings.flag("add_bos_token");
  symbols.begin_is_said = begins.has_value();
  if (begins.value_or(false)) {
    symbols.begin = first_of({settings.token("bos_token"), "<s>"}, find);
  }
  return symbols;
}

ModelFiles settings_file(const TokenizerFiles& files) {
  constexpr const char* name = "tokenizer_config.json";
  return files.has(name) ? ModelFiles{{name, files.read(name, settings_size_limit)}} : ModelFiles();
}

std::shared_ptr<const Tokenizer> load_tokenizer_json(const TokenizerFiles& files) {
  constexpr const char* name = "tokenizer.json";
  const std::string source = files.source_of(name);
  ModelFiles kept = settings_file(files);
  const std::string& text = kept[name] = files.read(name, vocabulary_size_limit);
  PipelineSteps steps = read_tokenizer_json(text, source);
  const auto find = [&](const std::string& piece) {
    for (const AddedToken& token : steps.added_tokens) {
      if (token.content == piece) {
        return token.id;
      }
    }
    return steps.model->pieces().find(piece);
  };
  const PipelineSymbols symbols =
      symbols_of(SpecialSettings(files), steps.model->unknown_id(), find);
  return std::make_shared<const PipelineTokenizer>(std::move(steps), symbols, std::move(kept),
                                                   source);
}

// The tokens that vocab.json and merges.txt leave to the program: GPT-2's and RoBERTa's.
void mark_special_pieces(const SpecialSettings& settings, BytePairVocabulary& vocabulary) {
  std::set<std::string> special = {"<|endoftext|>", "<s>", "</s>", "<unk>", "<pad>", "<mask>"};
  for (const char* key : {"bos_token", "eos_token", "unk_token", "pad_token", "mask_token"}) {
    special.insert(settings.token(key));
  }
  vocabulary.types.resize(vocabulary.pieces.size(), PieceType::normal);
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    if (special.contains(vocabulary.pieces[id])) {
      vocabulary.types[id] = PieceType::control;
    }
  }
}

// added_tokens_decoder as tokenizer.json would have it.
std::vector<AddedToken> added_tokens_of(const SpecialSettings& settings,
                                        const std::string& source) {
  const Json& tokens = settings.added_tokens();
  Json list = Json::array();
  for (const auto& [id, token] : tokens.get_ref<const Json::object_t&>()) {
    check_data(token.is_object() && id.size() < 8 && !id.empty() &&
                   id.find_first_not_of("0123456789") == std::string::npos,
               "{}: added_tokens_decoder: unexpected \"{}\"", source, id);
    list.push_back(token);
    list.back()["id"] = static_cast<std::uint64_t>(std::stoul(id));
  }
  return read_added_tokens(list, source + ": added_tokens_decoder");
}

void add_tokens(const SpecialSettings& settings, const std::string& source,
                BytePairVocabulary& vocabulary) {
  std::vector<AddedToken> tokens = added_tokens_of(settings, source);
  const std::size_t most = vocabulary.pieces.size() + tokens.size();
  for (AddedToken& token : tokens) {
    const auto id = static_cast<std::size_t>(token.id);
    check_data(id < most, "{}: added_tokens_decoder: the id {} leaves too many ids unused", source,
               id);
    if (id >= vocabulary.pieces.size()) {
      vocabulary.pieces.resize(id + 1);
      vocabulary.types.resize(id + 1, PieceType::normal);
    }
    check_data(vocabulary.pieces[id].empty() || vocabulary.pieces[id] == token.content,
               "{}: added_tokens_decoder: the id {} of \"{}\" belongs to \"{}\"", source, id,
               token.content, vocabulary.pieces[id]);
    vocabulary.pieces[id] = std::move(token.content);
    vocabulary.types[id] = token.special ? PieceType::control : PieceType::user_defined;
  }
}

std::shared_ptr<const Tokenizer> load_vocabulary_and_merges(const TokenizerFiles& files) {
  const SpecialSettings settings(files);
  const std::string source = files.source_of("vocab.json");
  const Json pieces = parse_json(files.read("vocab.json", vocabulary_size_limit), source);
  BytePairVocabulary vocabulary;
  vocabulary.pieces = pieces_by_id(pieces, source);
  for (auto& [left, right] : read_merge_lines(files.read("merges.txt", vocabulary_size_limit),
                                              files.source_of("merges.txt"))) {
    vocabulary.merges.push_back(left + " " + right);
  }
  mark_special_pieces(settings, vocabulary);
  add_tokens(settings, files.source_of("tokenizer_config.json"), vocabulary);
  vocabulary.add_prefix_space = settings.flag("add_prefix_space").value_or(false);
  if (settings.tokenizer_class().starts_with("Qwen2Tokenizer")) {
    vocabulary.pre_tokenizer = "qwen2";
  }
  const PipelineSymbols symbols = symbols_of(settings, -1, [&](const std::string& piece) {
    const auto found = std::ranges::find(vocabulary.pieces, piece);
    return found == vocabulary.pieces.end() ? -1
                                            : static_cast<int>(found - vocabulary.pieces.begin());
  });
  vocabulary.begin = symbols.begin;
  vocabulary.end = symbols.end;
  vocabulary.pad = symbols.pad;
  vocabulary.unknown = symbols.unknown;
  return make_byte_level_tokenizer(std::move(vocabulary), files.source());
}

std::shared_ptr<const Tokenizer> load_sentencepiece(const TokenizerFiles& files, const char* name) {
  const SpecialSettings settings(files);
  const bool llama = name == std::string_view(SentencePieceIds::file_name);
  const SentencePieceUse use{.begins = settings.flag("add_bos_token").value_or(llama),
                             .space_after_special = settings.flag("legacy").value_or(false)};
  return std::make_shared<const SentencePieceIds>(files.read(name, vocabulary_size_limit), use,
                                                  settings_file(files), files.source_of(name));
}

// vocab.txt: a piece to a line.
std::vector<std::string> read_pieces(std::string_view text, const std::string& source) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "{}: invalid UTF-8 at byte {}", source, invalid.value_or(0));
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    pieces.emplace_back(line);
  }
  return pieces;
}

std::shared_ptr<const Tokenizer> load_word_pieces(const TokenizerFiles& files) {
  const SpecialSettings settings(files);
  const std::string source = files.source_of(word_piece_file);
  BertPieces pieces;
  pieces.pieces = read_pieces(files.read(word_piece_file, vocabulary_size_limit), source);
  pieces.lowercase = settings.flag("do_lower_case").value_or(true);
  pieces.strip_accents = settings.flag("strip_accents");
  pieces.parts_ideographs = settings.flag("tokenize_chinese_chars").value_or(true);
  for (const auto& [key, token] : {std::pair{"cls_token", &pieces.classify},
                                   {"sep_token", &pieces.separate},
                                   {"pad_token", &pieces.pad},
                                   {"unk_token", &pieces.unknown},
                                   {"mask_token", &pieces.mask}}) {
    if (std::string said = settings.token(key); !said.empty()) {
      *token = std::move(said);
    }
  }
  const auto count = static_cast<int>(pieces.pieces.size());
  pieces.added = added_tokens_of(settings, files.source_of("tokenizer_config.json"));
  std::erase_if(pieces.added, [&](const AddedToken& token) {
    return token.id < count && !token.special;  // a piece as any other
  });
  return make_bert_tokenizer(pieces, settings_file(files), source);
}

}  // namespace

bool is_language_model_tokenizer(const TokenizerFiles& files) {
  return files.has("tokenizer.json") || has_merges(files) || sentencepiece_file(files) != nullptr ||
         files.has(word_piece_file);
}

TokenizerPair load_language_model_tokenizer(const TokenizerFiles& files) {
  check_io(
      is_language_model_tokenizer(files),
      "{}: no tokenizer.json, vocab.json with merges.txt, tokenizer.model or vocab.txt is there",
      files.source());
  std::shared_ptr<const Tokenizer> tokenizer =
      files.has("tokenizer.json")            ? load_tokenizer_json(files)
      : has_merges(files)                    ? load_vocabulary_and_merges(files)
      : sentencepiece_file(files) != nullptr ? load_sentencepiece(files, sentencepiece_file(files))
                                             : load_word_pieces(files);
  return {tokenizer, tokenizer, true};
}

}  // namespace heed
