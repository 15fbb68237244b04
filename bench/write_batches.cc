// Writes the training batches that heed and other frameworks are measured on.
//
//   heed_write_batches --source train.en --target train.de --count 24 batches.txt
//
// Learns a joint vocabulary of 8,000 pieces from the text and fills batches of 4,096 tokens a side,
// as `heed train` does. Without --source and --target the sentences are made of random tokens, with
// lengths as in captions of pictures, or all of one --length; the work of a training step depends
// on lengths alone.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "batch_file.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/data/batching.h"
#include "heed/data/encoded_corpus.h"
#include "heed/kernels/kernel.h"
#include "heed/text/tokenizer_kinds.h"

namespace {

using namespace heed;

constexpr int vocabulary_size = 8000;

bench::BatchFile batches_of_text(const std::string& source, const std::string& target, int count,
                                 const std::filesystem::path& store_path) {
  CorpusFiles files;
  files.source = {source};
  files.target = {target};
  const ParallelCorpus corpus(files);
  TokenizerConfig config;
  config.vocabulary_size = vocabulary_size;
  const TokenizerPair tokenizers = train_tokenizers(config, 1, corpus.stream());
  const auto encoded =
      open_encoded_corpus(store_path, corpus, tokenizers, {}, *context_for(cpu_device).pool);
  const TokenStore& store = *encoded.store;
  const auto sentence = [](std::span<const std::int32_t> ids, std::int32_t end) {
    std::vector<std::int32_t> result(ids.begin(), ids.end());
    result.push_back(end);
    return result;
  };
  std::vector<ExampleSize> sizes;
  for (std::int64_t i = 0; i < store.size(); ++i) {
    sizes.push_back({static_cast<std::int32_t>(store.source(i).size()) + 1,
                     static_cast<std::int32_t>(store.target(i).size()) + 1});
  }
  bench::BatchFile file;
  file.vocabulary = tokenizers.target->size();
  file.padding = tokenizers.target->pad_id();
  const BatchPlan plan = make_plan(sizes, {}, 1, 0);
  for (std::int64_t b = 0; b < count; ++b) {
    bench::BatchIds batch;
    for (const std::uint32_t example : plan.batch(b % plan.size())) {
      batch.sources.push_back(sentence(store.source(example), tokenizers.source->end_id()));
      batch.targets.push_back(sentence(store.target(example), tokenizers.target->end_id()));
    }
    file.batches.push_back(std::move(batch));
  }
  return file;
}

// Lengths as those of Multi30k's English captions and their German translations: about
// log-normal, 15 tokens on average.
std::vector<ExampleSize> lengths_of_captions(int count) {
  Random random(1);
  std::vector<ExampleSize> lengths(static_cast<std::size_t>(count) * 512);
  for (ExampleSize& length : lengths) {
    const double source = std::exp(2.66 + 0.32 * random.normal());
    const double target = source * std::exp(0.02 + 0.17 * random.normal());
    length.first = static_cast<std::int32_t>(std::clamp(source, 3.0, 60.0));
    length.second = static_cast<std::int32_t>(std::clamp(target, 3.0, 60.0));
  }
  return lengths;
}

std::vector<ExampleSize> lengths_of_one(int count, int length) {
  const int sentences = count * std::max(1, BatchConfig().batch_tokens / length);
  return std::vector<ExampleSize>(static_cast<std::size_t>(sentences), ExampleSize{length, length});
}

bench::BatchFile batches_of_random_tokens(int count, const std::vector<ExampleSize>& lengths) {
  bench::BatchFile file;
  file.vocabulary = vocabulary_size;
  file.padding = vocabulary_size - 1;
  constexpr std::int32_t end = 0;
  Random random(1);
  const auto sentence = [&](std::int32_t length) {
    std::vector<std::int32_t> ids;
    for (std::int32_t i = 0; i + 1 < length; ++i) {
      ids.push_back(1 + static_cast<std::int32_t>(random.below(vocabulary_size - 2)));
    }
    ids.push_back(end);
    return ids;
  };
  const BatchPlan plan = make_plan(lengths, {}, 1, 0);
  for (std::int64_t b = 0; b < count; ++b) {
    bench::BatchIds batch;
    for (const std::uint32_t example : plan.batch(b)) {
      batch.sources.push_back(sentence(lengths[example].first));
      batch.targets.push_back(sentence(lengths[example].second));
    }
    file.batches.push_back(std::move(batch));
  }
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes training batches as text");
  std::string source, target, output;
  int count = 24, length = 0;
  app.add_option("--source", source, "Text to train on, a sentence a line");
  app.add_option("--target", target, "Its translation");
  app.add_option("--count", count, "Batches")->check(CLI::PositiveNumber);
  app.add_option("--length", length, "Tokens of every random sentence; 0: as in captions")
      ->check(CLI::NonNegativeNumber);
  app.add_option("output", output, "The file to write")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    register_cpu_backend();
    check_usage(source.empty() == target.empty(), "--source and --target go together");
    check_usage(source.empty() || length == 0, "--length is for random tokens, without --source");
    const std::filesystem::path store_path = output + ".tokens";
    const auto lengths = length > 0 ? lengths_of_one(count, length) : lengths_of_captions(count);
    bench::write_batch_file(output, source.empty()
                                        ? batches_of_random_tokens(count, lengths)
                                        : batches_of_text(source, target, count, store_path));
    std::filesystem::remove(store_path);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "heed_write_batches: %s\n", error.what());
    return exit_code(error.kind());
  }
}
