// heed train and heed compare with a language model: from a file of text to bits per character.
#include <cmath>

#include "heed/base/json.h"
#include "tests/command_fixture.h"

namespace heed {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// "bits per character: 1.234, loss: 0.8553".
struct TextScore {
  double bits = 0, loss = 0;
};
TextScore score_of(const std::string& output) {
  TextScore score;
  EXPECT_EQ(
      std::sscanf(output.c_str(), "bits per character: %lf, loss: %lf\n", &score.bits, &score.loss),
      2)
      << output;
  return score;
}

class LanguageModelCommands : public CommandTest {
 protected:
  CommandResult train(const std::string& run, const std::vector<std::string>& more = {}) const {
    return run_heed(train_arguments(recipe_, path(run), more));
  }

  std::string recipe_ = write_text_recipe();
};

TEST_F(LanguageModelCommands, LearnATextAndMeasureIt) {
  const CommandResult result = train("run", {"--set", "training.max_steps=300"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const TextScore score = score_of(result.output);
  // A character of such a line costs about half a bit to who knows the lines, 8 to a guesser.
  EXPECT_LT(score.bits, 2);
  EXPECT_GT(score.bits, 0.1);
  EXPECT_NEAR(score.bits, score.loss / std::log(2.0), 0.002);  // the text is ASCII
  EXPECT_THAT(result.error, HasSubstr("training: "));
  EXPECT_THAT(result.error, HasSubstr("training: 4,320 tokens of 4,320 characters"));
  EXPECT_THAT(read_file(directory_ / "run" / "report.html"), HasSubstr("Validation perplexity"));
  // What was measured comes from the model that was saved: trained no further, it measures the
  // same.
  const CommandResult again = train("run", {"--set", "training.max_steps=300", "--resume"});
  EXPECT_EQ(again.output, result.output) << again.error;
}

// What a run reports at its end is what heed evaluate finds, with its window and stride.
TEST_F(LanguageModelCommands, AreEvaluatedOnAText) {
  const CommandResult trained = train("run", {"--set", "data.validation_stride=4"});
  ASSERT_EQ(trained.exit_code, 0) << trained.error;
  const std::string text = read_file(path("text.txt"));
  const std::string test = write("test.txt", text.substr(text.size() - text.size() / 10));
  const auto evaluate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"evaluate", "--model", path("run"), "--text"});
    return run_heed(more);
  };
  const CommandResult lines = evaluate({test, "--window", "12", "--stride", "4"});
  const TextScore score = score_of(trained.output);
  EXPECT_THAT(lines.output, HasSubstr(fmt::format("loss: {:.4f} nats", score.loss)));
  EXPECT_THAT(lines.output, HasSubstr(fmt::format("bits per character: {:.3f}\n", score.bits)));
  const CommandResult given = evaluate({test, "--window", "12", "--stride", "4", "--json"});
  const Json json = Json::parse(given.output);
  const Json results = Json::parse(read_file(directory_ / "run" / "results.json"));
  EXPECT_EQ(json["loss"], results["measures"]["loss"]["value"]);
  EXPECT_EQ(json["word_perplexity"], results["measures"]["word_perplexity"]["value"]);
  EXPECT_EQ(json["tokens"], 539);
  // By default as long as the model takes, with half of that in common.
  const Json usual = Json::parse(evaluate({test, "--json"}).output);
  EXPECT_EQ(usual["window"], 32);
  EXPECT_EQ(usual["stride"], 16);
  const Json again = Json::parse(evaluate({test, "--json", "--threads", "1"}).output);
  EXPECT_EQ(again, usual);
  expect_failure(evaluate({test, "--stride", "0"}), 2, "stride: must be 1 … 32");
  expect_failure(evaluate({test, "--stride", "33"}), 2, "got 33");
  expect_failure(evaluate({test, "--window", "33"}), 2, "the model takes 32 at most");
  expect_failure(evaluate({write("empty", "")}), 65, "empty: no text");
  expect_failure(evaluate({write("one", "a")}), 65, "one: a text of 1 tokens");
  expect_failure(evaluate({write("latin", "na\xEFve")}), 65, "latin: invalid UTF-8 at byte 2");
  expect_failure(evaluate({write("a.gz", "text")}), 65, "a.gz: is named .gz");
  expect_failure(evaluate({write("a.jsonl", "{\"a\": 1}\n"), "--documents", "json"}), 65,
                 "a.jsonl:1: no key 'text'");
  expect_failure(evaluate({path("missing")}), 74, "missing");
}

