#include "heed/tasks/classified_texts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/calibration.h"
#include "heed/metrics/class_metrics.h"
#include "heed/metrics/correlation.h"

namespace heed {

ClassifiedTexts::ClassifiedTexts(std::span<const LabelledText> examples, const Tokenizer& tokenizer,
                                 const LabelSet& labels, const std::string& problem, bool pairs,
                                 const LengthRule& rule)
    : right_(examples.size()),
      class_count_(labels.size()),
      single_(problem == "single_label"),
      regression_(problem == "regression") {
  std::vector<std::vector<FramedText>> framed(examples.size());
  context_for(cpu_device)
      .pool->run(static_cast<std::int64_t>(examples.size()), [&](std::int64_t i) {
        const LabelledText& example = examples[static_cast<std::size_t>(i)];
        auto& result = framed[static_cast<std::size_t>(i)];
        if (pairs) {
          result = {framed_pair(tokenizer, example.text, example.second, rule)};
        } else {
          result = framed_windows(tokenizer, example.text, rule);
        }
      });
  for (std::size_t i = 0; i < examples.size(); ++i) {
    for (FramedText& window : framed[i]) {
      sizes_.push_back({static_cast<std::int32_t>(window.ids.size()), 0});
      windows_.push_back(std::move(window));
      owners_.push_back(static_cast<std::uint32_t>(i));
    }
    for (const std::string& label : examples[i].labels) {
      right_[i].push_back(labels.number_of(label, examples[i].place));
    }
    if (regression_) {
      numbers_.push_back(examples[i].value);
    }
  }
}

LabelTargets ClassifiedTexts::targets_of(std::span<const std::uint32_t> texts) const {
  LabelTargets targets;
  for (const std::uint32_t text : texts) {
    if (single_) {
      targets.classes.push_back(right_[text].front());
    } else if (regression_) {
      targets.values.push_back(static_cast<float>(numbers_[text]));
    } else {
      const std::size_t begin = targets.values.size();
      targets.values.resize(begin + static_cast<std::size_t>(class_count_), 0);
      for (const std::int32_t label : right_[text]) {
        targets.values[begin + static_cast<std::size_t>(label)] = 1;
      }
    }
  }
  return targets;
}

std::unique_ptr<Batch> ClassifiedTexts::make(std::span<const std::uint32_t> windows,
                                             std::int64_t) const {
  auto batch = std::make_unique<ClassifiedBatch>();
  std::vector<const FramedText*> texts;
  std::vector<std::int64_t> names;
  std::vector<std::uint32_t> owners;
  for (const std::uint32_t window : windows) {
    texts.push_back(&windows_[window]);
    names.push_back(window);
    owners.push_back(owners_[window]);
  }
  batch->inputs = packed_inputs(texts, names);
  batch->targets = targets_of(owners);
  batch->predictions = static_cast<std::int64_t>(windows.size());
  batch->tokens = batch->inputs.rows.tokens();
  return batch;
}

Scores scores_of(const HeadedEncoder& model, std::span<const FramedText> texts,
                 std::int64_t batch_tokens, ForwardContext context) {
  const NoGradientScope no_gradients;
  context.training = false;
  const auto adapted = model.adapted();
  Scores result{.count = score_count(model.config().head)};
  for_each_run(texts, batch_tokens, [&](std::size_t begin, std::size_t end) {
    std::vector<const FramedText*> some;
    std::vector<std::int64_t> names;
    for (std::size_t i = begin; i < end; ++i) {
      some.push_back(&texts[i]);
      names.push_back(static_cast<std::int64_t>(i));
    }
    const Inputs inputs = packed_inputs(some, names);
    const std::vector<double> values =
        model.scores(model.encode(inputs, context), context).to_doubles();
    result.values.insert(result.values.end(), values.begin(), values.end());
  });
  return result;
}

Scores scores_of(const HeadedEncoder& model, const ClassifiedTexts& texts,
                 std::int64_t batch_tokens, const ForwardContext& context) {
  const Scores windows = scores_of(model, texts.windows(), batch_tokens, context);
  if (texts.windows().size() == texts.texts()) {
    return windows;
  }
  const auto count = static_cast<std::size_t>(windows.count);
  std::vector<double> sums(texts.texts() * count, 0);
  std::vector<double> numbers(texts.texts(), 0);
  for (std::size_t w = 0; w < texts.owners().size(); ++w) {
    const std::size_t owner = texts.owners()[w];
    numbers[owner] += 1;
    for (std::size_t c = 0; c < count; ++c) {
      sums[owner * count + c] += windows.row(w)[c];
    }
  }
  Scores result{.count = windows.count};
  for (std::size_t i = 0; i < sums.size(); ++i) {
    result.values.push_back(static_cast<float>(sums[i] / numbers[i / count]));
  }
  return result;
}

std::vector<std::int32_t> chosen_classes(std::span<const float> scores,
                                         const std::string& problem) {
  if (problem == "single_label") {
    return {
        static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin())};
  }
  std::vector<std::int32_t> chosen;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (scores[c] > 0) {
      chosen.push_back(static_cast<std::int32_t>(c));
    }
  }
  return chosen;
}

std::vector<double> class_probabilities(std::span<const float> scores, const std::string& problem) {
  if (problem == "single_label") {
    return probabilities_of(scores, static_cast<std::int64_t>(scores.size()));
  }
  std::vector<double> result;
  for (const float score : scores) {
    result.push_back(1 / (1 + std::exp(-static_cast<double>(score))));
  }
  return result;
}

SentenceStatistics label_statistics(const ClassifiedTexts& texts, const Scores& scores,
                                    const std::string& problem) {
  if (problem == "regression") {
    std::vector<double> right;
    for (std::size_t i = 0; i < texts.texts(); ++i) {
      right.push_back(texts.number(i));
    }
    return correlation_statistics(std::vector<double>(scores.values.begin(), scores.values.end()),
                                  right);
  }
  SentenceStatistics rows(class_columns(scores.count));
  for (std::size_t i = 0; i < texts.texts(); ++i) {
    rows.append(class_row(chosen_classes(scores.row(i), problem), texts.classes(i), scores.count));
  }
  return rows;
}

}  // namespace heed
