#include "heed/generation/generate.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "heed/base/phase.h"
#include "heed/generation/generation_loop.h"
#include "heed/kernels/kernel.h"

namespace heed {

namespace {

// Batches of at most batch_sentences, and one for each thread at least: threads that write
// sequences of their own need not wait for each other.
std::size_t batch_count(std::size_t prompts, const DecodingConfig& config, const ThreadPool& pool) {
  const auto most = static_cast<std::size_t>(config.batch_sentences);
  return std::max((prompts + most - 1) / most,
                  std::min(prompts, static_cast<std::size_t>(pool.thread_count())));
}

// The longest first: what takes longest begins first.
std::vector<std::size_t> by_length(std::span<const Prompt> prompts) {
  std::vector<std::size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto length = [&](std::size_t i) {
    return prompts[i].source.size() + prompts[i].begun.size();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return length(a) > length(b); });
  return order;
}

}  // namespace

std::vector<std::vector<Hypothesis>> generate(const Generator& model,
                                              std::span<const Prompt> prompts,
                                              const OutputSymbols& symbols,
                                              const DecodingConfig& config,
                                              const ForwardContext& context,
                                              const OnToken& on_token, std::int64_t first_index) {
  const Phase phase("decoding");
  check_decoding_config(config);
  check_output_symbols(symbols, model.vocabulary_size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    check_prompt(prompts[i], first_index + static_cast<std::int64_t>(i), model.longest());
  }
  std::mutex mutex;
  OnToken hear;
  if (on_token) {
    hear = [&](const TokenEvent& event) {
      const std::lock_guard lock(mutex);
      return on_token(event);
    };
  }
  const std::vector<std::size_t> order = by_length(prompts);
  std::vector<std::vector<Hypothesis>> results(prompts.size());
  ThreadPool& pool = *context_for(cpu_device).pool;
  const std::size_t count = batch_count(prompts.size(), config, pool);
  // Few batches share out the lengths, so that they take equally long; of many, each has prompts
  // of one length, so that it shrinks late.
  const bool dealt = count < 4 * static_cast<std::size_t>(pool.thread_count());
  pool.run(static_cast<std::int64_t>(count), [&](std::int64_t index) {
    const auto b = static_cast<std::size_t>(index);
    GenerationLoop loop(model, symbols, context);
    const std::size_t begin = dealt ? b : order.size() * b / count;
    const std::size_t end = dealt ? order.size() : order.size() * (b + 1) / count;
    for (std::size_t i = begin; i < end; i += dealt ? count : 1) {
      const std::size_t place = order[i];
      loop.add({.prompt = prompts[place],
                .index = first_index + static_cast<std::int64_t>(place),
                .config = config,
                .on_token = hear,
                .on_done = [&results, place](std::vector<Hypothesis> found) {
                  results[place] = std::move(found);
                }});
    }
    while (loop.step()) {
    }
  });
  return results;
}

std::vector<std::vector<Hypothesis>> translate(
    const Generator& model, std::span<const std::vector<int>> sources, const TextSymbols& symbols,
    const DecodingConfig& config, const ForwardContext& context, std::int64_t first_sentence) {
  check(symbols.start >= 0 && symbols.start < model.vocabulary_size(),
        "decoding: symbol {} is outside the vocabulary of {}", symbols.start,
        model.vocabulary_size());
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    check(!sources[i].empty(), "decoding: sentence {} has no tokens, not even the end symbol",
          i + 1);
    prompts.push_back({.source = sources[i], .begun = {symbols.start}});
  }
  return generate(model, prompts, {.ends = {symbols.end}, .suppressed = symbols.suppressed}, config,
                  context, {}, first_sentence);
}

}  // namespace heed
