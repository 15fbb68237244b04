#include "apps/heed/test_sets.h"

#include <algorithm>
#include <cmath>

#include "apps/heed/run_directory.h"
#include "apps/heed/text_tests.h"
#include "heed/base/files.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/training/validation.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_parts = 5;         // of a corpus without chosen lengths
constexpr std::size_t fewest_in_a_part = 20;  // sentences

TestSet read_set(std::string name, const CorpusFiles& files) {
  TestSet set{.name = std::move(name), .corpus = ParallelCorpus(files)};
  set.corpus->for_each([&](const SentencePair& pair) {
    set.sources.emplace_back(pair.source);
    set.references.emplace_back(pair.target);
  });
  return set;
}

// Sequences of a task that have this many symbols, as a set and as a bucket.
void add_length_set(const ToyTaskConfig& task, double multiple, const fs::path& directory,
                    TestPlan& plan) {
  const auto length = static_cast<std::size_t>(
      std::max(1.0, std::round(multiple * static_cast<double>(task.maximum_length))));
  const std::string name = fmt::format("length-{}", length);
  CorpusFiles files;
  files.source = {(directory / "data" / (name + ".source")).string()};
  files.target = {(directory / "data" / (name + ".target")).string()};
  write_parallel_text(
      make_toy_pairs_of_length(task, length, static_cast<std::size_t>(task.test_pairs)),
      files.source[0], files.target[0]);
  plan.buckets.push_back({.label = fmt::format("{} ({}x)", length, multiple),
                          .length = static_cast<double>(length),
                          .beyond = length > static_cast<std::size_t>(task.maximum_length),
                          .set = plan.sets.size()});
  plan.sets.push_back(read_set(name, files));
}

// The upper ends of parts with about equally many of the sorted lengths.
std::vector<std::size_t> even_ends(const std::vector<std::size_t>& sorted) {
  const std::size_t parts =
      std::clamp(sorted.size() / fewest_in_a_part, std::size_t{1}, most_parts);
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= parts; ++i) {
    const std::size_t end = sorted[sorted.size() * i / parts - 1];
    if (ends.empty() || end > ends.back()) {
      ends.push_back(end);
    }
  }
  return ends;
}

void divide_by_length(const Tokenizer& tokenizer, const std::vector<double>& multiples,
                      TestPlan& plan) {
  std::vector<std::size_t> lengths, ends;
  for (const std::string& source : plan.sets[0].sources) {
    lengths.push_back(tokenizer.encode(source).size());
  }
  std::vector<std::size_t> sorted = lengths;
  std::sort(sorted.begin(), sorted.end());
  for (const double multiple : multiples) {
    ends.push_back(
        static_cast<std::size_t>(std::round(multiple * static_cast<double>(plan.training_length))));
  }
  if (multiples.empty()) {
    ends = even_ends(sorted);
  } else if (ends.back() < sorted.back()) {
    ends.push_back(sorted.back());
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    LengthBucket bucket{.label = begin == 0 ? fmt::format("≤ {}", end)
                                            : fmt::format("{}–{}", begin + 1, end)};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      if (lengths[i] <= end && (begin == 0 || lengths[i] > begin)) {
        bucket.sentences.push_back(i);
        bucket.length += static_cast<double>(lengths[i]);
      }
    }
    bucket.beyond = begin >= static_cast<std::size_t>(plan.training_length);
    begin = end;
    if (!bucket.sentences.empty()) {
      bucket.length /= static_cast<double>(bucket.sentences.size());
      plan.buckets.push_back(std::move(bucket));
    }
  }
}

// Translates one part of a set; what the model refuses stays empty. Returns the refusal.
std::string decode_part(const TestSet& set, const std::vector<std::size_t>& part,
                        const Recipe& recipe, const TrainedModel& model,
                        std::vector<std::string>& translations) {
  std::vector<std::string> sources;
  std::size_t longest = 0;
  for (const std::size_t i : part) {
    sources.push_back(set.sources[i]);
    longest = std::max(longest, model.tokenizers.target->encode(set.references[i]).size());
  }
  DecodingConfig decoding = recipe.decoding;
  decoding.n_best = 1;
  // A right answer must not be cut off; a few tokens more show one that does not end.
  decoding.max_length = std::max(decoding.max_length, static_cast<int>(longest) + 10);
  try {
    const auto texts = decode_lines(*model.model, model.tokenizers, model.symbols, sources,
                                    decoding, {.precision = parse_precision(recipe.precision)});
    for (std::size_t i = 0; i < part.size(); ++i) {
      translations[part[i]] = texts[i];
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::failure) {
      throw;
    }
    return error.what();
  }
  return {};
}

