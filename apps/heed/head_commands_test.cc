// heed attend and heads with a small random model of bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/heed/attention_trace.h"
#include "apps/heed/command_line.h"
#include "apps/heed/head_worth.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/numpy.h"
#include "heed/models/head_pruning.h"
#include "heed/models/language_model.h"
#include "heed/nn/generator_loss.h"
#include "heed/text/byte_tokenizer.h"

namespace heed::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Outcome {
  int code = 0;  // the exit code, or that of the error
  std::string output, message;
};

class HeadCommands : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
    directory() = fs::temp_directory_path() / ("heed-heads-" + std::to_string(::getpid()));
    fs::create_directories(directory());
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    TranslatorConfig config;
    config.d_model = 24;
    config.encoder_layers = 2;
    config.decoder_layers = 2;
    config.heads = 3;
    config.feed_forward_size = 24;
    config.max_length = 20;
    const int size = tokenizer->size();
    Translator model(config, {size, size, symbols_for(tokenizers)});
    initialize_parameters(model, 5);
    for (const NamedTensor& item : stored_tensors_of(model)) {
      if (item.name == "model.encoder.layers.1.self_attn.out_proj.weight") {
        item.tensor.columns(8, 16).fill(0);  // its second head says nothing
      }
    }
    DecodingConfig decoding;
    decoding.beam = 2;
    decoding.max_length = 8;
    save_model(model, tokenizers, symbols_for(tokenizers), decoding, path("model"));
    write_file(path("source"), "one\ntwo\n three words here\n");
    write_file(path("reference"), "eins\nzwei\ndrei\n");
  }
  static void TearDownTestSuite() { fs::remove_all(directory()); }

  static fs::path& directory() {
    static fs::path path;
    return path;
  }
  static std::string path(const std::string& name) { return (directory() / name).string(); }

  static Outcome run(std::vector<std::string> words, const std::string& model = "model") {
    words.insert(words.begin(), "heed");
    words.insert(words.end(), {"--model", path(model), "--threads", "2"});
    std::vector<const char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(word.c_str());
    }
    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      outcome.code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    } catch (const Error& error) {
      outcome.code = exit_code(error.kind());
      outcome.message = error.what();
    }
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.message += testing::internal::GetCapturedStderr();
    return outcome;
  }
  static Outcome attend(const std::string& out, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"attend", "abc", "--target", "xy", "--output", path(out)};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  static Outcome heads(std::vector<std::string> more, const std::string& model = "model") {
    std::vector<std::string> words = {"heads", "--source", path("source"), "--reference",
                                      path("reference")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, model);
  }
};

TEST_F(HeadCommands, TheViewIsTheTrace) {
  const LoadedModel translator = load_model(path("model"));
  const AttentionView view = trace_attention(translator, "abc", "xy", {}, MatmulPrecision::float32);
  ASSERT_EQ(view.stacks.size(), 3u);
  EXPECT_THAT(view.stacks[0].row_labels, ElementsAre("a", "b", "c", "</s>"));
  EXPECT_THAT(view.stacks[1].row_labels, ElementsAre("x", "y", "</s>"));
  EXPECT_THAT(view.stacks[1].column_labels, ElementsAre("(start)", "x", "y"));
  EXPECT_EQ(view.stacks[2].cells(), 3u * 4);
  for (const AttentionStack& stack : view.stacks) {
    ASSERT_EQ(stack.layers.size(), 2u);
    const std::size_t columns = stack.column_labels.size();
    for (const AttentionLayer& layer : stack.layers) {
      EXPECT_THAT(layer.heads, ElementsAre(1, 2, 3));
      ASSERT_EQ(layer.weights.size(), 3 * stack.cells());
      for (std::size_t row = 0; row < layer.weights.size() / columns; ++row) {
        double sum = 0;
        for (std::size_t j = 0; j < columns; ++j) {
          sum += layer.weights[row * columns + j];
        }
        EXPECT_NEAR(sum, 1, 1e-5);
      }
    }
  }
  // Tracing leaves the result as it is, bit for bit.
  const std::vector<std::int32_t> ids = {70, 71, 0};
  const auto tensor = Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(ids), {3});
  const std::vector<std::int32_t> lengths = {3};
  const Inputs inputs{.ids = tensor, .rows = make_sequences(lengths)};
  const Prompts prompts{.source = inputs, .begun = inputs};
  AttentionTrace trace;
  ForwardContext plain, traced;
  traced.trace = &trace;
  EXPECT_EQ(sequence_log_probabilities(translator.as<Translator>(), prompts, tensor, plain),
            sequence_log_probabilities(translator.as<Translator>(), prompts, tensor, traced));
  EXPECT_EQ(trace.entries.size(), 6u);
}

