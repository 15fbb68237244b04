// Models that were damaged, or made to do harm: `heed info` and `heed translate` refuse them in one
// line or work, and never crash or take memory that the files cannot fill.
#include <csignal>
#include <cstdlib>

#include "heed/base/json.h"
#include "heed/base/random.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_can_be_limited = false;  // sanitizers reserve terabytes
#else
constexpr bool memory_can_be_limited = true;
#endif

// Trains one model for all tests of the suite.
class DamagedModel : public CommandTest {
 protected:
  static void SetUpTestSuite() {
    trained_ = fs::temp_directory_path() / ("heed_command_model_" + std::to_string(::getpid()));
    fs::remove_all(trained_);
    fs::create_directories(trained_);
    std::string text;
    for (const TextPair& pair : make_toy_pairs(ToyTask::copy, {.pair_count = 300}, 5)) {
      text += pair.source + "\t" + pair.target + "\n";
    }
    std::ofstream(trained_ / "train.tsv") << text;
    std::ofstream(trained_ / "recipe.yaml")
        << "task: translation\ndata: {train: {table: [" << (trained_ / "train.tsv").string()
        << "]}}\n"
           "tokenizer: {kind: sentencepiece-bpe, vocabulary_size: 60, hard_vocab_limit: false}\n"
           "model: {d_model: 16, encoder_layers: 1, decoder_layers: 1, heads: 2,\n"
           "        feed_forward_size: 32, max_length: 48}\n"
           "batches: {batch_tokens: 512}\n"
           "training: {max_steps: 4, validate_every: 2}\n";
    const CommandResult result = run_heed({"train", (trained_ / "recipe.yaml").string(), "--run",
                                           (trained_ / "run").string(), "--threads", "2"});
    ASSERT_EQ(result.exit_code, 0) << result.error;
  }
  static void TearDownTestSuite() { fs::remove_all(trained_); }

  // A copy of the model directory for this test to damage.
  void SetUp() override {
    ASSERT_TRUE(fs::exists(trained_ / "run" / "last"));
    fs::copy(fs::canonical(trained_ / "run" / "last"), directory_ / "model");
  }

  std::string model() const { return path("model"); }

  static CommandOptions limited(const std::string& input = {}) {
    CommandOptions options{.input = input};
    if (memory_can_be_limited) {
      options.memory_limit = std::uint64_t{4} << 30;
    }
    return options;
  }
  CommandResult info() const { return run_heed({"info", model()}, limited()); }
  CommandResult translate(const std::string& input) const {
    return run_heed({"translate", "--model", model(), "--threads", "2"}, limited(input));
  }

  // Whether it worked; if not, it failed in one line with a documented code.
  static bool works_or_refuses(const CommandResult& result) {
    EXPECT_EQ(result.signal, 0) << result.error;
    if (result.exit_code == 0) {
      return true;
    }
    EXPECT_TRUE(result.exit_code == 65 || result.exit_code == 74)
        << result.exit_code << ": " << result.error;
    EXPECT_EQ(error_lines(result.error).size(), 1u) << result.error;
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    return false;
  }

  static inline fs::path trained_;
};

TEST_F(DamagedModel, TheSoundOneWorks) {
  const CommandResult result = translate("1 2 3\n\n4 5\n");
  EXPECT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 3);
  EXPECT_EQ(info().exit_code, 0);
}

TEST_F(DamagedModel, OutputThatNobodyTakes) {
  CommandOptions options{.input = "1 2 3\n4 5\n"};
  options.output_path = "/dev/full";
  const CommandResult full = run_heed({"translate", "--model", model()}, options);
  EXPECT_EQ(full.exit_code, 74);
  EXPECT_EQ(full.error, "heed: cannot write to standard output: No space left on device\n");
  options.output_path.clear();
  options.broken_pipe = true;
  const CommandResult broken = run_heed({"translate", "--model", model()}, options);
  EXPECT_EQ(broken.signal, SIGPIPE);
  EXPECT_EQ(broken.error, "");
}

// One of: cut off, bits flipped, bytes replaced, a stretch removed, a stretch repeated.
std::string damaged(std::string content, Random& random) {
  const auto place = [&] { return random.below(content.size()); };
  switch (random.below(5)) {
    case 0:
      content.resize(place());
      break;
    case 1:
      for (std::uint64_t i = 0; i <= random.below(4); ++i) {
        content[place()] ^= static_cast<char>(1 << random.below(8));
      }
      break;
    case 2:
      for (std::uint64_t i = 0; i <= random.below(4); ++i) {
        content[place()] = static_cast<char>(random.below(256));
      }
      break;
    case 3:
      content.erase(place(), 1 + random.below(64));
      break;
    default: {
      const std::uint64_t from = place();
      content.insert(place(), content.substr(from, 1 + random.below(64)));
    }
  }
  return content;
}

class DamagedFile : public DamagedModel, public testing::WithParamInterface<const char*> {};

