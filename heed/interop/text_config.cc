#include "heed/interop/text_config.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/config_reader.h"

namespace heed {

namespace {

// An id, or the first of a list of them (several symbols that end a text).
std::int32_t read_id(const ConfigReader& reader, const char* key, std::int32_t fallback) {
  const auto found = reader.json().find(key);
  if (found != reader.json().end() && found->is_array() && !found->empty()) {
    const Json first = {{key, found->front()}};
    return ConfigReader(first, reader.source()).get<std::int32_t>(key, fallback);
  }
  return reader.get<std::int32_t>(key, fallback);
}

void check_id(std::int32_t id, std::int64_t size, const char* key, const std::string& source) {
  check_data(id >= 0 && id < size, "{}: {}: token id {} is outside the target vocabulary of {}",
             source, key, id, size);
}

TextSymbols read_symbols(const ConfigReader& reader, const ModelKind& kind,
                         const TokenizerPair& tokenizers, std::int64_t size) {
  TextSymbols symbols = symbols_for(tokenizers);
  symbols.end = read_id(reader, "eos_token_id", symbols.end);
  check_id(symbols.end, size, "eos_token_id", reader.source());
  if (kind.has_encoder || reader.has("pad_token_id")) {
    symbols.padding = reader.require<std::int32_t>("pad_token_id");
    check_id(symbols.padding, size, "pad_token_id", reader.source());
    symbols.suppressed = {symbols.padding};
  }
  symbols.start = symbols.padding;
  if (reader.has("decoder_start_token_id")) {
    symbols.start = reader.get<std::int32_t>("decoder_start_token_id", symbols.start);
    check_id(symbols.start, size, "decoder_start_token_id", reader.source());
  }
  return symbols;
}

}  // namespace

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
  vocabulary.symbols = read_symbols(reader, kind, tokenizers, vocabulary.target_size);
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
  config["pad_token_id"] = symbols.padding;
  config["eos_token_id"] = symbols.end;
  config["is_encoder_decoder"] = kind.has_encoder;
}

}  // namespace heed
