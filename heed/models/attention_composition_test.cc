// Every pair of choices about attention with every position scheme, in a whole translator:
// training, decoding step by step, and the combinations that are refused.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/models/test_translators.h"

namespace heed {
namespace {

struct Choice {
  std::string name;
  void (*choose)(TranslatorConfig&);
};
using Choices = std::vector<Choice>;

const Choices scorers = {
    {"dot", [](TranslatorConfig& c) { c.attention.kind = "dot"; }},
    {"scaled_dot", [](TranslatorConfig&) {}},
    {"additive", [](TranslatorConfig& c) { c.attention.kind = "additive"; }},
    {"bilinear", [](TranslatorConfig& c) { c.attention.kind = "bilinear"; }},
    {"cosine", [](TranslatorConfig& c) { c.attention.kind = "cosine"; }},
    {"gaussian", [](TranslatorConfig& c) { c.attention.kind = "gaussian"; }},
    {"gaussian of fixed width",
     [](TranslatorConfig& c) {
       c.attention.kind = "gaussian";
       c.attention.width = 1.5;
     }},
};
const Choices normalizers = {
    {"softmax", [](TranslatorConfig&) {}},
    {"sparsemax", [](TranslatorConfig& c) { c.attention.normalizer = "sparsemax"; }},
    {"hard", [](TranslatorConfig& c) { c.attention.normalizer = "hard"; }},
    {"gumbel", [](TranslatorConfig& c) { c.attention.normalizer = "gumbel"; }},
};
const Choices topologies = {
    {"full", [](TranslatorConfig&) {}},
    {"window", [](TranslatorConfig& c) { c.attention.topology = "window"; }},
    {"dilated", [](TranslatorConfig& c) { c.attention.topology = "dilated"; }},
    {"block", [](TranslatorConfig& c) { c.attention.topology = "block"; }},
    {"shifted_block", [](TranslatorConfig& c) { c.attention.topology = "shifted_block"; }},
    {"prefix", [](TranslatorConfig& c) { c.attention.topology = "prefix"; }},
};
const Choices layouts = {
    {"multi-head", [](TranslatorConfig&) {}},
    {"grouped-query", [](TranslatorConfig& c) { c.attention.key_heads = 2; }},
    {"multi-query", [](TranslatorConfig& c) { c.attention.key_heads = 1; }},
    {"keys and values of unlike sizes",
     [](TranslatorConfig& c) {
       c.attention.key_size = 4;
       c.attention.value_size = 3;
     }},
};
const Choices extras = {
    {"no extra", [](TranslatorConfig&) {}},
    {"qk_norm", [](TranslatorConfig& c) { c.attention.qk_norm = true; }},
    {"soft_cap", [](TranslatorConfig& c) { c.attention.soft_cap = 2; }},
    {"sinks", [](TranslatorConfig& c) { c.attention.sinks = true; }},
    {"talking_heads", [](TranslatorConfig& c) { c.attention.talking_heads = true; }},
};
const std::vector<const Choices*> dimensions = {&scorers, &normalizers, &topologies, &layouts,
                                                &extras};

// Without meaning, and why: a config that one of these holds for is refused with its reason, and
// all others work.
struct Refusal {
  bool (*holds)(const TranslatorConfig&);
  std::string reason;
};
bool turns(const TranslatorConfig& c) {
  return c.position.kind == "rotary" || c.position.kind == "xpos";
}
const std::vector<Refusal> refusals = {
    {[](const TranslatorConfig& c) { return c.attention.topology == "prefix"; },
     "is for language models"},
    {[](const TranslatorConfig& c) { return c.position.kind.starts_with("swin"); },
     "cells of a square window"},
    {[](const TranslatorConfig& c) { return turns(c) && c.attention.kind == "additive"; },
     "tell their distance by their product"},
    {[](const TranslatorConfig& c) {
       return c.position.kind == "xpos" && c.attention.kind == "gaussian";
     },
     "takes their difference"},
    {[](const TranslatorConfig& c) {
       return c.attention.sinks && c.attention.normalizer != "softmax";
     },
     "has no such sum"},
    {[](const TranslatorConfig& c) {
       return c.attention.soft_cap > 0 && c.attention.kind == "gaussian";
     },
     "never falls to zero"},
    {[](const TranslatorConfig& c) {
       return c.attention.soft_cap > 0 && c.attention.kind == "cosine";
     },
     "bounded by their scale already"},
    {[](const TranslatorConfig& c) { return c.attention.qk_norm && c.attention.kind == "cosine"; },
     "by their length already"},
    {[](const TranslatorConfig& c) {
       return c.position.cross && !turns(c) && c.position.kind != "alibi" &&
              c.position.kind != "t5" && c.position.kind != "shaw" && c.position.kind != "cope";
     },
     "acts on embeddings"},
};

void expect_close(const std::vector<double>& got, const std::vector<double>& expected,
                  double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << i;
  }
}

// The loss, and the gradient of every parameter.
struct Trained {
  double loss;
  std::map<std::string, std::vector<double>> gradients;
};
Trained train_once(Translator& model) {
  require_gradients(model);
  ForwardContext context;
  context.training = true;
  context.dropout_key = 3;
  const TranslationExamples examples = two_sentences();
  const auto result = model.loss(examples, {}, context);
  backward(result.loss);
  Trained trained{result.sums.plain_loss, {}};
  for (const NamedParameter& item : parameters_of(model)) {
    const Tensor gradient = gradient_of(item.parameter->value);
    if (gradient.defined()) {
      trained.gradients[item.name] = gradient.to_doubles();
    }
  }
  return trained;
}

class AttentionComposition : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  // Trains one step: every parameter gets a gradient that is finite and somewhere not 0.
  static void expect_trains(Translator& model) {
    const Trained trained = train_once(model);
    EXPECT_TRUE(std::isfinite(trained.loss));
    for (const NamedParameter& item : parameters_of(model)) {
      const auto found = trained.gradients.find(item.name);
      if (found == trained.gradients.end()) {
        ADD_FAILURE() << item.name << " gets no gradient";
        continue;
      }
      double largest = 0;
      for (const double value : found->second) {
        ASSERT_TRUE(std::isfinite(value)) << item.name;
        largest = std::max(largest, std::abs(value));
      }
      EXPECT_GT(largest, 0) << item.name;
    }
  }