TEST_F(HeadCommands, AttendWritesEveryForm) {
  for (const char* name : {"a.html", "a.svg", "a.png", "a.json", "a.npy"}) {
    const Outcome outcome = attend(name);
    EXPECT_EQ(outcome.code, 0) << outcome.message;
    EXPECT_EQ(outcome.output, "xy\n");
    const std::string first = read_file(path(name));
    attend(name);
    EXPECT_EQ(read_file(path(name)), first) << name;
  }
  EXPECT_THAT(read_file(path("a.html")), StartsWith("<!doctype html>"));
  EXPECT_THAT(read_file(path("a.svg")), HasSubstr("layer 2, mean of heads"));
  EXPECT_THAT(read_file(path("a.png")), StartsWith("\x89PNG"));
  const Json json = parse_json(read_file(path("a.json")), "a.json");
  EXPECT_EQ(json["attention"][2]["keys"].dump(), R"(["a","b","c","</s>"])");
  const Tensor array = read_npy(path("a.npy"));
  EXPECT_EQ(array.shape(), (Shape{2, 3, 3, 4}));
  const Json& cross = json["attention"][2]["layers"];
  EXPECT_EQ(cross[1]["heads"][2]["weights"][0][3].get<float>(),
            array.values<float>()[(1 * 3 + 2) * 12 + 3]);
}

TEST_F(HeadCommands, AttendShowsWhatIsChosen) {
  EXPECT_EQ(attend("b.npy", {"--kind", "encoder", "--layer", "1", "--head", "rollout"}).code, 0);
  EXPECT_EQ(read_npy(path("b.npy")).shape(), (Shape{1, 1, 4, 4}));
  attend("b.svg", {"--kind", "decoder", "--layer", "1", "--head", "3", "--theme", "dark"});
  EXPECT_THAT(read_file(path("b.svg")), HasSubstr("decoder self-attention · layer 1, head 3"));
  EXPECT_EQ(attend("b.png", {"--overview"}).code, 0);
  attend("c.svg", {"--overview"});
  EXPECT_THAT(read_file(path("c.svg")), HasSubstr("data:image/png;base64,"));
  EXPECT_EQ(run({"attend", "abc", "--beam", "1", "--output", path("b.json")}).message, "");
}

TEST_F(HeadCommands, AttendRefusesWithoutWriting) {
  const auto refused = [&](const std::string& out, std::vector<std::string> more, int code,
                           const std::string& message) {
    const Outcome outcome = attend(out, std::move(more));
    EXPECT_EQ(outcome.code, code);
    EXPECT_THAT(outcome.message, HasSubstr(message));
    EXPECT_FALSE(fs::exists(path(out)));
  };
  refused("d.txt", {}, 2, "its end says what to write");
  refused("d.svg", {"--layer", "3"}, 2, "has no layer 3, only 1 to 2");
  refused("d.npy", {"--layer", "0"}, 2, "has no layer 0");
  refused("d.html", {"--head", "4"}, 2, "layer 2 has no head 4, only 1, 2, 3");
  refused("d.png", {"--head", "rollout"}, 2, "a rollout is for self-attention");
  refused("d.json", {"--head", "some"}, 2, "--head some");
  refused("missing/d.html", {}, 74, "missing");
  const Outcome long_one =
      run({"attend", "abc", "--target", std::string(40, 'x'), "--output", path("d.html")});
  EXPECT_EQ(long_one.code, 65);
  EXPECT_THAT(long_one.message, HasSubstr("the translation has 41 tokens"));
  const Outcome empty = run({"attend", " ", "--target", "", "--output", path("d.html")});
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.message, HasSubstr("--target: expected a value, got nothing"));
  EXPECT_FALSE(fs::exists(path("d.html")));
}

