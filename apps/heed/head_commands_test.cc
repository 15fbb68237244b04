// heed attend and heads with a small random translator of bytes.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/heed/attention_trace.h"
#include "apps/heed/head_worth.h"
#include "apps/heed/test_head_commands.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/numpy.h"
#include "heed/models/head_pruning.h"
#include "heed/nn/generator_loss.h"

namespace heed::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

}  // namespace
}  // namespace heed::app
