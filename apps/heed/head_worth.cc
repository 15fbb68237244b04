#include "apps/heed/head_worth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "heed/base/error.h"
#include "heed/data/held_lines.h"
#include "heed/interop/model_kind.h"
#include "heed/models/head_pruning.h"

namespace heed::app {

namespace {

// Pairs that go through the model at once, packed.
class BatchBuilder {
 public:
  static constexpr std::size_t token_limit = 4096;

  BatchBuilder(const LoadedModel& translator, ScoredCorpus& corpus)
      : translator_(translator), corpus_(corpus) {}

  void add(const std::string& source, const std::string& target, std::int64_t line) {
    const TextSymbols& symbols = translator_.symbols;
    const auto source_ids =
        ids_of(*translator_.tokenizers.source, symbols.source_end, source, "source", line);
    const auto target_ids =
        ids_of(*translator_.tokenizers.target, symbols.end, target, "reference", line);
    if (source_ids_.size() + target_ids_.size() + source_ids.size() + target_ids.size() >
        token_limit) {
      finish();
    }
    source_ids_.insert(source_ids_.end(), source_ids.begin(), source_ids.end());
    inputs_.push_back(symbols.start);
    inputs_.insert(inputs_.end(), target_ids.begin(), target_ids.end() - 1);
    target_ids_.insert(target_ids_.end(), target_ids.begin(), target_ids.end());
    source_lengths_.push_back(static_cast<std::int32_t>(source_ids.size()));
    target_lengths_.push_back(static_cast<std::int32_t>(target_ids.size()));
  }

  void finish() {
    if (target_lengths_.empty()) {
      return;
    }
    corpus_.target_tokens += static_cast<std::int64_t>(target_ids_.size());
    GeneratorExamples& examples = corpus_.batches.emplace_back();
    auto& [source, begun] = examples.prompts;
    source.ids = id_tensor(source_ids_);
    source.rows = make_sequences(source_lengths_);
    begun.ids = id_tensor(inputs_);
    begun.rows = make_sequences(target_lengths_);
    examples.outputs = id_tensor(target_ids_);
    for (auto* ids : {&source_ids_, &inputs_, &target_ids_, &source_lengths_, &target_lengths_}) {
      ids->clear();
    }
  }

 private:
  std::vector<std::int32_t> ids_of(const Tokenizer& tokenizer, std::int32_t end,
                                   const std::string& text, const char* side,
                                   std::int64_t line) const {
    std::vector<std::int32_t> ids = tokenizer.encode(text);
    check_data(static_cast<std::int64_t>(ids.size()) < translator_.generator().longest(),
               "line {}: its {} has {} tokens with the end symbol, the model takes {} at most",
               line, side, ids.size() + 1, translator_.generator().longest());
    ids.push_back(end);
    return ids;
  }

  const LoadedModel& translator_;
  ScoredCorpus& corpus_;
  std::vector<std::int32_t> source_ids_, inputs_, target_ids_, source_lengths_, target_lengths_;
};

}  // namespace

ScoredCorpus read_scored_corpus(const LoadedModel& translator, const std::string& source,
                                const std::string& reference, std::int64_t limit) {
  const std::int64_t most = limit > 0 ? limit : std::numeric_limits<std::int64_t>::max();
  ScoredCorpus corpus;
  corpus.sources = read_held_lines(source, most);
  corpus.references = read_held_lines(reference, most);
  const bool more_sources = corpus.sources.size() > corpus.references.size();
  check_data(corpus.sources.size() == corpus.references.size(),
             "{} ends at line {}, {} does not; each source needs its reference on the same line",
             more_sources ? reference : source,
             std::min(corpus.sources.size(), corpus.references.size()),
             more_sources ? source : reference);
  BatchBuilder batches(translator, corpus);
  for (std::size_t i = 0; i < corpus.sources.size(); ++i) {
    batches.add(corpus.sources[i], corpus.references[i], static_cast<std::int64_t>(i) + 1);
  }
  batches.finish();
  check_data(!corpus.batches.empty(), "{}: no lines; there is nothing to measure", source);
  return corpus;
}

double corpus_loss(const Generator& model, const ScoredCorpus& corpus, ForwardContext context) {
  const NoGradientScope no_gradients;
  ops::CrossEntropyOptions options;
  options.precision = context.precision;
  double loss = 0;
  for (const GeneratorExamples& examples : corpus.batches) {
    loss +=
        generator_loss(model, examples.prompts, examples.outputs, options, context).sums.plain_loss;
  }
  loss /= static_cast<double>(corpus.target_tokens);
  check(std::isfinite(loss),
        "the loss is not a finite number; the model is damaged or training diverged");
  return loss;
}

HeadedModel headed_model(const LoadedModel& loaded) {
  if (loaded.kind->has_encoder) {
    const auto& translator = loaded.as<Translator>();
    return {translator, translator.config(), attentions_of(translator.config())};
  }
  const auto& model = loaded.as<LanguageModel>();
  return {model, model.config(), attentions_of(model.config())};
}

HeadSet named_heads(const LoadedModel& loaded, const std::vector<std::string>& names) {
  const HeadedModel model = headed_model(loaded);
  std::map<std::string, std::pair<std::string, int>> places;  // its attention, its number there
  std::string known;
  for (const AttentionPlace& place : model.attentions) {
    int number = 0;
    for (const int head : present_heads(model.config, place.name())) {
      const std::string name = std::to_string(place.layer + 1) + "." + std::to_string(head + 1);
      places[name] = {place.name(), number++};
      known += (known.empty() ? "" : ", ") + name;
    }
  }
  HeadSet heads;
  for (const std::string& name : names) {
    const auto found = places.find(name);
    check_usage(found != places.end(), "'{}' is no head of this model, which has {}", name, known);
    heads[found->second.first].push_back(found->second.second);
  }
  for (auto& [attention, numbers] : heads) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  }
  return heads;
}