TEST_F(HeadCommands, HeadsFindsTheHeadThatSaysNothing) {
  const Json json = parse_json(heads({"--json"}).output, "output");
  ASSERT_EQ(json["heads"].size(), 6u * 3);
  double previous = -1e9;
  bool found = false;
  for (const Json& head : json["heads"]) {
    EXPECT_GE(head["worse_by"].get<double>(), previous);
    previous = head["worse_by"].get<double>();
    if (head["attention"] == "encoder.1.self" && head["head"] == 1) {
      found = true;
      EXPECT_EQ(head["worse_by"], 0.0);
      EXPECT_EQ(head["without"], json["all_heads"]);
    } else {
      EXPECT_NE(head["worse_by"], 0.0);
    }
  }
  EXPECT_TRUE(found);
  EXPECT_THAT(heads({}).output, HasSubstr("encoder self-attention         2     2"));
  // As many pairs as asked for.
  const LoadedModel translator = load_model(path("model"));
  EXPECT_EQ(read_scored_corpus(translator, path("source"), path("reference"), 2).target_tokens,
            5 + 5);
}

TEST_F(HeadCommands, ThePrunedModelIsSmallerAndLoads) {
  const Outcome outcome =
      heads({"--prune", "4", "--output", path("smaller"), "--json", "--page", path("heads.html")});
  ASSERT_EQ(outcome.code, 0) << outcome.message;
  const Json json = parse_json(outcome.output, "output");
  const Json& pruned = json["pruned_model"];
  LoadedModel smaller = load_model(path("smaller"));
  // Four heads of size 8 in a model of size 24: rows of q, k and v with their biases, and columns.
  EXPECT_EQ(pruned["parameters_before"].get<int>() - pruned["parameters"].get<int>(),
            4 * (3 * 8 * 25 + 8 * 24));
  EXPECT_EQ(count_parameters(*smaller.module), pruned["parameters"].get<int>());
  std::size_t marked = 0;
  for (const Json& head : json["heads"]) {
    marked += head["pruned"].get<bool>() ? 1 : 0;
  }
  EXPECT_EQ(marked, 4u);
  EXPECT_EQ(Json(smaller.as<Translator>().config().pruned_heads), pruned["pruned_heads"]);

  LoadedModel whole = load_model(path("model"));
  const ScoredCorpus corpus = read_scored_corpus(whole, path("source"), path("reference"), 0);
  const HeadSet off =
      heads_off(whole.as<Translator>().config(), smaller.as<Translator>().config().pruned_heads);
  const ForwardContext without{.heads_off = &off};
  EXPECT_NEAR(pruned["loss"].get<double>(), corpus_loss(whole.as<Translator>(), corpus, without),
              1e-5);
  const std::string page = read_file(path("heads.html"));
  EXPECT_THAT(page, HasSubstr("pruned</span>"));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));

  // The other commands take it, and it can be pruned again.
  EXPECT_EQ(run({"translate", "--input", path("source")}, "smaller").message, "");
  EXPECT_EQ(
      run({"attend", "abc", "--kind", "encoder", "--output", path("smaller.npy")}, "smaller").code,
      0);
  EXPECT_EQ(heads({"--prune-below", "1000", "--output", path("smallest")}, "smaller").code, 0);
  EXPECT_EQ(present_heads(load_model(path("smallest")).as<Translator>().config(), "encoder.0.self")
                .size(),
            1u);
  EXPECT_THAT(heads({"--prune", "1", "--output", path("smaller")}).message,
              HasSubstr("holds a model already"));
}

