// heed classify, tag and answer with small random encoders of bytes.
#include <gtest/gtest.h>

#include "apps/heed/test_command_model.h"
#include "heed/base/json.h"
#include "heed/models/headed_encoder.h"

namespace heed::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class ReadingCommands : public CommandModelTest {
 protected:
  static void SetUpTestSuite() {
    CommandModelTest::SetUpTestSuite();
    save("classifier", {.kind = "sequence", .labels = {"no", "yes", "perhaps"}, .pooling = "mean"});
    save("numbers", {.kind = "sequence", .problem = "regression", .labels = {"score"}});
    save("answerer", {.kind = "question", .labels = {}});
    save("tagger", {.kind = "token", .labels = {"O", "B-place", "I-place"}});
  }
  static void save(const std::string& name, const HeadConfig& head) {
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    TextEncoderConfig encoder;
    encoder.d_model = 16;
    encoder.layers = 1;
    encoder.heads = 2;
    encoder.feed_forward_size = 24;
    encoder.max_length = 20;
    HeadedEncoder model(config_under(encoder, head), tokenizer->size());
    initialize_parameters(model, 5);
    save_model(model, {tokenizer, tokenizer, true}, encoder_symbols_for(*tokenizer), {},
               directory() / name);
  }
  static std::vector<std::string> ask(const std::string& command, const std::string& name,
                                      const std::string& input,
                                      std::vector<std::string> more = {}) {
    std::vector<std::string> words = {command, "--model", (directory() / name).string(), "--input",
                                      file("in", input)};
    words.insert(words.end(), more.begin(), more.end());
    return run_line(words);
  }
};

TEST_F(ReadingCommands, ClassifyTellsLabelAndProbability) {
  const std::string text = "one\n\na text of more than twenty bytes\n";
  const auto lines = ask("classify", "classifier", text);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], testing::MatchesRegex("(no|yes|perhaps)\t0\\.[0-9]{4}"));
  EXPECT_THAT(ask("classify", "classifier", "one\n"), ElementsAre(lines[0]));
  const auto all = ask("classify", "classifier", text, {"--probabilities"});
  EXPECT_THAT(all[0], StartsWith(lines[0] + "\t"));
  const Json json = Json::parse(ask("classify", "classifier", text, {"--json"})[0]);
  EXPECT_EQ(json.at("text"), "one");
  EXPECT_THAT(lines[0], StartsWith(json.at("label").get<std::string>() + "\t"));
  EXPECT_EQ(json.at("probabilities").size(), 3u);
  const auto flat = ask("classify", "classifier", "one\n", {"--temperature", "1000000"});
  EXPECT_THAT(flat[0], testing::EndsWith("0.3333"));
  EXPECT_THAT(ask("classify", "numbers", "one\n"), SizeIs(1));
}

TEST_F(ReadingCommands, ClassifyTakesPairs) {
  EXPECT_THAT(ask("classify", "classifier", "a\tb\nc\td\n", {"--pairs"}), SizeIs(2));
  EXPECT_THAT(ask("classify", "classifier", "a\tb\nc\n", {"--pairs"}), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("in:2: no tab"));
}

TEST_F(ReadingCommands, TagTellsTheTagOfEachWord) {
  const auto lines = ask("tag", "tagger", "Anna  lives\n\n");
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0],
              testing::MatchesRegex("Anna/(O|B-place|I-place) lives/(O|B-place|I-place)"));
  EXPECT_EQ(lines[1], "");
  const auto columns = ask("tag", "tagger", "Anna\tO\nlives\tO\n\t\nx\tO\n", {"--columns"});
  ASSERT_THAT(columns, SizeIs(5));
  EXPECT_THAT(columns[0], StartsWith("Anna\t"));
  EXPECT_EQ(columns[2], "");
  EXPECT_THAT(columns[3], StartsWith("x\t"));
  const Json json = Json::parse(ask("tag", "tagger", "Anna lives\n", {"--json"})[0]);
  EXPECT_EQ(json.at("tags").size(), 2u);
}

TEST_F(ReadingCommands, AnswerNamesWhatItCannotRead) {
  EXPECT_THAT(ask("answer", "answerer", "a?\n", {"--context", file("bad", "ab\xff\n")}), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("bad: invalid UTF-8 at byte 2"));
  EXPECT_THAT(ask("answer", "answerer", "a?\n", {"--context", file("none", "")}), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("none: no text"));
  EXPECT_THAT(ask("answer", "answerer", "a?\tb\nc?\n", {"--max-tokens", "20"}), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("in:2: no tab"));
}

TEST_F(ReadingCommands, AModelForAnotherTaskIsRefused) {
  EXPECT_THAT(ask("classify", "tagger", "a\n"), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("`heed classify` needs a classifier of texts; `heed tag"));
  EXPECT_THAT(ask("answer", "classifier", "a\tb\n"), SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("`heed classify --model"));
  EXPECT_THAT(
      ask("classify", "classifier", "a\n", {"--adapter", (directory() / "tagger").string()}),
      SizeIs(0));
  EXPECT_THAT(messages(), HasSubstr("has no adapters"));
}

}  // namespace
}  // namespace heed::app
