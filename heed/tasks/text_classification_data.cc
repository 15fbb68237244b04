#include "heed/tasks/text_classification_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/number_text.h"
#include "heed/data/stratified.h"
#include "heed/tasks/task_files.h"
#include "heed/text/fingerprint.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

namespace {

// What examples are told apart by, so that each kind of them has its share.
std::vector<std::string> classes_of(const std::vector<LabelledText>& examples,
                                    const std::string& target) {
  if (target == "number") {
    std::vector<double> values;
    for (const LabelledText& example : examples) {
      values.push_back(example.value);
    }
    return classes_by_value(values);
  }
  std::vector<std::string> classes;
  for (const LabelledText& example : examples) {
    std::string all;
    for (const std::string& label : example.labels) {
      all += label + "\n";
    }
    classes.push_back(all);
  }
  return classes;
}

// Takes the examples of these numbers, ascending, out of the others.
std::vector<LabelledText> take_out(std::vector<LabelledText>& examples,
                                   const std::vector<std::uint32_t>& numbers) {
  std::vector<LabelledText> taken, left;
  auto next = numbers.begin();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (next != numbers.end() && *next == i) {
      taken.push_back(std::move(examples[i]));
      ++next;
    } else {
      left.push_back(std::move(examples[i]));
    }
  }
  examples = std::move(left);
  return taken;
}

void check_labels(const std::vector<LabelledText>& examples, const LabelSet& labels) {
  for (const LabelledText& example : examples) {
    for (const std::string& label : example.labels) {
      labels.number_of(label, example.place);
    }
  }
}

std::uint64_t fingerprint_of_examples(const std::vector<LabelledText>& examples) {
  std::string all;
  for (const LabelledText& example : examples) {
    all += fmt::format("{}\x1e{}\x1e{}\x1e{}\x1d", example.text, example.second,
                       fmt::join(example.labels, "\x1f"), example.value);
  }
  return fingerprint_of(all);
}

TokenizerPair learn_tokenizers(const TextClassificationRecipe& recipe,
                               const std::vector<LabelledText>& texts, Progress& progress) {
  const PairStream lines = [&](const PairVisitor& visit) {
    for (const LabelledText& example : texts) {
      visit(example.text, {});
      if (!example.second.empty()) {
        visit(example.second, {});
      }
    }
  };
  return train_tokenizers(recipe.tokenizer, static_cast<std::uint64_t>(recipe.seed), lines,
                          [&](const std::string& remark) { progress.warning(remark); });
}

}  // namespace

void TextClassificationTexts::keep_in(const std::filesystem::path& run) const {
  save_tokenizers_once(tokenizers, run / "tokenizer");
}

ClassificationSets read_classification_sets(const TextClassificationRecipe& recipe) {
  const TextClassificationData& data = recipe.data;
  const auto seed = static_cast<std::uint64_t>(recipe.seed);
  ClassificationSets sets;
  sets.train = read_labelled_texts(files_of(recipe, data.train), data);
  sets.labels = LabelSet::of(sets.train, data);
  check_labels(sets.train, sets.labels);
  if (!data.validation.empty()) {
    sets.validation = read_labelled_texts(files_of(recipe, data.validation), data);
    check_labels(sets.validation, sets.labels);
  } else if (data.validation_share > 0) {
    sets.validation = take_out(sets.train, stratified_share(classes_of(sets.train, data.target),
                                                            data.validation_share, seed));
    check_data(!sets.validation.empty(),
               "{}: {} examples are too few to hold a share of {} out; name data.validation, or "
               "set data.validation_share",
               data.train.front(), sets.train.size(), data.validation_share);
  }
  if (data.examples_per_class > 0) {
    sets.train = take_out(sets.train, some_of_each(classes_of(sets.train, data.target),
                                                   data.examples_per_class, seed));
  } else if (data.train_share < 1) {
    sets.train = take_out(
        sets.train, stratified_share(classes_of(sets.train, data.target), data.train_share, seed));
  }
  check_data(!sets.train.empty(), "{}: no example is left to learn from", data.train.front());
  return sets;
}

void check_text_classification_data(const TextClassificationRecipe& recipe) {
  const ClassificationSets sets = read_classification_sets(recipe);
  if (!recipe.data.test.empty()) {
    check_labels(read_labelled_texts(files_of(recipe, recipe.data.test), recipe.data), sets.labels);
  }
}

std::shared_ptr<const TextClassificationTexts> prepare_text_classification(
    const TextClassificationRecipe& recipe, const TaskPlace& place) {
  auto data = std::make_shared<TextClassificationTexts>();
  data->sets = read_classification_sets(recipe);
  data->tokenizers = prepare_tokenizers(
      recipe.init_from, recipe.tokenizer.kind,
      [&] { return learn_tokenizers(recipe, data->sets.train, place.progress); }, place);
  check_data(data->tokenizers.joint, "{}: a classifier needs tokenizers with one vocabulary",
             recipe.init_from);
  const auto tell = [&](const char* title, const std::vector<LabelledText>& examples) {
    if (!examples.empty()) {
      data->fingerprints[title] = fingerprint_text(fingerprint_of_examples(examples));
      place.progress.line(fmt::format("{}: {} examples", title, count_text(examples.size())));
    }
  };
  tell("training", data->sets.train);
  tell("validation", data->sets.validation);
  return data;
}

Json text_classification_identity(const TextClassificationRecipe& recipe) {
  const ClassificationSets sets = read_classification_sets(recipe);
  return {{"tokenizer", config_to_json(recipe.tokenizer)},
          {"labels", sets.labels.names()},
          {"train", fingerprint_text(fingerprint_of_examples(sets.train))},
          {"validation", fingerprint_text(fingerprint_of_examples(sets.validation))},
          {"init_from", recipe.init_from},
          {"seed", recipe.seed}};
}

std::vector<double> class_weights_of(const TextClassificationRecipe& recipe,
                                     const ClassificationSets& sets) {
  if (recipe.data.class_weights == "none") {
    return {};
  }
  std::vector<double> counts(static_cast<std::size_t>(sets.labels.size()), 0);
  double all = 0;
  for (const LabelledText& example : sets.train) {
    for (const std::string& label : example.labels) {
      counts[static_cast<std::size_t>(sets.labels.number_of(label, example.place))] += 1;
      all += 1;
    }
  }
  std::vector<double> weights;
  for (const double count : counts) {
    // A class of which there is no text has no weight to be balanced.
    weights.push_back(count > 0 ? all / (static_cast<double>(counts.size()) * count) : 1);
  }
  return weights;
}

}  // namespace heed