std::optional<double> loss_on(const TestSet& set, const Recipe& recipe, const TrainedModel& model,
                              const fs::path& directory) {
  const LengthConfig length{.longest = recipe.model.max_length, .too_long = "cut"};
  const auto encoded =
      open_encoded_corpus(directory / "cache" / (set.name + ".tokens"), *set.corpus,
                          model.tokenizers, length, *context_for(cpu_device).pool);
  BatchConfig batches = recipe.batches;
  batches.batch_tokens = std::max(batches.batch_tokens, length.longest);
  const Validator validator(encoded.store, *set.corpus, model.tokenizers, model.symbols, batches,
                            recipe.decoding, parse_precision(recipe.precision));
  try {
    const double loss = validator.validate(*model.model, false).loss;
    return std::isfinite(loss) ? std::optional(loss) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::failure) {
      throw;
    }
    return std::nullopt;
  }
}

// The parts of a set that are decoded by themselves, so that a refusal touches no other.
std::vector<std::vector<std::size_t>> parts_of(const TestPlan& plan, std::size_t set) {
  std::vector<std::vector<std::size_t>> parts;
  for (const LengthBucket& bucket : plan.buckets) {
    if (bucket.set == set && !bucket.sentences.empty()) {
      parts.push_back(bucket.sentences);
    }
  }
  if (parts.empty()) {
    parts.emplace_back(plan.sets[set].sources.size());
    for (std::size_t i = 0; i < parts[0].size(); ++i) {
      parts[0][i] = i;
    }
  }
  return parts;
}

SetResult run_set(const TestPlan& plan, std::size_t number, const Recipe& recipe,
                  const TrainedModel& model, const fs::path& directory, const fs::path& run) {
  const TestSet& set = plan.sets[number];
  if (set.windows) {
    return score_windows(*set.windows, recipe, model);
  }
  SetResult result;
  std::vector<std::string> translations(set.sources.size());
  for (const auto& part : parts_of(plan, number)) {
    const std::string refusal = decode_part(set, part, recipe, model, translations);
    result.refusal = result.refusal.empty() ? refusal : result.refusal;
  }
  result.loss = loss_on(set, recipe, model, directory);
  if (recipe.data.task.kind.empty()) {
    const std::vector<std::vector<std::string>> references = {set.references};
    result.statistics = Bleu().statistics(translations, references);
  } else {
    result.statistics = sequence_statistics(translations, set.references);
  }
  std::string text;
  for (const std::string& line : translations) {
    text += line + "\n";
  }
  make_directory(run / "test");
  write_file_atomically(run / "test" / (set.name + ".txt"), text);
  return result;
}

}  // namespace

TestPlan plan_tests(const Recipe& recipe, const std::vector<double>& multiples,
                    const TrainingData& data, const fs::path& directory) {
  if (learns_text(recipe)) {
    return plan_text_tests(recipe, multiples, data, directory);
  }
  const CorpusPlaces places = corpora_of(recipe, directory);
  check_usage(has_files(places.test) || has_files(places.validation),
              "nothing to compare on: name data.test, or at least data.validation");
  TestPlan plan;
  plan.sets.push_back(has_files(places.test) ? read_set("test", places.test)
                                             : read_set("validation-as-test", places.validation));
  const ToyTaskConfig& task = recipe.data.task;
  if (!task.kind.empty()) {
    plan.measures.metric = std::make_shared<Share>(Share::exact_match());
    plan.measures.by_length = std::make_shared<Share>(Share::token_accuracy());
    plan.measures.breaks.below = 90;
    plan.measures.share_of = "tokens";
    plan.length_unit = "symbols";
    plan.training_length = task.maximum_length;
    for (const double multiple : multiples) {
      add_length_set(task, multiple, directory, plan);
    }
  } else {
    plan.measures.metric = std::make_shared<Bleu>();
    plan.length_unit = "tokens";
    for (std::int64_t i = 0; i < data.train->size(); ++i) {
      plan.training_length =
          std::max(plan.training_length, static_cast<std::int64_t>(data.train->source(i).size()));
    }
  }
  plan.measures.length_note =
      fmt::format("Columns: {} of the source. The longest trained on has {}.", plan.length_unit,
                  plan.training_length);
  if (plan.buckets.empty()) {
    divide_by_length(*data.tokenizers.source, multiples, plan);
  }
  return plan;
}

Json content_of(const TestPlan& plan) {
  Json content = Json::array();
  for (const TestSet& set : plan.sets) {
    content.push_back(fmt::format(
        "{} {:016x}", set.name, set.windows ? set.windows->identity() : set.corpus->fingerprint()));
  }
  for (const LengthBucket& bucket : plan.buckets) {
    content.push_back(bucket.label);
  }
  return content;
}

std::vector<SetResult> run_tests(const TestPlan& plan, const Recipe& recipe,
                                 const TrainedModel& model, const fs::path& directory,
                                 const fs::path& run) {
  std::vector<SetResult> results;
  for (std::size_t set = 0; set < plan.sets.size(); ++set) {
    results.push_back(run_set(plan, set, recipe, model, directory, run));
  }
  return results;
}

}  // namespace heed::app