// A thorough validation goes on with a text.
TEST_F(LanguageModelCommands, WriteSamplesWhileTheyLearn) {
  const std::vector<std::string> settings = {"--set", "data.sample_prompts=[\"Line 1\", \"ends\"]",
                                             "--set", "data.sample_tokens=9",
                                             "--set", "training.thorough_every=2"};
  const CommandResult trained = train("run", settings);
  ASSERT_EQ(trained.exit_code, 0) << trained.error;
  EXPECT_FALSE(fs::exists(directory_ / "run" / "validation" / "step-20.txt"));
  const std::string text = read_file(directory_ / "run" / "validation" / "step-40.txt");
  EXPECT_TRUE(text.starts_with("Line 1"));
  EXPECT_THAT(text, HasSubstr("\n---\nends"));
  EXPECT_THAT(read_file(directory_ / "run" / "report.html"), HasSubstr("What the model writes"));
  expect_failure(train("long", {"--set", "data.sample_prompts=[" + std::string(32, 'a') + "]"}), 2,
                 "has 32 tokens, the model takes 32 with what it writes");
  ASSERT_EQ(train("again", settings).exit_code, 0);
  EXPECT_EQ(read_file(directory_ / "again" / "validation" / "step-40.txt"), text);
}

// Lines are documents: words and SentencePiece learn from them, and </s> stands for the line break.
TEST_F(LanguageModelCommands, LearnLines) {
  for (const std::string kind : {"word", "sentencepiece-bpe"}) {
    const CommandResult trained =
        train(kind, {"--set", "tokenizer.kind=" + kind, "--set", "tokenizer.vocabulary_size=30",
                     "--set", "data.documents=line", "--set",
                     kind == "word" ? "data.document_mask=true" : "data.document_mask=false"});
    ASSERT_EQ(trained.exit_code, 0) << trained.error;
    const CommandResult found = run_heed({"evaluate", "--model", path(kind), "--text",
                                          path("text.txt"), "--documents", "line", "--json"});
    ASSERT_EQ(found.exit_code, 0) << found.error;
    const Json json = Json::parse(found.output);
    EXPECT_EQ(json["words"], 300 * 5 + 600);
    EXPECT_LT(json["loss"], 3);
    expect_failure(run_heed({"evaluate", "--model", path(kind), "--text", path("text.txt")}), 2,
                   "takes text line by line");
  }
}

TEST_F(LanguageModelCommands, InfoDescribesTheModel) {
  const CommandResult trained = train("run");
  ASSERT_EQ(trained.exit_code, 0);
  const CommandResult info = run_heed({"info", path("run"), "--json", "--tensors"});
  ASSERT_EQ(info.exit_code, 0) << info.error;
  const Json json = Json::parse(info.output);
  EXPECT_EQ(json["kind"], "language_model");
  EXPECT_EQ(json["vocabulary"], 259);
  EXPECT_EQ(json["model"]["layers"], 1);
  EXPECT_EQ(json["tensors"]["lm_head.bias"], "[259]");
  // And what it was tested at, as the run printed it.
  EXPECT_EQ(json["results"]["line"].get<std::string>() + "\n", trained.output);
  EXPECT_NEAR(json["results"]["measures"]["bits_per_character"]["value"].get<double>(),
              score_of(trained.output).bits, 0.0005);
}

