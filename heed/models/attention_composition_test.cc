// Every pair of choices about attention with every position scheme, in a whole translator:
// training, decoding step by step, and the combinations that are refused.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/models/test_attention_choices.h"

namespace heed {
namespace {

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
  const GeneratorExamples examples = two_sentences();
  const auto result = generator_loss(model, examples.prompts, examples.outputs, {}, context);
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

  // Token by token, and from beginnings of unlike lengths.
  static void expect_sessions_equal_the_whole(const Translator& model) {
    const GeneratorExamples examples = two_sentences();
    const std::vector<double> whole = whole_logits(model, examples);
    for (const std::vector<std::int32_t>& begun : {std::vector<std::int32_t>{1, 1}, {2, 3}}) {
      expect_close(session_logits(model, examples, begun),
                   logits_from(whole, examples.prompts.begun.rows, begun), 1e-9);
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
      expect_sessions_equal_the_whole(model);
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
  for_each_kind(expect_agreement);
}

}  // namespace
}  // namespace heed
