// From a recipe to a model, and from lines to lines, in one call each.
#include "heed/tasks/run.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/models/language_model.h"
#include "heed/tasks/line_translator.h"
#include "heed/text/byte_tokenizer.h"
#include "heed/text/sentencepiece_trainer.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

class Run : public testing::Test {
 protected:
  Run() : directory_(testing::TempDir() + "heed_run_" + std::to_string(::getpid())) {
    register_cpu_backend();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~Run() override { fs::remove_all(directory_); }

  fs::path directory_;
};

TEST_F(Run, GoesFromARecipeFileToAModelThatTranslates) {
  write_file(directory_ / "copy.yaml",
             "task: translation\n"
             "data: {toy: {kind: copy, train_pairs: 40, validation_pairs: 4, test_pairs: 4}}\n"
             "tokenizer: {kind: word, minimum_frequency: 1}\n"
             "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
             "feed_forward_size: 8}\n"
             "training: {max_steps: 100}\n");
  const RunOutcome outcome =
      run_recipe(directory_ / "copy.yaml", {"training.max_steps=2"}, directory_ / "run");
  EXPECT_EQ(outcome.training.steps, 2);

  const LoadedModel model = load_model(directory_ / "run");
  const std::vector<std::string> lines = {"", "3 4 5", "7"};
  const std::vector<std::string> translations = translate_lines(model, lines);
  ASSERT_EQ(translations.size(), lines.size());
  EXPECT_EQ(translations[0], "");
  LineTranslator translator({model.generator(), model.tokenizers, model.symbols}, model.decoding,
                            {});
  EXPECT_EQ(translations, translator.best_of(lines));
}

// Two scripts: a vocabulary for each side, of unlike sizes.
class TwoVocabularies : public Run {
 protected:
  TwoVocabularies() {
    std::string source, target;
    for (int i = 0; i < 60; ++i) {
      source += std::string(i % 2 ? "ba" : "ab") + " " + (i % 3 ? "bb" : "aa") + "\n";
      target += std::string(i % 2 ? "юя" : "яю") + " " + (i % 3 ? "щщ" : "жж") + " " +
                std::string(1, static_cast<char>('0' + i % 7)) + "\n";
    }
    write_file(directory_ / "train.source", source);
    write_file(directory_ / "train.target", target);
  }

