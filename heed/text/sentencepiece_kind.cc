#include "heed/text/sentencepiece_kind.h"

#include <iterator>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/text/line_sample.h"
#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/sentencepiece_trainer.h"

namespace heed {

namespace {

constexpr std::uint64_t model_size_limit = std::uint64_t{1} << 28;  // bytes
constexpr const char* source_file = "source.spm";
constexpr const char* target_file = "target.spm";
constexpr const char* vocabulary_file = "vocab.json";
constexpr const char* target_vocabulary_file = "target_vocab.json";

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

TokenizerPair train(const TokenizerConfig& config, std::uint64_t seed, const PairStream& corpus,
                    const TextRemark& remark) {
  if (!config.source_model.empty()) {
    return given_models(config);
  }
  PairSample sample(static_cast<std::size_t>(config.sample_lines), seed);
  corpus([&](std::string_view source, std::string_view target) { sample.add(source, target); });
  const std::string name = "the trained model";
  if (!config.joint) {
    std::string source_model = train_sentencepiece(config, sample.sources, remark);
    return from_models(std::move(source_model), train_sentencepiece(config, sample.targets, remark),
                       false, name, name);
  }
  std::vector<std::string> lines = std::move(sample.sources);
  lines.insert(lines.end(), std::make_move_iterator(sample.targets.begin()),
               std::make_move_iterator(sample.targets.end()));
  const std::string model = train_sentencepiece(config, lines, remark);
  return from_models(model, model, true, name, name);
}

void check_sentencepiece_config(const TokenizerConfig& config) {
  check_usage(config.vocabulary_size >= 4, "tokenizer.vocabulary_size: {} is less than 4",
              config.vocabulary_size);
  check_usage(config.character_coverage >= 0.98 && config.character_coverage <= 1.0,
              "tokenizer.character_coverage: {} is outside 0.98 … 1", config.character_coverage);
  check_usage(config.normalization == "nmt_nfkc" || config.normalization == "nfkc" ||
                  config.normalization == "identity",
              "tokenizer.normalization: '{}' is unknown; known are nmt_nfkc, nfkc and identity",
              config.normalization);
  check_usage(!config.lowercase || config.normalization != "identity",
              "tokenizer.lowercase: needs tokenizer.normalization nmt_nfkc or nfkc");
  check_usage(config.target_model.empty() || !config.source_model.empty(),
              "tokenizer.target_model: set tokenizer.source_model, too");
}

bool recognises(const TokenizerFiles& files) {
  return files.has(source_file);
}

TokenizerPair load(const TokenizerFiles& files, bool separate) {
  const auto vocabulary = [&](const char* name) {
    return std::make_shared<const Vocabulary>(
        Vocabulary::from_json(files.read(name, model_size_limit), files.source_of(name)));
  };
  const auto side = [&](const char* name, std::string model,
                        std::shared_ptr<const Vocabulary> pieces) {
    return std::make_shared<const SentencePieceTokenizer>(std::move(model), std::move(pieces),
                                                          separate, files.source_of(name));
  };
  const auto pieces = vocabulary(vocabulary_file);
  std::string source_model = files.read(source_file, model_size_limit);
  std::string target_model = files.read(target_file, model_size_limit);
  // The same model over the same vocabulary is one tokenizer for both sides.
  const bool one = !separate && source_model == target_model;
  TokenizerPair pair{side(source_file, std::move(source_model), pieces), nullptr, !separate};
  pair.target = one ? pair.source
                    : side(target_file, std::move(target_model),
                           separate ? vocabulary(target_vocabulary_file) : pieces);
  return pair;
}

}  // namespace

TokenizerKind sentencepiece_kind(const std::string& algorithm) {
  return {.name = "sentencepiece-" + algorithm,
          .summary = algorithm == "bpe" ? "subwords by SentencePiece, by merging pairs"
                                        : "subwords by SentencePiece, by a unigram model",
          .tokenizer_class = SentencePieceTokenizer::class_name,
          .by_line = true,
          .check = check_sentencepiece_config,
          .train = train,
          .recognises = recognises,
          .load = load};
}

}  // namespace heed
