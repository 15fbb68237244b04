#include "heed/interop/text_config.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/config_reader.h"

namespace heed {

namespace {

void check_id(std::int32_t id, std::int64_t size, const char* key, const std::string& source) {
  check_data(id >= 0 && id < size, "{}: {}: token id {} is outside the target vocabulary of {}",
             source, key, id, size);
}

// An id below `size`, or `fallback`, which is not checked.
std::int32_t read_id(const ConfigReader& reader, const char* key, std::int32_t fallback,
                     std::int64_t size) {
  if (!reader.has(key)) {
    return fallback;
  }
  const auto id = reader.require<std::int32_t>(key);
  check_id(id, size, key, reader.source());
  return id;
}

// Of a model that turns a sequence into another.
TextSymbols read_pair_symbols(const ConfigReader& reader, const TokenizerPair& tokenizers,
                              std::int64_t size) {
  TextSymbols symbols = symbols_for(tokenizers);
  if (const auto ends = read_ends(reader, size); !ends.empty()) {
    symbols.end = ends.front();
  }
  if (symbols.source_end < 0) {
    symbols.source_end = symbols.end;
  }
  symbols.padding = reader.require<std::int32_t>("pad_token_id");
  check_id(symbols.padding, size, "pad_token_id", reader.source());
  symbols.suppressed = {symbols.padding};
  symbols.start = read_id(reader, "decoder_start_token_id", symbols.padding, size);
  return symbols;
}

// Padding is what no text holds, but programs that need some and have none take an end symbol.
TextSymbols read_text_symbols(const ConfigReader& reader, const Tokenizer& tokenizer,
                              std::int64_t size) {
  TextSymbols symbols = text_symbols_for(tokenizer);
  set_ends(symbols, read_ends(reader, size));
  symbols.padding = symbols.source_padding =
      read_id(reader, "pad_token_id", tokenizer.pad_id(), size);
  symbols.suppressed.clear();
  const bool ends =
      symbols.padding == symbols.end || std::ranges::count(symbols.more_ends, symbols.padding) > 0;
  if (symbols.padding >= 0 && !ends) {
    symbols.suppressed = {symbols.padding};
  }
  return symbols;
}

// Of a model that reads alone: what stands around its texts is the tokenizer's to say.
TextSymbols read_encoder_symbols(const ConfigReader& reader, const Tokenizer& tokenizer,
                                 std::int64_t size) {
  TextSymbols symbols = encoder_symbols_for(tokenizer);
  symbols.padding = symbols.source_padding =
      read_id(reader, "pad_token_id", tokenizer.pad_id(), size);
  return symbols;
}

}  // namespace

std::vector<std::int32_t> read_ends(const ConfigReader& reader, std::int64_t size) {
  constexpr const char* key = "eos_token_id";
  if (!reader.has(key)) {
    return {};
  }
  std::vector<std::int32_t> ends;
  if (reader.json().at(key).is_array()) {
    const auto ids = reader.get(key, std::vector<int>());
    ends.assign(ids.begin(), ids.end());
  } else {
    ends = {reader.require<std::int32_t>(key)};
  }
  for (const std::int32_t id : ends) {
    check_id(id, size, key, reader.source());
  }
  return ends;
}

void set_ends(TextSymbols& symbols, const std::vector<std::int32_t>& ends) {
  if (!ends.empty()) {
    symbols.end = ends.front();
    symbols.more_ends.assign(ends.begin() + 1, ends.end());
  }
}

ModelVocabulary read_vocabulary(const Json& config, const ModelKind& kind,
                                const TokenizerPair& tokenizers, const std::string& source) {
  const ConfigReader reader(config, source);
  ModelVocabulary vocabulary;
  vocabulary.source_size = reader.require<std::int64_t>("vocab_size");
  vocabulary.target_size =
      kind.has_encoder ? reader.get<std::int64_t>("decoder_vocab_size", vocabulary.source_size)
                       : vocabulary.source_size;
  check_data(tokenizers.source->size() <= vocabulary.source_size &&
                 tokenizers.target->size() <= vocabulary.target_size,
             "{}: vocabularies of {} and {} pieces, but the tokenizers have {} and {}", source,
             vocabulary.source_size, vocabulary.target_size, tokenizers.source->size(),
             tokenizers.target->size());
  vocabulary.symbols =
      kind.has_encoder ? read_pair_symbols(reader, tokenizers, vocabulary.target_size)
      : kind.writes    ? read_text_symbols(reader, *tokenizers.target, vocabulary.target_size)
                       : read_encoder_symbols(reader, *tokenizers.target, vocabulary.target_size);
  constexpr std::int64_t most_spare_rows = 1 << 16;  // what rounds sizes up adds some thousands
  check_data(vocabulary.target_size - tokenizers.target->size() <= most_spare_rows,
             "{}: a vocabulary of {} for a tokenizer of {} pieces", source, vocabulary.target_size,
             tokenizers.target->size());
  // Ids that no tokenizer can turn into text are never chosen.
  for (std::int64_t id = tokenizers.target->size(); id < vocabulary.target_size; ++id) {
    vocabulary.symbols.suppressed.push_back(static_cast<std::int32_t>(id));
  }
  return vocabulary;
}

void write_vocabulary(const ModelVocabulary& vocabulary, const ModelKind& kind, Json& config) {
  const TextSymbols& symbols = vocabulary.symbols;
  config["vocab_size"] = vocabulary.source_size;
  if (kind.has_encoder) {
    config["decoder_vocab_size"] = vocabulary.target_size;
    config["decoder_start_token_id"] = symbols.start;
  }
  if (!kind.has_encoder && symbols.start >= 0) {
    config["bos_token_id"] = symbols.start;
  }
  config["pad_token_id"] = symbols.padding < 0 ? Json() : Json(symbols.padding);
  if (!kind.writes) {
    return;
  }
  config["eos_token_id"] = symbols.end;
  if (!symbols.more_ends.empty()) {
    config["eos_token_id"] = Json::array({symbols.end});
    for (const std::int32_t id : symbols.more_ends) {
      config["eos_token_id"].push_back(id);
    }
  }
  config["is_encoder_decoder"] = kind.has_encoder;
}

}  // namespace heed