TEST_F(LanguageModelCommands, WriteWhatTheyLearned) {
  const CommandResult trained =
      train("run", {"--set", "training.max_steps=600", "--set", "model.d_model=32"});
  ASSERT_EQ(trained.exit_code, 0) << trained.error;
  const std::vector<std::string> greedy = {"generate", "--model",      path("run"), "--temperature",
                                           "0",        "--max-tokens", "4"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), greedy.begin(), greedy.end());
    return more;
  };
  const CommandResult text = run_heed(with({"--prompt", "of 2\nen"}));
  EXPECT_EQ(text.output, "ds.\n\n") << text.error;
  const CommandResult stopped = run_heed(with({"--prompt", "of 2\nen", "--stop", "\n", "--json"}));
  const Json json = Json::parse(stopped.output);
  EXPECT_EQ(json["texts"][0]["text"], "ds.");
  EXPECT_EQ(json["texts"][0]["end"], "stop");
  // Prompts of a file, each as by itself.
  CommandOptions lines;
  lines.input = "Line 1 of \nends";
  const CommandResult several = run_heed(with({}), lines);
  const CommandResult first = run_heed(with({"--prompt", "Line 1 of "}));
  const CommandResult second = run_heed(with({"--prompt", "ends"}));
  EXPECT_EQ(several.output, first.output + "---\n" + second.output) << several.error;
  expect_failure(run_heed(with({"--prompt", std::string(40, 'a')})), 2, "has 40 tokens");
  EXPECT_THAT(run_heed(with({"--prompt", std::string(30, 'a')})).error,
              HasSubstr("where it is as long as the model takes with its prompt"));
  const CommandResult slid =
      run_heed(with({"--prompt", std::string(40, 'a'), "--context-end", "slide"}));
  EXPECT_EQ(slid.exit_code, 0) << slid.error;
  EXPECT_EQ(slid.error, "");
}

TEST_F(LanguageModelCommands, AModelIsWhereTrainingStarts) {
  const CommandResult first = train("first", {"--set", "training.max_steps=100"});
  const std::vector<std::string> from_first = {"--init-from", path("first"),
                                               "--set",       "training.max_steps=1",
                                               "--set",       "schedule.learning_rate=1.0e-9"};
  const CommandResult second = train("second", from_first);
  ASSERT_EQ(second.exit_code, 0) << second.error;
  EXPECT_NEAR(score_of(second.output).bits, score_of(first.output).bits, 0.002);
  std::vector<std::string> wider = from_first;
  wider.insert(wider.end(), {"--set", "model.feed_forward_size=64"});
  expect_failure(train("third", wider), 2, "its model.feed_forward_size is 32");
}

TEST_F(LanguageModelCommands, CommandsForTranslatorsSayWhatTheyNeed) {
  ASSERT_EQ(train("run").exit_code, 0);
  const auto what = [&](const std::string& command, const std::string& hint) {
    return "this is a language model; `heed " + command + "` needs a translator" + hint;
  };
  const std::string line = write("line", "a\n");
  const std::string run = path("run");
  const std::string generate = "; `heed generate --model " + run + "` runs this one";
  const std::string text = ", or --text for this one";
  expect_failure(run_heed({"translate", "--model", run}), 2, what("translate", generate));
  expect_failure(run_heed({"evaluate", "--model", run, "-s", line, "-r", line}), 2,
                 what("evaluate", text));
  expect_failure(run_heed({"score", "--model", run, "-s", line, "-t", line}), 2,
                 what("score", generate));
  expect_failure(run_heed({"attend", "--model", run, "a", "-o", path("a.html")}), 2,
                 what("attend", ", or --prompt for this one"));
  expect_failure(run_heed({"heads", "--model", run, "-s", line, "-r", line}), 2,
                 what("heads", text));
}

