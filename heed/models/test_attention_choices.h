// For tests of this folder: all choices about attention.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "heed/models/test_translators.h"
#include "heed/tensor/test_close.h"

namespace heed {

struct Choice {
  std::string name;
  void (*choose)(TranslatorConfig&);
};
using Choices = std::vector<Choice>;

inline const Choices scorers = {
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
inline const Choices normalizers = {
    {"softmax", [](TranslatorConfig&) {}},
    {"sparsemax", [](TranslatorConfig& c) { c.attention.normalizer = "sparsemax"; }},
    {"hard", [](TranslatorConfig& c) { c.attention.normalizer = "hard"; }},
    {"gumbel", [](TranslatorConfig& c) { c.attention.normalizer = "gumbel"; }},
};
inline const Choices topologies = {
    {"full", [](TranslatorConfig&) {}},
    {"window", [](TranslatorConfig& c) { c.attention.topology = "window"; }},
    {"dilated", [](TranslatorConfig& c) { c.attention.topology = "dilated"; }},
    {"block", [](TranslatorConfig& c) { c.attention.topology = "block"; }},
    {"shifted_block", [](TranslatorConfig& c) { c.attention.topology = "shifted_block"; }},
    {"prefix", [](TranslatorConfig& c) { c.attention.topology = "prefix"; }},
};
inline const Choices layouts = {
    {"multi-head", [](TranslatorConfig&) {}},
    {"grouped-query", [](TranslatorConfig& c) { c.attention.key_heads = 2; }},
    {"multi-query", [](TranslatorConfig& c) { c.attention.key_heads = 1; }},
    {"keys and values of unlike sizes",
     [](TranslatorConfig& c) {
       c.attention.key_size = 4;
       c.attention.value_size = 3;
     }},
};
inline const Choices extras = {
    {"no extra", [](TranslatorConfig&) {}},
    {"qk_norm", [](TranslatorConfig& c) { c.attention.qk_norm = true; }},
    {"soft_cap", [](TranslatorConfig& c) { c.attention.soft_cap = 2; }},
    {"sinks", [](TranslatorConfig& c) { c.attention.sinks = true; }},
    {"talking_heads", [](TranslatorConfig& c) { c.attention.talking_heads = true; }},
};
inline const std::vector<const Choices*> dimensions = {&scorers, &normalizers, &topologies,
                                                       &layouts, &extras};

// Calls use(config) for every choice alone, the others being the usual ones.
template <typename Use>
void for_each_choice(Use&& use) {
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
// The same, and for every position scheme alone.
template <typename Use>
void for_each_kind(Use&& use) {
  for_each_choice(use);
  for (const PositionScheme& scheme : position_schemes()) {
    TranslatorConfig config = four_heads();
    config.position.kind = scheme.kind;
    config.position.cross = scheme.scores || scheme.queries_and_keys;
    if (!scheme.square_window) {
      SCOPED_TRACE(scheme.kind);
      use(config);
    }
  }
}

}  // namespace heed