TEST_F(HeadCommands, BleuIsAnotherMeasure) {
  const Json json =
      parse_json(heads({"--metric", "bleu", "--beam", "1", "--json"}).output, "output");
  EXPECT_EQ(json["metric"], "bleu");
  for (const Json& head : json["heads"]) {
    EXPECT_NEAR(head["worse_by"].get<double>(),
                json["all_heads"].get<double>() - head["without"].get<double>(), 1e-9);
  }
}

TEST_F(HeadCommands, HeadsRefusesWhatMakesNoSense) {
  EXPECT_THAT(heads({"--prune", "1"}).message, HasSubstr("pruning needs --output DIR"));
  EXPECT_THAT(heads({"--output", path("x")}).message, HasSubstr("add --prune or --prune-below"));
  EXPECT_EQ(heads({"--prune", "0", "--output", path("x")}).code, 2);
  write_file(path("short"), "eins\n");
  const Outcome uneven = run({"heads", "-s", path("source"), "-r", path("short")});
  EXPECT_EQ(uneven.code, 65);
  EXPECT_THAT(uneven.message, HasSubstr("short ends at line 1"));
  write_file(path("long"), "eins\n" + std::string(50, 'x') + "\n\n");
  EXPECT_THAT(run({"heads", "-s", path("source"), "-r", path("long")}).message,
              HasSubstr("line 2: its reference has 51 tokens"));
  EXPECT_FALSE(fs::exists(path("x")));
}

TEST_F(HeadCommands, ADamagedListOfPrunedHeadsIsRefused) {
  heads({"--prune", "2", "--output", path("damaged")});
  const std::string name = path("damaged") + "/config.json";
  const Json good = parse_json(read_file(name), name);
  const auto refusal = [&](const Json& list) {
    Json bad = good;
    bad["heed"]["pruned_heads"] = list;
    write_file(name, bad.dump());
    const Outcome outcome = run({"translate", "--input", path("source")}, "damaged");
    EXPECT_EQ(outcome.code, 65) << list.dump();
    return outcome.message;
  };
  EXPECT_THAT(refusal({{"encoder.7.self", {0}}}), HasSubstr("no such attention"));
  EXPECT_THAT(refusal({{"encoder.0.self", {3}}}), HasSubstr("heads from 0 to 2"));
  EXPECT_THAT(refusal({{"encoder.0.self", {0, 1, 2}}}), HasSubstr("would be left"));
  EXPECT_THAT(refusal({{"encoder.0.self", "all"}}), HasSubstr("expected list of integer"));
  EXPECT_THAT(refusal(Json::object()), HasSubstr("its sizes ask for at least"));
}

// The same commands with a language model.
class LanguageHeadCommands : public HeadCommands {
 protected:
  LanguageHeadCommands() {
    const auto tokenizer = std::make_shared<ByteTokenizer>();
    const TokenizerPair tokenizers{tokenizer, tokenizer, true};
    LanguageModelConfig config;
    config.d_model = 24;
    config.layers = 2;
    config.heads = 3;
    config.feed_forward_size = 24;
    config.max_length = 20;
    LanguageModel model(config, tokenizer->size());
    initialize_parameters(model, 5);
    for (const NamedTensor& item : stored_tensors_of(model)) {
      if (item.name == "model.decoder.layers.1.self_attn.out_proj.weight") {
        item.tensor.columns(8, 16).fill(0);  // its second head says nothing
      }
    }
    fs::remove_all(path("language"));
    save_model(model, tokenizers, symbols_for(tokenizers), {}, path("language"));
    write_file(path("text"), "First Citizen:\nBefore we proceed any further, hear me speak.\n");
  }
};

