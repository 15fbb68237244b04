#include "heed/text/tokenizer_files.h"

#include <fmt/format.h>

#include <set>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/text/language_model_kind.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

constexpr std::uint64_t config_size_limit = std::uint64_t{1} << 24;  // bytes
constexpr const char* config_file = "tokenizer_config.json";

// What tokenizer_config.json says that matters here; other keys are Transformers' own affair.
struct SavedConfig {
  const TokenizerKind* kind = nullptr;  // null: what the files are tells
  bool separate = false;
};

const TokenizerKind* recognised_kind(const TokenizerFiles& files) {
  for (const TokenizerKind& kind : tokenizer_kinds()) {
    if (kind.recognises != nullptr && kind.recognises(files)) {
      return &kind;
    }
  }
  check_io(is_language_model_tokenizer(files),
           "{}: holds no tokenizer: neither {} nor source.spm, tokenizer.json, vocab.json with "
           "merges.txt or tokenizer.model is there",
           files.source(), config_file);
  return nullptr;
}

// Classes that are not known here are those of language models, whose files tell enough.
const TokenizerKind* kind_of_class(const std::string& name, const TokenizerFiles& files,
                                   const std::string& source) {
  std::set<std::string> known;
  for (const TokenizerKind& kind : tokenizer_kinds()) {
    if (kind.tokenizer_class == name) {
      return &kind;
    }
    known.insert(kind.tokenizer_class);
  }
  check_data(is_language_model_tokenizer(files),
             "{}: tokenizer_class: '{}' is not supported without tokenizer.json, vocab.json with "
             "merges.txt or tokenizer.model; known are {}",
             source, name, known);
  return nullptr;
}

SavedConfig read_saved_config(const TokenizerFiles& files) {
  if (!files.has(config_file)) {
    return {.kind = recognised_kind(files), .separate = files.has("target_vocab.json")};
  }
  const std::string source = files.source_of(config_file);
  const Json json = parse_json(files.read(config_file, config_size_limit), source);
  const bool named =
      json.is_object() && json.contains("tokenizer_class") && json["tokenizer_class"].is_string();
  if (!named && json.is_object() && !json.contains("tokenizer_class") &&
      is_language_model_tokenizer(files)) {
    return {};
  }
  check_data(named, "{}: tokenizer_class is missing", source);
  SavedConfig saved{.kind =
                        kind_of_class(json["tokenizer_class"].get<std::string>(), files, source)};
  if (json.contains("separate_vocabs")) {
    check_data(json["separate_vocabs"].is_boolean(), "{}: separate_vocabs: expected true or false",
               source);
    saved.separate = json["separate_vocabs"].get<bool>();
  }
  return saved;
}

}  // namespace

bool TokenizerFiles::has(const std::string& name) const {
  std::error_code ignored;
  return in_memory_ ? files_.contains(name) : std::filesystem::exists(directory_ / name, ignored);
}

std::string TokenizerFiles::read(const std::string& name, std::uint64_t limit) const {
  if (!in_memory_) {
    return read_file(directory_ / name, limit);
  }
  const auto found = files_.find(name);
  check_io(found != files_.end(), "{}: no such file", source_of(name));
  check_data(found->second.size() <= limit, "{}: {} bytes, more than {}", source_of(name),
             found->second.size(), limit);
  return found->second;
}

TokenizerPair load_tokenizers(const TokenizerFiles& files) {
  const SavedConfig saved = read_saved_config(files);
  TokenizerPair pair = saved.kind != nullptr ? saved.kind->load(files, saved.separate)
                                             : load_language_model_tokenizer(files);
  check_data(!pair.joint || pair.source->size() == pair.target->size(),
             "{}: a joint vocabulary of {} pieces for the source and {} for the target",
             files.source(), pair.source->size(), pair.target->size());
  return pair;
}

TokenizerPair load_tokenizers(const std::filesystem::path& directory) {
  return load_tokenizers(TokenizerFiles(directory));
}

ModelFiles tokenizer_files(const TokenizerPair& tokenizers) {
  // Language models bring a tokenizer_config.json of their own.
  ModelFiles files = tokenizers.source->files(Side::source);
  files.merge(tokenizers.target->files(Side::target));
  if (files.contains(config_file)) {
    return files;
  }
  Json json;
  json["tokenizer_class"] = tokenizers.source->tokenizer_class();
  json["separate_vocabs"] = !tokenizers.joint;
  json["eos_token"] = end_piece;
  json["unk_token"] = unknown_piece;
  json["pad_token"] = pad_piece;
  files[config_file] = json.dump(2) + "\n";
  return files;
}

void save_tokenizers(const TokenizerPair& tokenizers, const std::filesystem::path& directory) {
  for (const auto& [name, content] : tokenizer_files(tokenizers)) {
    write_file(directory / name, content);
  }
}

}  // namespace heed
