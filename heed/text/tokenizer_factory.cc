#include "heed/text/tokenizer_factory.h"

#include <array>
#include <utility>
#include <vector>

#include "heed/base/config.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/line_sample.h"
#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/sentencepiece_trainer.h"
#include "heed/text/word_tokenizer.h"

namespace heed {

namespace {

constexpr std::uint64_t model_size_limit = std::uint64_t{1} << 28;   // bytes
constexpr std::uint64_t config_size_limit = std::uint64_t{1} << 20;  // bytes

constexpr const char* config_file = "tokenizer_config.json";
constexpr const char* marian_class = "MarianTokenizer";
constexpr const char* word_class = "HeedWordTokenizer";
constexpr const char* byte_class = "HeedByteTokenizer";

bool is_sentencepiece(const TokenizerConfig& config) {
  return config.kind.starts_with("sentencepiece-");
}

TokenizerPair from_models(std::string source_model, std::string target_model, bool joint,
                          const std::string& source_name, const std::string& target_name) {
  const auto vocabulary = [](const std::vector<std::string>& models, const std::string& name) {
    return std::make_shared<const Vocabulary>(
        Vocabulary::with_specials(text_pieces(models, name), name));
  };
  auto source_vocabulary = joint ? vocabulary({source_model, target_model}, source_name)
                                 : vocabulary({source_model}, source_name);
  auto target_vocabulary = joint ? source_vocabulary : vocabulary({target_model}, target_name);
  return {std::make_shared<const SentencePieceTokenizer>(
              std::move(source_model), std::move(source_vocabulary), !joint, source_name),
          std::make_shared<const SentencePieceTokenizer>(
              std::move(target_model), std::move(target_vocabulary), !joint, target_name),
          joint};
}

TokenizerPair given_models(const TokenizerConfig& config) {
  const std::string& target =
      config.target_model.empty() ? config.source_model : config.target_model;
  return from_models(read_file(config.source_model, model_size_limit),
                     read_file(target, model_size_limit), config.joint, config.source_model,
                     target);
}

TokenizerPair train_sentencepiece_pair(const TokenizerConfig& config, std::uint64_t seed,
                                       const PairStream& corpus) {
  PairSample sample(static_cast<std::size_t>(config.sample_lines), seed);
  corpus([&](std::string_view source, std::string_view target) { sample.add(source, target); });
  const std::string name = "the trained model";
  if (!config.joint) {
    return from_models(train_sentencepiece(config, sample.sources),
                       train_sentencepiece(config, sample.targets), false, name, name);
  }
  std::vector<std::string> lines = std::move(sample.sources);
  lines.insert(lines.end(), std::make_move_iterator(sample.targets.begin()),
               std::make_move_iterator(sample.targets.end()));
  const std::string model = train_sentencepiece(config, lines);
  return from_models(model, model, true, name, name);
}

TokenizerPair train_words(const TokenizerConfig& config, const PairStream& corpus) {
  WordCounter source_words(config.lowercase);
  WordCounter target_words(config.lowercase);
  WordCounter& target_counter = config.joint ? source_words : target_words;
  corpus([&](std::string_view source, std::string_view target) {
    source_words.add(source);
    target_counter.add(target);
  });
  const auto make = [&](const WordCounter& words) {
    const auto limit =
        static_cast<std::size_t>(config.vocabulary_size > 0 ? config.vocabulary_size - 3 : 0);
    const auto frequent = words.frequent(config.minimum_frequency, limit);
    check_data(!frequent.empty(), "tokenizer: no word occurs {} times in the text",
               config.minimum_frequency);
    return std::make_shared<const WordTokenizer>(
        Vocabulary::with_specials(frequent, "the word vocabulary"), config.lowercase);
  };
  auto source = make(source_words);
  auto target = config.joint ? source : make(target_words);
  return {std::move(source), std::move(target), config.joint};
}

const char* class_name(const Tokenizer& tokenizer) {
  if (dynamic_cast<const SentencePieceTokenizer*>(&tokenizer) != nullptr) {
    return marian_class;
  }
  return dynamic_cast<const WordTokenizer*>(&tokenizer) != nullptr ? word_class : byte_class;
}

// What tokenizer_config.json says that matters here; other keys are Transformers' own affair.
struct SavedConfig {
  std::string tokenizer_class = marian_class;
  bool separate = false;
};

SavedConfig read_saved_config(const std::filesystem::path& directory) {
  SavedConfig saved;
  const std::filesystem::path path = directory / config_file;
  if (!std::filesystem::exists(path)) {
    check_io(std::filesystem::exists(directory / "source.spm"),
             "{}: holds no tokenizer: neither {} nor source.spm is there", directory.string(),
             config_file);
    saved.separate = std::filesystem::exists(directory / "target_vocab.json");
    return saved;
  }
  const std::string source = path.string();
  const Json json = parse_json(read_file(path, config_size_limit), source);
  check_data(
      json.is_object() && json.contains("tokenizer_class") && json["tokenizer_class"].is_string(),
      "{}: tokenizer_class is missing", source);
  saved.tokenizer_class = json["tokenizer_class"].get<std::string>();
  const bool known = saved.tokenizer_class == marian_class || saved.tokenizer_class == word_class ||
                     saved.tokenizer_class == byte_class;
  check_data(known, "{}: tokenizer_class: '{}' is not supported; known are {}, {} and {}", source,
             saved.tokenizer_class, marian_class, word_class, byte_class);
  if (json.contains("separate_vocabs")) {
    check_data(json["separate_vocabs"].is_boolean(), "{}: separate_vocabs: expected true or false",
               source);
    saved.separate = json["separate_vocabs"].get<bool>();
  }
  return saved;
}

std::shared_ptr<const Tokenizer> load_side(const SavedConfig& saved,
                                           const std::filesystem::path& directory, Side side) {
  if (saved.tokenizer_class == word_class) {
    return WordTokenizer::load(directory, side);
  }
  if (saved.tokenizer_class == byte_class) {
    return std::make_shared<const ByteTokenizer>();
  }
  return SentencePieceTokenizer::load(directory, side, saved.separate);
}

// Whether one tokenizer serves both sides: the same model over the same vocabulary.
bool sides_are_one(const SavedConfig& saved, const std::filesystem::path& directory) {
  return saved.tokenizer_class == marian_class && !saved.separate &&
         read_file(directory / "source.spm", model_size_limit) ==
             read_file(directory / "target.spm", model_size_limit);
}

}  // namespace

void check_tokenizer_config(const TokenizerConfig& config) {
  const bool subwords = is_sentencepiece(config);
  check_usage(
      config.kind == "sentencepiece-bpe" || config.kind == "sentencepiece-unigram" ||
          config.kind == "word" || config.kind == "byte",
      "tokenizer.kind: '{}' is unknown; known are sentencepiece-bpe, sentencepiece-unigram, "
      "word and byte",
      config.kind);
  check_usage(
      config.vocabulary_size <= static_cast<int>(Vocabulary::size_limit) &&
          (config.vocabulary_size >= 4 || (config.kind == "word" && config.vocabulary_size == 0)),
      "tokenizer.vocabulary_size: {} is outside 4 … {}", config.vocabulary_size,
      Vocabulary::size_limit);
  check_usage(config.minimum_frequency >= 1, "tokenizer.minimum_frequency: {} is less than 1",
              config.minimum_frequency);
  check_usage(config.sample_lines >= 1, "tokenizer.sample_lines: {} is less than 1",
              config.sample_lines);
  check_usage(config.character_coverage >= 0.98 && config.character_coverage <= 1.0,
              "tokenizer.character_coverage: {} is outside 0.98 … 1", config.character_coverage);
  check_usage(config.normalization == "nmt_nfkc" || config.normalization == "nfkc" ||
                  config.normalization == "identity",
              "tokenizer.normalization: '{}' is unknown; known are nmt_nfkc, nfkc and identity",
              config.normalization);
  check_usage(!(config.lowercase && subwords && config.normalization == "identity"),
              "tokenizer.lowercase: needs tokenizer.normalization nmt_nfkc or nfkc");
  check_usage(!(config.lowercase && config.kind == "byte"),
              "tokenizer.lowercase: the byte tokenizer keeps the text as it is");
  check_usage(config.source_model.empty() || subwords,
              "tokenizer.source_model: only for the sentencepiece kinds");
  check_usage(config.target_model.empty() || !config.source_model.empty(),
              "tokenizer.target_model: set tokenizer.source_model, too");
}

TokenizerPair train_tokenizers(const TokenizerConfig& config, std::uint64_t seed,
                               const PairStream& corpus) {
  check_tokenizer_config(config);
  if (config.kind == "byte") {
    const auto tokenizer = std::make_shared<const ByteTokenizer>();
    return {tokenizer, tokenizer, true};
  }
  if (config.kind == "word") {
    return train_words(config, corpus);
  }
  return config.source_model.empty() ? train_sentencepiece_pair(config, seed, corpus)
                                     : given_models(config);
}

void save_tokenizers(const TokenizerPair& tokenizers, const std::filesystem::path& directory) {
  Json json;
  json["tokenizer_class"] = class_name(*tokenizers.source);
  json["separate_vocabs"] = !tokenizers.joint;
  json["eos_token"] = end_piece;
  json["unk_token"] = unknown_piece;
  json["pad_token"] = pad_piece;
  write_file(directory / config_file, json.dump(2) + "\n");
  tokenizers.source->save(directory, Side::source);
  tokenizers.target->save(directory, Side::target);
}

std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& directory, Side side) {
  return load_side(read_saved_config(directory), directory, side);
}

TokenizerPair load_tokenizers(const std::filesystem::path& directory) {
  const SavedConfig saved = read_saved_config(directory);
  TokenizerPair pair{load_side(saved, directory, Side::source), nullptr, !saved.separate};
  pair.target =
      sides_are_one(saved, directory) ? pair.source : load_side(saved, directory, Side::target);
  check_data(!pair.joint || pair.source->size() == pair.target->size(),
             "{}: a joint vocabulary of {} pieces for the source and {} for the target",
             directory.string(), pair.source->size(), pair.target->size());
  return pair;
}

}  // namespace heed
