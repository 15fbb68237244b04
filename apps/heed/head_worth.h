// What each head of a model is worth: how much worse it does without it (Michel, Levy & Neubig,
// "Are sixteen heads really better than one?", 2019).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/inspect/head_patterns.h"
#include "heed/interop/load_model.h"
#include "heed/nn/generator_loss.h"
#include "heed/nn/stack_config.h"

namespace heed::app {

// Sentence pairs, encoded and packed in batches for the loss, and as text for BLEU.
struct ScoredCorpus {
  std::vector<GeneratorExamples> batches;
  std::vector<std::string> sources, references;
  std::int64_t target_tokens = 0;
};

// Reads two files line by line; of `limit` pairs at most, if it is not 0. Errors (bad_data): files
// of different length, or a sentence that is longer than the model takes; the line is named.
ScoredCorpus read_scored_corpus(const LoadedModel& translator, const std::string& source,
                                const std::string& reference, std::int64_t limit);

// Nats per target token, the references forced.
double corpus_loss(const Generator& model, const ScoredCorpus& corpus, ForwardContext context);

// A model as far as its heads go.
struct HeadedModel {
  const Generator& model;
  const StackConfig& config;
  std::vector<AttentionPlace> attentions;  // from the first to the last
};
HeadedModel headed_model(const LoadedModel& loaded);

// Heads of a language model that are named "LAYER.HEAD", both from 1, as
// ForwardContext::heads_off names them. Errors (usage) list what there is.
HeadSet named_heads(const LoadedModel& loaded, const std::vector<std::string>& names);

struct HeadWorth {
  AttentionPlace attention;
  int head = 0;      // from 0, as in StackConfig::pruned_heads
  double score = 0;  // without it: loss, or BLEU
  double worth = 0;  // how much that is worse than with it; below 0: better without
  std::optional<HeadPatterns> patterns;  // what it looks at, where that was measured
};

// Measures a model in a context: loss or BLEU.
struct HeadMetric {
  bool higher_is_better = false;
  std::function<double(const Generator&, const ForwardContext&)> measure;
};

// The worth of every head, one at a time, in the order of the forward pass; the score with all
// heads goes to `whole`. Calls `progress` after each head with the numbers done and to do.
std::vector<HeadWorth> measure_heads(const HeadedModel& model, const HeadMetric& metric,
                                     MatmulPrecision precision, double& whole,
                                     const std::function<void(std::size_t, std::size_t)>& progress);

// The heads that are worth least: at most `count`, or all below `threshold`. Every attention keeps
// at least one.
HeadSet least_worth(std::vector<HeadWorth> heads, const StackConfig& config,
                    std::optional<std::int64_t> count, std::optional<double> threshold);

// A smaller model without these heads. Errors (usage): a model whose heads cannot be pruned.
std::unique_ptr<Generator> without_heads(const LoadedModel& loaded, const HeadSet& heads);

// Refuses at once, before the heads are measured, a model whose heads cannot be pruned. Errors
// (usage).
void check_prunable(const LoadedModel& loaded);

}  // namespace heed::app