TEST_F(LanguageModelCommands, RecipesThatMakeNoSenseAreRefused) {
  const auto refused = [&](const std::vector<std::string>& settings, const std::string& what) {
    std::vector<std::string> more;
    for (const std::string& setting : settings) {
      more.insert(more.end(), {"--set", setting});
    }
    expect_failure(train("run", more), 2, what);
    EXPECT_FALSE(fs::exists(directory_ / "run"));
  };
  refused({"task=translation"}, "is a key of the task language_modelling, not of translation");
  refused({"task=divination"},
          "task 'divination' is unknown; known are translation, language_model");
  refused({"data.toy.kind=copy"}, "data.toy: is a key of the task translation");
  refused({"decoding.beam=2"}, "decoding: is a key of the task translation");
  refused({"tokenizer.kind=word"}, "tokenizer.kind word: takes text line by line");
  refused({"training.best_by=bleu"}, "training.best_by 'bleu': validation measures loss");
  refused({"data.window=33"}, "33 tokens, but model.max_length is 32");
  refused({"model.attention.topology=prefix"}, "have no prefix");
  refused({"model.position.kind=rotary", "model.position.cross=true"}, "no cross-attention");
  expect_failure(train("run", {"--set", "data.train=[missing.txt]"}), 74, "missing.txt");
}

TEST_F(LanguageModelCommands, AreComparedByLength) {
  const std::vector<std::string> arguments = {"compare",   recipe_,
                                              "--run",     path("run"),
                                              "--threads", "2",
                                              "--seeds",   "2",
                                              "--vary",    "position.kind=none,learned",
                                              "--lengths", "0.5x,1x,2x",
                                              "--set",     "training.max_steps=200"};
  const CommandResult result = run_heed(arguments);
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_THAT(result.output, HasSubstr("bits per character"));
  EXPECT_THAT(result.output, HasSubstr("24 (2x)"));
  EXPECT_THAT(read_file(directory_ / "run" / "comparison.html"),
              HasSubstr("Bits per character, by length"));
  const Json json = Json::parse(read_file(directory_ / "run" / "comparison.json"));
  const Json& group = json["groups"][0];
  EXPECT_EQ(group["training_length"], 12);
  ASSERT_EQ(group["lengths"].size(), 3u);
  EXPECT_EQ(group["lengths"][2]["beyond_training"], true);
  for (const Json& variant : group["variants"]) {
    // The windows of 1x are the test set, and its loss is that of the same numbers.
    const Json& bits = variant["bits_per_character"]["by_seed"];
    EXPECT_EQ(variant["by_length"][1]["bits_per_character"]["by_seed"], bits);
    EXPECT_NEAR(variant["loss"]["by_seed"][0].get<double>() / std::log(2.0), bits[0].get<double>(),
                1e-5);
    // Half the context costs bits.
    EXPECT_GT(variant["by_length"][0]["bits_per_character"]["mean"],
              variant["bits_per_character"]["mean"]);
  }
  // All lengths predict the same characters.
  std::vector<std::int64_t> characters;
  const Json measures =
      Json::parse(read_file(directory_ / "run" / "none" / "seed-1" / "measures.json"));
  ASSERT_EQ(measures["sets"].size(), 3u);  // the test set serves as 1x
  for (const Json& set : measures["sets"]) {
    characters.push_back(0);
    for (const Json& row : set["sentences"]) {
      characters.back() += row[1].get<std::int64_t>();
    }
  }
  EXPECT_EQ(characters[0] % 24, 0);
  EXPECT_GT(characters[0], 0);
  EXPECT_THAT(characters, testing::Each(characters[0]));
  // Done already, nothing is trained again.
  std::vector<std::string> resumed = arguments;
  resumed.emplace_back("--resume");
  const CommandResult again = run_heed(resumed);
  ASSERT_EQ(again.exit_code, 0) << again.error;
  EXPECT_EQ(again.output, result.output);
  EXPECT_THAT(again.error, testing::Not(HasSubstr("run 1 of")));
}

TEST_F(LanguageModelCommands, LengthsThatCannotBeTestedAreRefused) {
  const auto compare = [&](const std::string& lengths) {
    return run_heed({"compare", recipe_, "--run", path("run"), "--vary", "norm=pre,post",
                     "--lengths", lengths});
  };
  expect_failure(compare("1x,3x"), 2, "length 3x is 36 tokens, but model.max_length is 32");
  expect_failure(compare("1x,1.083x,1.25x,1.416x,1.583x,1.75x,1.917x"), 2,
                 "take lengths with common factors");
}

}  // namespace
}  // namespace heed
