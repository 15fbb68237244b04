#include "heed/tasks/translation_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/data/held_lines.h"
#include "heed/data/text_pairs.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_parts = 5;         // of a corpus without chosen lengths
constexpr std::size_t fewest_in_a_part = 20;  // sentences

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

}  // namespace

TranslationSet read_translation_set(std::string name, const CorpusFiles& files) {
  TranslationSet set{.name = std::move(name), .corpus = ParallelCorpus(files)};
  for_each_held(set.corpus, [&](const SentencePair& pair) {
    set.sources.emplace_back(pair.source);
    set.references.emplace_back(pair.target);
  });
  return set;
}

void add_toy_length(const ToyTaskConfig& toy, double multiple, const fs::path& directory,
                    DividedSets& divided) {
  const auto length = static_cast<std::size_t>(
      std::max(1.0, std::round(multiple * static_cast<double>(toy.maximum_length))));
  const std::string name = fmt::format("length-{}", length);
  CorpusFiles files;
  files.source = {(directory / "data" / (name + ".source")).string()};
  files.target = {(directory / "data" / (name + ".target")).string()};
  write_parallel_text(
      make_toy_pairs_of_length(toy, length, static_cast<std::size_t>(toy.test_pairs)),
      files.source[0], files.target[0]);
  divided.buckets.push_back({.label = fmt::format("{} ({}x)", length, multiple),
                             .length = static_cast<double>(length),
                             .beyond = length > static_cast<std::size_t>(toy.maximum_length),
                             .set = divided.sets.size()});
  divided.sets.push_back(read_translation_set(name, files));
}

void divide_by_length(const Tokenizer& tokenizer, const std::vector<double>& multiples,
                      std::int64_t training_length, DividedSets& divided) {
  std::vector<std::size_t> lengths, ends;
  for (const std::string& source : divided.sets[0].sources) {
    lengths.push_back(tokenizer.encode(source).size());
  }
  std::vector<std::size_t> sorted = lengths;
  std::sort(sorted.begin(), sorted.end());
  for (const double multiple : multiples) {
    ends.push_back(
        static_cast<std::size_t>(std::round(multiple * static_cast<double>(training_length))));
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
    bucket.beyond = begin >= static_cast<std::size_t>(training_length);
    begin = end;
    if (!bucket.sentences.empty()) {
      bucket.length /= static_cast<double>(bucket.sentences.size());
      divided.buckets.push_back(std::move(bucket));
    }
  }
}

}  // namespace heed