  // A recipe with this tokenizer, and what else.
  void write_recipe(const std::string& tokenizer, const std::string& tied = "output",
                    const std::string& more = "") const {
    write_file(directory_ / "recipe.yaml",
               "task: translation\n"
               "data: {directory: " +
                   directory_.string() +
                   ", train: {source: [train.source], target: [train.target]}}\n"
                   "tokenizer: {" +
                   tokenizer +
                   ", joint: false}\n"
                   "model: {d_model: 8, encoder_layers: 1, decoder_layers: 1, heads: 2, "
                   "feed_forward_size: 8, tie_embeddings: " +
                   tied + "}\ntraining: {max_steps: 2}\n" + more);
  }
  RunOutcome train(const std::string& run) const {
    return run_recipe(directory_ / "recipe.yaml", {}, directory_ / run);
  }
};

TEST_F(TwoVocabularies, TrainTranslateAndAreTrainedOn) {
  for (const std::string tokenizer :
       {"kind: word, minimum_frequency: 1",
        "kind: sentencepiece-unigram, vocabulary_size: 24, hard_vocab_limit: false"}) {
    SCOPED_TRACE(tokenizer);
    write_recipe(tokenizer);
    fs::remove_all(directory_ / "run");
    EXPECT_EQ(train("run").training.steps, 2);
    const LoadedModel model = load_model(directory_ / "run");
    EXPECT_FALSE(model.tokenizers.joint);
    const Json config = parse_json(read_file(model.directory / "config.json"), "config.json");
    EXPECT_EQ(config.at("model_type"), "marian");
    EXPECT_EQ(config.at("share_encoder_decoder_embeddings"), false);
    EXPECT_NE(config.at("vocab_size"), config.at("decoder_vocab_size"));
    const std::vector<std::string> lines = {"ab bb", ""};
    EXPECT_EQ(translate_lines(model, lines).size(), 2u);
    // Trained further, with the tokenizers that it brings.
    write_recipe(tokenizer, "output", "init_from: " + (directory_ / "run").string() + "\n");
    fs::remove_all(directory_ / "further");
    EXPECT_EQ(train("further").training.steps, 2);
    EXPECT_FALSE(load_model(directory_ / "further").tokenizers.joint);
  }
}

TEST_F(TwoVocabularies, GivenModelsOfUnlikeSizesTrain) {
  TokenizerConfig config;
  config.kind = "sentencepiece-bpe";
  config.vocabulary_size = 12;
  write_file(directory_ / "a.spm",
             train_sentencepiece(config, std::vector<std::string>(20, "ab ba aa bb abba")));
  config.vocabulary_size = 18;
  write_file(
      directory_ / "b.spm",
      train_sentencepiece(config, std::vector<std::string>(20, "юя яю щщ жж яюя юяю 0 1 2")));
  write_recipe("kind: sentencepiece-bpe, source_model: " + (directory_ / "a.spm").string() +
               ", target_model: " + (directory_ / "b.spm").string());
  EXPECT_EQ(train("run").training.steps, 2);
  const LoadedModel model = load_model(directory_ / "run");
  EXPECT_NE(model.tokenizers.source->size(), model.tokenizers.target->size());
  EXPECT_EQ(translate_lines(model, std::vector<std::string>{"ab ba"}).size(), 1u);
}

// Whatever the sizes are: it is about being one vocabulary.
TEST_F(TwoVocabularies, ShareNoTable) {
  write_recipe("kind: sentencepiece-unigram, vocabulary_size: 24", "all");
  try {
    train("run");
    FAIL() << "trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("tie_embeddings: all"), std::string::npos)
        << error.what();
  }
  EXPECT_FALSE(fs::exists(directory_ / "run" / "best"));
}

// `decoding` of the recipe is the model's default, every key of it.
TEST_F(TwoVocabularies, LeaveTheirDecodingInTheModel) {
  write_recipe("kind: word, minimum_frequency: 1", "output",
               "decoding: {beam: 4, n_best: 2, length_penalty: 0.7, lookahead: 3, max_length: 33, "
               "max_length_ratio: 1.25, sample: true, temperature: 0.8, top_k: 6, top_p: 0.95, "
               "seed: 9, batch_sentences: 3}\n");
  train("run");
  const DecodingConfig decoding = load_model(directory_ / "run").decoding;
  EXPECT_EQ(decoding.beam, 4);
  EXPECT_EQ(decoding.n_best, 2);
  EXPECT_EQ(decoding.length_penalty, 0.7);
  EXPECT_EQ(decoding.lookahead, 3);
  EXPECT_EQ(decoding.max_length, 33);
  EXPECT_EQ(decoding.max_length_ratio, 1.25);
  EXPECT_TRUE(decoding.sample);
  EXPECT_EQ(decoding.temperature, 0.8);
  EXPECT_EQ(decoding.top_k, 6);
  EXPECT_EQ(decoding.top_p, 0.95);
  EXPECT_EQ(decoding.seed, 9);
  EXPECT_EQ(decoding.batch_sentences, 3);
}

// The pieces of a long line have best lists of their own lengths and scores.
TEST_F(TwoVocabularies, ListsOfLinesThatWereCutAreSorted) {
  write_recipe("kind: word, minimum_frequency: 1");
  train("run");
  const LoadedModel model = load_model(directory_ / "run");
  DecodingConfig config = model.decoding;
  config.beam = config.n_best = 6;
  config.max_length = 6;
  std::string line;
  for (int i = 0; i < 3000; ++i) {
    line += i % 3 ? "ab " : "bb ";
  }
  for (const double penalty : {1.0, -1.0}) {
    config.length_penalty = penalty;
    LineTranslator translator({model.generator(), model.tokenizers, model.symbols}, config, {});
    const auto found = translator.translate(std::vector<std::string>{line});
    ASSERT_GT(found[0].pieces, 1u);
    const auto& best = found[0].best;
    EXPECT_TRUE(std::is_sorted(best.begin(), best.end(),
                               [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

TEST_F(Run, LinesAreNotTranslatedByALanguageModel) {
  const auto tokenizer = std::make_shared<const ByteTokenizer>();
  const TokenizerPair tokenizers{tokenizer, tokenizer, true};
  LanguageModelConfig config;
  config.d_model = 8;
  config.layers = 1;
  config.heads = 2;
  config.feed_forward_size = 8;
  LanguageModel model(config, tokenizer->size());
  initialize_parameters(model, 1);
  save_model(model, tokenizers, symbols_for(tokenizers), {}, directory_ / "model");
  const LoadedModel loaded = load_model(directory_ / "model");
  const std::vector<std::string> lines = {"a"};
  try {
    translate_lines(loaded, lines);
    FAIL() << "translated";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("language_modelling"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace heed
