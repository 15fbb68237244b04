#include "heed/shots/shot_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/shots/continuation_scores.h"
#include "heed/shots/shot_prompts.h"
#include "heed/tasks/text_writer.h"
#include "heed/text/characters.h"

namespace heed {

namespace {

// Where the spaces at the end of a text begin.
std::size_t end_without_spaces(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    const std::size_t begin = character_before(text, end);
    if ((CharacterClasses::get().of(character_at(text, begin).value) & space_class) == 0) {
      break;
    }
    end = begin;
  }
  return end;
}

// A prompt and its endings as tokens. Spaces at the end of the prompt belong to what follows, whose
// tokens are those that the prompt alone does not have.
Continuations tokens_of(const TextModel& model, const std::string& prompt,
                        const std::vector<std::string>& endings) {
  const Tokenizer& tokenizer = *model.tokenizers.target;
  const std::size_t cut = end_without_spaces(prompt);
  const std::string context = prompt.substr(0, cut), spaces = prompt.substr(cut);
  Continuations item{.context = tokenizer.encode_marked(context), .endings = {}};
  const std::size_t known = item.context.size();
  for (const std::string& ending : endings) {
    const std::vector<int> whole = tokenizer.encode_marked(context + spaces + ending);
    item.endings.emplace_back(
        whole.begin() + static_cast<std::ptrdiff_t>(std::min(known, whole.size())), whole.end());
    check_data(!item.endings.back().empty(), "an answer without tokens: '{}'", ending);
  }
  const int start = model.symbols.start;
  if (start >= 0) {
    item.context.insert(item.context.begin(), start);
  } else if (item.context.empty()) {
    item.context.push_back(model.symbols.end);
  }
  return item;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the mean.
double standard_error(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) {
    sum += (value - mean) * (value - mean);
  }
  const auto count = static_cast<double>(values.size());
  return values.size() < 2 ? 0 : std::sqrt(sum / (count - 1) / count);
}

ShotMeasure summarized(const std::string& metric, std::vector<double> values) {
  ShotMeasure measure{.metric = metric, .values = std::move(values)};
  measure.value = mean_of(measure.values);
  measure.error = standard_error(measure.values);
  if (metric == "perplexity") {
    measure.value = std::exp(-measure.value);
    measure.error *= measure.value;
    measure.lower_is_better = true;
  }
  return measure;
}

std::size_t best_of(const std::vector<double>& scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// What is asked of the documents, one after the other.
class ShotAnswers {
 public:
  ShotAnswers(const ShotTask& task, const TextModel& model, const ForwardContext& context,
              ShotResult& result)
      : task_(task),
        model_(model),
        context_(context),
        result_(result),
        values_(task.metrics.size()) {}

  void answer() {
    if (task_.output == ShotOutput::generate_until) {
      write();
    } else {
      score();
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      result_.measures.push_back(summarized(task_.metrics[i].name, std::move(values_[i])));
    }
  }

 private:
  const Json& document(std::size_t i) const { return task_.documents[i]; }

  void score() {
    std::vector<Continuations> items;
    std::vector<std::vector<std::string>> choices;
    for (std::size_t i = 0; i < result_.prompts.size(); ++i) {
      std::vector<std::string> endings;
      if (task_.output == ShotOutput::multiple_choice) {
        choices.push_back(choices_of(task_, document(i)));
        for (const std::string& choice : choices.back()) {
          endings.push_back(task_.target_delimiter + choice);
        }
      } else {
        endings = {targets_of(task_, document(i)).front()};
      }
      items.push_back(tokens_of(model_, result_.prompts[i], endings));
    }
    const auto scores = score_continuations(model_.model, items, context_);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (task_.output == ShotOutput::multiple_choice) {
        choose(i, choices[i], scores[i]);
      } else {
        take_target(scores[i].front());
      }
    }
  }

  void choose(std::size_t i, const std::vector<std::string>& choices,
              const std::vector<ContinuationScore>& scores) {
    std::vector<double> plain, by_length;
    for (std::size_t k = 0; k < choices.size(); ++k) {
      plain.push_back(scores[k].log_probability);
      by_length.push_back(plain.back() / static_cast<double>(decode_utf8(choices[k]).size()));
    }
    const std::size_t answer = answer_of(task_, document(i), choices);
    for (std::size_t m = 0; m < values_.size(); ++m) {
      const auto& used = task_.metrics[m].name == "acc" ? plain : by_length;
      values_[m].push_back(best_of(used) == answer ? 1 : 0);
    }
    result_.answers.push_back(choices[best_of(plain)]);
  }

  void take_target(const ContinuationScore& score) {
    for (std::size_t m = 0; m < values_.size(); ++m) {
      values_[m].push_back(task_.metrics[m].name == "acc" ? (score.greedy ? 1 : 0)
                                                          : score.log_probability);
    }
    result_.answers.emplace_back(score.greedy ? "as expected" : "another");
  }

  void write() {
    TextWriter writer(
        model_,
        {.max_tokens = task_.most_tokens, .temperature = 0, .marked = true, .stop = task_.until},
        context_);
    const auto written = writer.write(result_.prompts);
    for (std::size_t i = 0; i < written.size(); ++i) {
      std::string text = written[i].front().text;
      if (task_.strip) {
        text.erase(0, text.find_first_not_of(" \t\n\r\f\v"));
      }
      text = task_.lower ? to_lower(text) : text;
      for (std::size_t m = 0; m < values_.size(); ++m) {
        values_[m].push_back(matches(task_.metrics[m], text, targets_of(task_, document(i))));
      }
      result_.answers.push_back(std::move(text));
    }
  }

  static std::string normalized(const ShotMetric& metric, std::string text) {
    text = metric.ignore_case ? to_lower(text) : text;
    if (metric.ignore_punctuation) {
      std::erase_if(text, [](char c) {
        return std::string_view("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~").find(c) != std::string::npos;
      });
    }
    return text;
  }
  static double matches(const ShotMetric& metric, const std::string& text,
                        const std::vector<std::string>& targets) {
    return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
      return normalized(metric, text) == normalized(metric, target);
    });
  }

  const ShotTask& task_;
  const TextModel& model_;
  const ForwardContext& context_;
  ShotResult& result_;
  std::vector<std::vector<double>> values_;  // by metric, by document
};

}  // namespace

ShotResult run_shots(const ShotTask& task, const TextModel& model, const ShotOptions& options,
                     const ForwardContext& context) {
  const auto start = std::chrono::steady_clock::now();
  ShotResult result{.task = task.name, .shots = options.shots};
  std::size_t count = task.documents.size();
  if (options.limit > 0) {
    count = std::min(count, static_cast<std::size_t>(options.limit));
  }
  result.prompts = shot_prompts(task, count, options.shots, options.seed);
  ShotAnswers(task, model, context, result).answer();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  result.seconds = time.count();
  return result;
}

}  // namespace heed