std::vector<HeadWorth> measure_heads(
    const HeadedModel& model, const HeadMetric& metric, MatmulPrecision precision, double& whole,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  whole = metric.measure(model.model, {.precision = precision});
  std::vector<HeadWorth> heads;
  std::vector<HeadSet> without;  // counted among those that the model has
  for (const AttentionPlace& place : model.attentions) {
    int number = 0;
    for (const int head : present_heads(model.config, place.name())) {
      heads.push_back({.attention = place, .head = head, .patterns = {}});
      without.push_back({{place.name(), {number++}}});
    }
  }
  for (std::size_t i = 0; i < heads.size(); ++i) {
    HeadWorth& head = heads[i];
    head.score = metric.measure(model.model, {.precision = precision, .heads_off = &without[i]});
    head.worth = metric.higher_is_better ? whole - head.score : head.score - whole;
    progress(i + 1, heads.size());
  }
  return heads;
}

HeadSet least_worth(std::vector<HeadWorth> heads, const StackConfig& config,
                    std::optional<std::int64_t> count, std::optional<double> threshold) {
  std::stable_sort(heads.begin(), heads.end(),
                   [](const HeadWorth& a, const HeadWorth& b) { return a.worth < b.worth; });
  HeadSet chosen;
  std::int64_t taken = 0;
  for (const HeadWorth& head : heads) {
    if ((count && taken == *count) || (threshold && head.worth >= *threshold)) {
      break;
    }
    const std::string name = head.attention.name();
    std::vector<int>& list = chosen[name];
    if (list.size() + 1 < present_heads(config, name).size()) {
      list.push_back(head.head);
      ++taken;
    }
  }
  std::erase_if(chosen, [](const auto& item) { return item.second.empty(); });
  for (auto& [name, list] : chosen) {
    std::sort(list.begin(), list.end());
  }
  return chosen;
}

namespace {

template <typename Config>
void check_config_prunable(Config config, void (*check_config)(const Config&)) {
  const std::string name = attentions_of(config).front().name();
  if (present_heads(config, name).size() == static_cast<std::size_t>(config.heads) &&
      config.heads > 1) {
    config.pruned_heads[name] = {0};
    check_config(config);
  }
}

}  // namespace

std::unique_ptr<Generator> without_heads(const LoadedModel& loaded, const HeadSet& heads) {
  if (loaded.kind->has_encoder) {
    return prune_heads(loaded.as<Translator>(), heads);
  }
  return prune_heads(loaded.as<LanguageModel>(), heads);
}

void check_prunable(const LoadedModel& loaded) {
  if (loaded.kind->has_encoder) {
    check_config_prunable(loaded.as<Translator>().config(), check_translator_config);
  } else {
    check_config_prunable(loaded.as<LanguageModel>().config(), check_language_model_config);
  }
}

}  // namespace heed::app