TEST_F(LanguageHeadCommands, AttentionIsThatOfThePromptAndWhatFollows) {
  const LoadedModel model = load_model(path("language"));
  const AttentionView view = trace_prompt(model, "ab\n", 4, MatmulPrecision::float32);
  ASSERT_EQ(view.stacks.size(), 1u);
  const AttentionStack& stack = view.stacks.front();
  ASSERT_EQ(stack.row_labels.size(), 7u);
  EXPECT_EQ(stack.row_labels, stack.column_labels);
  EXPECT_EQ(stack.row_labels[1], "b");
  ASSERT_EQ(stack.layers.size(), 2u);
  EXPECT_THAT(stack.layers[0].heads, ElementsAre(1, 2, 3));
  for (std::size_t row = 0; row < 7; ++row) {
    double sum = 0;
    for (std::size_t column = 0; column < 7; ++column) {
      const float weight = stack.layers[1].weights[row * 7 + column];
      sum += weight;
      EXPECT_TRUE(column <= row || weight == 0);
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  EXPECT_EQ(trace_prompt(model, "ab", 0, MatmulPrecision::float32).stacks[0].row_labels.size(), 2u);
}

TEST_F(LanguageHeadCommands, AttendGoesOnWithAPrompt) {
  const Outcome json =
      run({"attend", "--prompt", "ab", "--max-tokens", "3", "--output", path("prompt.json")},
          "language");
  ASSERT_EQ(json.code, 0) << json.message;
  const Json view = Json::parse(read_file(path("prompt.json")));
  EXPECT_EQ(view["prompt"], "ab");
  EXPECT_EQ(view["text"].get<std::string>() + "\n", json.output);
  EXPECT_EQ(view["attention"][0]["queries"].size(), 5u);
  const Outcome page =
      run({"attend", "--prompt", "ab", "--output", path("prompt.html")}, "language");
  EXPECT_EQ(page.code, 0) << page.message;
  EXPECT_THAT(read_file(path("prompt.html")), Not(HasSubstr("about to write")));
  EXPECT_THAT(
      run({"attend", "--prompt", std::string(21, 'a'), "--output", path("x.html")}, "language")
          .message,
      HasSubstr("the prompt has 21 tokens, the model takes 20"));
  EXPECT_THAT(run({"attend", "ab", "--output", path("x.html")}, "language").message,
              HasSubstr("`heed attend` needs a translator, or --prompt for this one"));
  EXPECT_THAT(
      run({"attend", "--prompt", "ab", "--kind", "cross", "--output", path("x.html")}, "language")
          .message,
      HasSubstr("--kind cross"));
}

TEST_F(LanguageHeadCommands, HeadsAreRankedByTheLossOnAText) {
  const Outcome outcome = run({"heads", "--text", path("text"), "--json", "--prune", "1",
                               "--output", path("fewer"), "--page", path("language-heads.html")},
                              "language");
  ASSERT_EQ(outcome.code, 0) << outcome.message;
  const Json json = Json::parse(outcome.output);
  ASSERT_EQ(json["heads"].size(), 6u);
  const auto quiet = std::find_if(json["heads"].begin(), json["heads"].end(), [](const Json& head) {
    return head["attention"] == "decoder.1.self" && head["head"] == 1;
  });
  EXPECT_EQ((*quiet)["worse_by"], 0.0);
  // What is pruned is what was switched off.
  const Json& least = json["heads"][0];
  EXPECT_TRUE(least["pruned"]);
  EXPECT_NEAR(json["pruned_model"]["loss"].get<double>(), least["without"].get<double>(), 1e-5);
  const LoadedModel fewer = load_model(path("fewer"));
  EXPECT_EQ(present_heads(fewer.as<LanguageModel>().config(), least["attention"]).size(), 2u);
  EXPECT_THAT(read_file(path("language-heads.html")), Not(HasSubstr("encoder self-attention")));
  EXPECT_THAT(run({"heads", "--text", path("text"), "--metric", "bleu"}, "language").message,
              HasSubstr("measured by its loss"));
  EXPECT_THAT(run({"heads", "--text", path("text")}).message, HasSubstr("this is a translator"));
  EXPECT_THAT(run({"heads"}, "language").message, HasSubstr("nothing to measure on"));
  fs::remove_all(path("fewer"));
}

}  // namespace
}  // namespace heed::app