TEST_P(DamagedFile, IsRefusedOrWorks) {
  const std::string name = std::string("model/") + GetParam();
  const std::string sound = read_file(path(name));
  Random random(11);
  int refused = 0;
  const int rounds = std::getenv("HEED_LONG_TESTS") != nullptr ? 400 : 22;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    write(name, damaged(sound, random));
    refused += works_or_refuses(round % 2 == 0 ? info() : translate("1 2 3\nfoo\n")) ? 0 : 1;
  }
  EXPECT_GT(refused, 5);  // the damage is real

  fs::remove(path(name));
  if (name.ends_with("/tokenizer_config.json")) {
    EXPECT_EQ(info().exit_code, 0);  // with the other files there it has nothing to say
  } else {
    expect_failure(info(), 74, GetParam());
  }
  fs::create_directory(path(name));
  expect_failure(info(), 74, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedFile,
                         testing::Values("model.safetensors", "config.json", "vocab.json",
                                         "source.spm", "tokenizer_config.json"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

// Sizes in config.json that no file could fill, or that make sums overflow.
TEST_F(DamagedModel, HugeSizesAreRefusedBeforeMemoryIsTaken) {
  const Json sound = Json::parse(read_file(path("model/config.json")));
  const std::vector<std::pair<std::string, std::string>> keys = {
      {"d_model", "d_model"},
      {"encoder_layers", "encoder_layers"},
      {"decoder_layers", "decoder_layers"},
      {"encoder_ffn_dim", "feed_forward_size"},
      {"encoder_attention_heads", "heads"},
      {"max_position_embeddings", "max_length"},
      {"vocab_size", ""},
      {"decoder_vocab_size", ""}};
  for (const auto& [theirs, ours] : keys) {
    for (const std::int64_t value :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 20, std::int64_t{1} << 30,
          std::int64_t{0x7fffffff}, std::int64_t{1} << 40, std::int64_t{1} << 62}) {
      SCOPED_TRACE(theirs + " " + std::to_string(value));
      Json json = sound;
      json[theirs] = value;
      if (!ours.empty()) {
        json["heed"][ours] = value;
      }
      write("model/config.json", json.dump());
      const CommandResult result = info();
      // A longer longest sentence alone is no contradiction.
      if (theirs != "max_position_embeddings" || value < 1) {
        expect_failure(result, 65, "config.json");
      } else {
        works_or_refuses(result);
        if (result.exit_code == 0) {
          works_or_refuses(translate("1 2 3\n"));
        }
      }
    }
  }
}

TEST_F(DamagedModel, OtherKindsAreNamed) {
  Json json = Json::parse(read_file(path("model/config.json")));
  json["model_type"] = "opt";
  write("model/config.json", json.dump());
  expect_failure(info(), 65,
                 "model_type \"opt\": heed knows marian, t5, gpt2, llama, mistral, qwen2");
  expect_failure(run_heed({"info", path("nowhere")}), 74, "no such directory");
  expect_failure(run_heed({"info", directory_.string()}), 74, "neither a model directory");
  expect_failure(run_heed({"translate", "--model", path("nowhere")}), 74, "no such directory");
}

// A damaged checkpoint: the one before it serves, and the user is told.
TEST_F(DamagedModel, ResumePassesOverDamagedCheckpoints) {
  const fs::path run = directory_ / "run";
  fs::copy(trained_ / "run", run, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  const std::vector<std::string> resume = {"train",
                                           (trained_ / "recipe.yaml").string(),
                                           "--run",
                                           run.string(),
                                           "--resume",
                                           "--threads",
                                           "2",
                                           "--set",
                                           "training.max_steps=6",
                                           "--set",
                                           "training.keep_last=3"};
  ASSERT_EQ(run_heed(resume).exit_code, 0);
  const std::string sound = read_file(run / "last" / "model.safetensors");
  std::string content = sound;
  content[content.size() / 2] ^= 4;
  const fs::path newest = fs::canonical(run / "last");
  std::ofstream(newest / "model.safetensors", std::ios::binary) << content;

  const CommandResult result = run_heed(resume);
  EXPECT_EQ(result.exit_code, 0) << result.error;
  EXPECT_THAT(result.error, testing::HasSubstr("the file is damaged"));
  EXPECT_TRUE(read_file(run / "last" / "model.safetensors") == sound);

  for (const auto& entry : fs::directory_iterator(run)) {
    if (entry.is_directory() && entry.path().filename().string().starts_with("step-")) {
      std::ofstream(entry.path() / "state.json", std::ios::binary) << "{}";
    }
  }
  const auto before = snapshot(run);
  const CommandResult refused = run_heed(resume);
  EXPECT_EQ(refused.exit_code, 65) << refused.error;
  EXPECT_THAT(refused.error, testing::HasSubstr("no checkpoint is sound"));
  EXPECT_EQ(snapshot(run), before);
}

}  // namespace
}  // namespace heed