  static void expect_works_or_is_refused(const TranslatorConfig& config) {
    const Refusal* expected = nullptr;
    for (const Refusal& refusal : refusals) {
      expected = expected == nullptr && refusal.holds(config) ? &refusal : expected;
    }
    try {
      Translator model(config, small_vocabulary, reference_device);
      ASSERT_EQ(expected, nullptr) << "expected a refusal: " << expected->reason;
      draw_parameters(model, 6);
      expect_trains(model);
      expect_close(stepwise_logits(model, two_sentences()), whole_logits(model, two_sentences()),
                   1e-9);
    } catch (const Error& error) {
      ASSERT_NE(expected, nullptr) << error.what();
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      bool known = false;  // more than one may hold
      for (const Refusal& refusal : refusals) {
        known = known || (refusal.holds(config) &&
                          std::string(error.what()).find(refusal.reason) != std::string::npos);
      }
      EXPECT_TRUE(known) << error.what();
    }
  }

  // Calls use(config, what) for every choice alone, the others being the usual ones.
  template <typename Use>
  static void for_each_choice(Use&& use) {
    for (const Choices* dimension : dimensions) {
      for (const Choice& choice : *dimension) {
        TranslatorConfig config = four_heads();
        choice.choose(config);
        if (config.attention.topology != "prefix") {
          SCOPED_TRACE(choice.name);
          use(config);
        }
      }
    }
  }
};

