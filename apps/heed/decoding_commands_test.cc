// heed translate, score and evaluate with a small random model of bytes.
#include <cmath>

#include "apps/heed/test_command_model.h"
#include "heed/base/json.h"
#include "heed/text/byte_tokenizer.h"

namespace heed::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

using DecodingCommands = CommandModelTest;

TEST_F(DecodingCommands, TranslateAnswersLineByLine) {
  const auto all = run({"translate", "--input", file("in", "one\n\n  \ntwo\r\nthree")});
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_EQ(all[1], "");
  EXPECT_EQ(run({"translate", "--input", file("two", "two\n"), "--batch", "1"}),
            std::vector{all[3]});
  EXPECT_EQ(messages(), "");
}

TEST_F(DecodingCommands, TranslatePrintsScoresListsAndJson) {
  const std::string input = file("in", "one\n\ntwo\n");
  const auto list =
      run({"translate", "--input", input, "--n-best", "5"});  // the beam grows with it
  ASSERT_THAT(list, SizeIs(11));
  EXPECT_THAT(list[0], testing::StartsWith("0 ||| "));
  EXPECT_THAT(list[5], "1 |||  ||| 0.0000");
  EXPECT_THAT(list[10], testing::StartsWith("2 ||| "));
  EXPECT_THAT(run({"translate", "--input", input, "--scores"})[1], "0.0000\t");
  const auto objects = run({"translate", "--input", input, "--json", "--n-best", "2"});
  ASSERT_THAT(objects, SizeIs(3));
  const Json json = Json::parse(objects[2]);
  EXPECT_EQ(json["line"], 3);
  EXPECT_EQ(json["source"], "two");
  ASSERT_EQ(json["translations"].size(), 2u);
  const Json& best = json["translations"][0];
  EXPECT_GE(best["score"], json["translations"][1]["score"]);
  EXPECT_NEAR(best["score"].get<double>(),
              best["log_probability"].get<double>() / best["tokens"].get<int>(), 1e-12);
}

TEST_F(DecodingCommands, TranslateCutsLinesThatAreTooLong) {
  const auto whole =
      run({"translate", "--input", file("in", "A short one. And another. End of it all.\nx\n")});
  EXPECT_THAT(messages(), HasSubstr("line 1 is longer than the 20 tokens that the model takes"));
  const auto parts =
      run({"translate", "--input", file("parts", "A short one.\nAnd another.\nEnd of it all.\n")});
  ASSERT_THAT(whole, SizeIs(2));
  EXPECT_EQ(whole[0], parts[0] + " " + parts[1] + " " + parts[2]);
}

TEST_F(DecodingCommands, TranslateSamplesTheSameWithTheSameSeed) {
  const std::string input = file("in", "same\nsame\nsame\n");
  const auto sample = [&](const std::string& seed, const std::string& batch) {
    return run({"translate", "--input", input, "--sample", "--seed", seed, "--batch", batch});
  };
  const auto drawn = sample("3", "64");
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(sample("3", "1"), drawn);
  EXPECT_NE(sample("4", "64"), drawn);
}

TEST_F(DecodingCommands, TranslateAnswersWhatStandsBeforeADamagedLine) {
  EXPECT_THAT(run({"translate", "--input", file("in", "one\ntwo\nth\xFFree\nfour\n")}), SizeIs(2));
  EXPECT_THAT(messages(), HasSubstr("in:3: invalid UTF-8"));
}

TEST_F(DecodingCommands, ScoreAgreesWithTranslate) {
  // Endings are rare in a random model: a negative penalty prefers them.
  const auto found = run({"translate", "--input", file("in", "one\n"), "--json", "--beam", "300",
                          "--n-best", "300", "--length-penalty", "-2"});
  const std::string source = file("source", "one\n");
  int compared = 0;
  const Json translations = Json::parse(found.at(0))["translations"];
  for (const Json& translation : translations) {
    const auto text = translation["text"].get<std::string>();
    const auto tokens = static_cast<std::size_t>(translation["tokens"].get<int>());
    if (ByteTokenizer().encode(text).size() + 1 != tokens || tokens == 10) {
      continue;  // has no end symbol, or bytes that are no text
    }
    const double expected = translation["log_probability"];
    const std::string target = file("target", text + "\n");
    EXPECT_NEAR(std::stod(run({"score", "-s", source, "-t", target}).at(0)), expected, 1e-4);
    EXPECT_NEAR(std::stod(run({"score", "-s", source, "-t", target, "--normalize"}).at(0)),
                expected / static_cast<double>(tokens), 1e-4);
    const Json json = Json::parse(run({"score", "-s", source, "-t", target, "--json"}).at(0));
    EXPECT_EQ(json["tokens"], tokens);
    compared += 1;
    if (compared == 3) {
      break;
    }
  }
  EXPECT_GE(compared, 1);
}

TEST_F(DecodingCommands, ScoreRefusesWhatDoesNotFit) {
  const std::string two = file("two", "one\ntwo\n");
  run({"score", "-s", two, "-t", file("one", "one\n")});
  EXPECT_THAT(messages(), HasSubstr("two: 2 lines, but "));
  EXPECT_THAT(messages(), HasSubstr("one has 1;"));
  const std::string target = file("long", "one\n" + std::string(20, 'x') + "\n");
  const auto scores = run({"score", "-s", two, "-t", target});
  EXPECT_THAT(messages(), HasSubstr("pair 2: its target has 21 tokens"));
  EXPECT_EQ(scores.size(), 1u);  // of the pair before
}

TEST_F(DecodingCommands, ScoreReadsPairsOfATable) {
  const std::string table = file("table", "one\ttwo\nthree\tfour\n");
  const auto scores = run({"score", "--input", table});
  EXPECT_EQ(scores,
            run({"score", "-s", file("en", "one\nthree\n"), "-t", file("de", "two\nfour\n")}));
  EXPECT_EQ(scores.size(), 2u);
  run({"score", "--input", table, "-s", table, "-t", table});
  EXPECT_THAT(messages(), HasSubstr("excludes"));
}

TEST_F(DecodingCommands, EvaluateMeasuresWhatItWrites) {
  const std::string source = file("source", "one two\nthree\n");
  const std::string output = (directory() / "out").string();
  const std::string reference = file("reference", "eins zwei\ndrei\n");
  const auto lines =
      run({"evaluate", "--source", source, "--reference", reference, "--output", output});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("BLEU|nrefs:1|case:mixed"), HasSubstr("chrF2|")));
  EXPECT_THAT(messages(), MatchesRegex("2 sentences, [0-9]+ tokens in .*tokens/s.*\n"));
  const auto translated = run({"translate", "--input", source});
  EXPECT_EQ(read_file(output), translated[0] + "\n" + translated[1] + "\n");
  // Against itself, lower-cased: all matches.
  const auto perfect = run({"evaluate", "--source", source, "--reference", output, "--lowercase",
                            "--tokenize", "char", "--metrics", "bleu"});
  EXPECT_THAT(perfect, ElementsAre(HasSubstr("case:lc|eff:no|tok:char")));
  run({"evaluate", "--source", source, "--reference", file("short", "eins\n")});
  EXPECT_THAT(messages(), HasSubstr("source: 2 lines, but "));
}

}  // namespace
}  // namespace heed::app