TEST_F(AttentionComposition, EveryPairOfChoicesWithEveryPositionScheme) {
  std::set<std::string> seen;
  int count = 0;
  for (std::size_t a = 0; a < dimensions.size(); ++a) {
    for (std::size_t b = a + 1; b < dimensions.size(); ++b) {
      for (const Choice& first : *dimensions[a]) {
        for (const Choice& second : *dimensions[b]) {
          for (const PositionScheme& scheme : position_schemes()) {
            TranslatorConfig config = four_heads();
            first.choose(config);
            second.choose(config);
            config.position.kind = scheme.kind;
            if (seen.insert(config_to_json(config).dump()).second) {
              SCOPED_TRACE(first.name + ", " + second.name + ", " + scheme.kind);
              expect_works_or_is_refused(config);
              ++count;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(count, 2000);
}

TEST_F(AttentionComposition, PositionsInCrossAttention) {
  for (const PositionScheme& scheme : position_schemes()) {
    for (const Choice& scorer : scorers) {
      SCOPED_TRACE(scorer.name + ", " + scheme.kind);
      TranslatorConfig config = four_heads();
      scorer.choose(config);
      config.position.kind = scheme.kind;
      config.position.cross = true;
      expect_works_or_is_refused(config);
    }
  }
}

// The CPU backend against the reference, and decoding with it.
TEST_F(AttentionComposition, TheCpuAgrees) {
  const auto expect_agreement = [](const TranslatorConfig& config) {
    Translator exact(config, small_vocabulary, reference_device);
    Translator model(config, small_vocabulary);
    draw_parameters(exact, 5);
    const auto from = parameters_of(exact);
    const auto to = parameters_of(model);
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[i].parameter->value.copy_from(from[i].parameter->value.to(cpu_device));
      to[i].parameter->value.renew_stamp();
    }
    expect_close(whole_logits(model, two_sentences()), whole_logits(exact, two_sentences()), 1e-4);
    expect_close(stepwise_logits(model, two_sentences()), whole_logits(model, two_sentences()),
                 1e-5);
    const Trained got = train_once(model);
    const Trained expected = train_once(exact);
    EXPECT_NEAR(got.loss, expected.loss, 1e-4);
    for (const auto& [name, gradient] : expected.gradients) {
      SCOPED_TRACE(name);
      expect_close(got.gradients.at(name), gradient, 1e-3);
    }
  };
  for_each_choice(expect_agreement);
  for (const PositionScheme& scheme : position_schemes()) {
    SCOPED_TRACE(scheme.kind);
    TranslatorConfig config = four_heads();
    config.position.kind = scheme.kind;
    config.position.cross = scheme.scores || scheme.queries_and_keys;
    if (!scheme.square_window) {
      expect_agreement(config);
    }
  }
}

TEST_F(AttentionComposition, WithoutPositionsAPermutedSourceGivesPermutedOutputs) {
  for_each_choice([](TranslatorConfig config) {
    if (config.attention.topology != "full") {
      return;
    }
    config.position.kind = "none";
    Translator model(config, small_vocabulary, reference_device);
    draw_parameters(model, 6);
    const NoGradientScope no_gradients;
    const Sequences one = make_sequences(std::vector<std::int32_t>{5});
    const auto encode = [&](const std::vector<std::int32_t>& ids) {
      ForwardContext context;
      return model.encode(ids_of(ids), one, context).to_doubles();
    };
    const std::vector<std::int32_t> ids = {5, 6, 3, 2, 0};
    const std::vector<std::size_t> order = {3, 0, 4, 1, 2};
    std::vector<std::int32_t> permuted;
    std::vector<double> expected;
    const std::vector<double> outputs = encode(ids);
    for (const std::size_t i : order) {
      permuted.push_back(ids[i]);
      const auto row = outputs.begin() + static_cast<std::ptrdiff_t>(8 * i);
      expected.insert(expected.end(), row, row + 8);
    }
    expect_close(encode(permuted), expected, 1e-12);
    config.position.kind = "sinusoidal";
    Translator with_positions(config, small_vocabulary, reference_device);
    ForwardContext context;
    const auto first = with_positions.encode(ids_of({3, 3, 4, 4}),
                                             make_sequences(std::vector<std::int32_t>{4}), context);
    EXPECT_NE(first.rows(0, 1).to_doubles(), first.rows(1, 2).to_doubles());
  });
}

TEST_F(AttentionComposition, LaterTokensAndNeighboursLeaveNoTrace) {
  const auto expect_alone = [](const TranslatorConfig& config) {
    for (const Device device : {reference_device, cpu_device}) {
      SCOPED_TRACE(name_of(device.kind));
      Translator model(config, small_vocabulary, device);
      draw_parameters(model, 6);
      TranslationExamples examples = two_sentences();
      const std::vector<double> before = whole_logits(model, examples);
      examples.target_inputs.values<std::int32_t>()[6] = 7;  // the last of the second sentence
      const std::vector<double> later = whole_logits(model, examples);
      EXPECT_EQ(std::vector(before.begin(), before.begin() + 60),
                std::vector(later.begin(), later.begin() + 60));
      EXPECT_NE(before, later);
      const TranslationExamples alone{.source_ids = ids_of({3, 4, 0}),
                                      .source = make_sequences(std::vector<std::int32_t>{3}),
                                      .target_inputs = ids_of({9, 2, 4}),
                                      .target_outputs = ids_of({2, 4, 0}),
                                      .target = make_sequences(std::vector<std::int32_t>{3})};
      EXPECT_EQ(whole_logits(model, alone), std::vector(before.begin(), before.begin() + 30));
    }
  };
  for_each_choice(expect_alone);
  for (const PositionScheme& scheme : position_schemes()) {
    SCOPED_TRACE(scheme.kind);
    TranslatorConfig config = four_heads();
    config.position.kind = scheme.kind;
    if (!scheme.square_window) {
      expect_alone(config);
    }
  }
}

TEST_F(AttentionComposition, HeadsAreSwitchedOffInEveryKindAndPrunedInThePlainOne) {
  const auto switch_off = [](const TranslatorConfig& config) {
    Translator model(config, small_vocabulary, reference_device);
    draw_parameters(model, 6);
    const NoGradientScope no_gradients;
    const HeadSet off = {{"decoder.1.cross", {2}}};
    const TranslationExamples examples = two_sentences();
    ForwardContext plain, without;
    without.heads_off = &off;
    EXPECT_NE(model.loss(examples, {}, plain).sums.plain_loss,
              model.loss(examples, {}, without).sums.plain_loss);
  };
  for_each_choice(switch_off);
  const auto expect_refused = [](void (*choose)(TranslatorConfig&), const std::string& reason) {
    TranslatorConfig config = four_heads();
    config.pruned_heads = {{"encoder.0.self", {1}}};
    choose(config);
    try {
      check_translator_config(config);
      ADD_FAILURE() << "expected a refusal: " << reason;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("model.pruned_heads"));
      EXPECT_THAT(error.what(), testing::HasSubstr(reason));
    }
  };
  expect_refused([](TranslatorConfig& c) { c.attention.key_heads = 2; }, "share their keys");
  expect_refused([](TranslatorConfig& c) { c.attention.key_size = 4; }, "model's size / heads");
  expect_refused([](TranslatorConfig& c) { c.attention.talking_heads = true; }, "made of all");
  expect_refused([](TranslatorConfig& c) { c.attention.kind = "bilinear"; }, "parameters per head");
  expect_refused([](TranslatorConfig& c) { c.attention.sinks = true; }, "parameters per head");
  expect_refused([](TranslatorConfig& c) { c.position.kind = "alibi"; }, "all heads of a stack");
}

}  // namespace
}  // namespace heed
