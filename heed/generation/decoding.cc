#include "heed/generation/decoding.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "heed/generation/beam_search.h"
#include "heed/generation/best_candidates.h"
#include "heed/generation/sampling.h"
#include "heed/generation/single_path.h"

namespace heed {

namespace {

void check_source(std::span<const int> source, std::size_t sentence, std::int64_t longest) {
  check(!source.empty(), "decoding: sentence {} has no tokens, not even the end symbol",
        sentence + 1);
  check(static_cast<std::int64_t>(source.size()) <= longest,
        "decoding: sentence {} has {} tokens, the model takes {} at most; split it", sentence + 1,
        source.size(), longest);
}

void check_symbols(const TextSymbols& symbols, std::int64_t vocabulary) {
  for (const std::int32_t id : {symbols.start, symbols.end}) {
    check(id >= 0 && id < vocabulary, "decoding: symbol {} is outside the vocabulary of {}", id,
          vocabulary);
  }
  check(std::find(symbols.suppressed.begin(), symbols.suppressed.end(), symbols.end) ==
            symbols.suppressed.end(),
        "decoding: the end symbol {} cannot be suppressed", symbols.end);
}

// Sentences that are decoded side by side, in one session.
class Batch {
 public:
  Batch(const Generator& model, const TextSymbols& symbols, const DecodingConfig& config,
        std::int64_t first_sentence)
      : model_(model), symbols_(symbols), config_(config), first_sentence_(first_sentence) {}

  void add(std::size_t sentence, std::span<const int> source);
  void run(const ForwardContext& context);
  // Moves each sentence's hypotheses to its place.
  void store(std::vector<std::vector<Hypothesis>>& results) const;

 private:
  std::unique_ptr<Search> make_search(std::int32_t place, std::int64_t source_length) const;
  bool gather_rows();
  Candidates candidates(const Tensor& logits) const;
  void check_numbers(const Candidates& candidates) const;

  const Generator& model_;
  const TextSymbols& symbols_;
  const DecodingConfig& config_;
  std::int64_t first_sentence_;

  std::vector<std::size_t> sentences_;  // their places among the sources
  std::vector<std::unique_ptr<Search>> searches_;
  std::vector<std::int32_t> source_ids_, source_lengths_;
  std::int64_t step_ = 0;
  // Of this step, sentence by sentence.
  std::vector<std::int32_t> parents_, tokens_;
  std::vector<DrawKey> keys_;
};

std::unique_ptr<Search> Batch::make_search(std::int32_t place, std::int64_t source_length) const {
  std::int64_t length = std::min<std::int64_t>(config_.max_length, model_.longest());
  if (config_.max_length_ratio > 0) {
    const double limit = config_.max_length_ratio * static_cast<double>(source_length) + 10;
    length = static_cast<std::int64_t>(std::min(limit, static_cast<double>(length)));
  }
  if (config_.sample || config_.beam == 1) {
    return std::make_unique<SinglePathSearch>(place, symbols_, config_,
                                              config_.sample ? config_.n_best : 1, length);
  }
  return std::make_unique<BeamSearch>(place, symbols_, config_, length);
}

void Batch::add(std::size_t sentence, std::span<const int> source) {
  const auto place = static_cast<std::int32_t>(sentences_.size());
  sentences_.push_back(sentence);
  source_ids_.insert(source_ids_.end(), source.begin(), source.end());
  source_lengths_.push_back(static_cast<std::int32_t>(source.size()));
  searches_.push_back(make_search(place, source_lengths_.back()));
}

bool Batch::gather_rows() {
  parents_.clear();
  tokens_.clear();
  keys_.clear();
  for (std::size_t i = 0; i < searches_.size(); ++i) {
    for (const LiveRow& row : searches_[i]->live()) {
      parents_.push_back(row.parent);
      tokens_.push_back(row.token);
      keys_.push_back({first_sentence_ + static_cast<std::int64_t>(sentences_[i]), row.ordinal});
    }
  }
  return !parents_.empty();
}

Candidates Batch::candidates(const Tensor& logits) const {
  if (config_.sample) {
    return draw_candidates(logits, keys_, step_, symbols_.suppressed, config_);
  }
  return best_candidates(logits, config_.beam == 1 ? 1 : 2 * config_.beam, symbols_.suppressed);
}

void Batch::check_numbers(const Candidates& candidates) const {
  for (std::size_t row = 0; row < keys_.size(); ++row) {
    check(!std::isnan(candidates.row(static_cast<std::int64_t>(row))[0].log_probability),
          "decoding: the model's output for sentence {} is not a number at token {}; its weights "
          "are damaged or training diverged",
          keys_[row].sentence + 1, step_ + 1);
  }
}

void Batch::run(const ForwardContext& context) {
  const auto count = static_cast<std::int64_t>(source_ids_.size());
  Inputs source;
  source.ids =
      Tensor::from_values<std::int32_t>(std::span<const std::int32_t>(source_ids_), {count});
  source.rows = make_sequences(source_lengths_);
  const auto session = model_.start(source, context);
  for (; gather_rows(); ++step_) {
    const Candidates next = candidates(session->advance(parents_, tokens_));
    check_numbers(next);
    std::int64_t first_row = 0;
    for (const auto& search : searches_) {
      const auto rows = static_cast<std::int64_t>(search->live().size());
      if (rows > 0) {
        search->extend(next, first_row);
      }
      first_row += rows;
    }
  }
}

void Batch::store(std::vector<std::vector<Hypothesis>>& results) const {
  for (std::size_t i = 0; i < sentences_.size(); ++i) {
    results[sentences_[i]] = searches_[i]->result();
  }
}

// Batches of at most batch_sentences, and one for each thread at least: threads that decode
// sentences of their own need not wait for each other.
std::size_t batch_count(std::size_t sentences, const DecodingConfig& config,
                        const ThreadPool& pool) {
  const auto most = static_cast<std::size_t>(config.batch_sentences);
  return std::max((sentences + most - 1) / most,
                  std::min(sentences, static_cast<std::size_t>(pool.thread_count())));
}

}  // namespace

void check_decoding_config(const DecodingConfig& config) {
  check_usage(config.beam >= 1 && config.beam <= 1000, "beam: expected 1 to 1000, got {}",
              config.beam);
  check_usage(config.n_best >= 1 && config.n_best <= 1000, "n_best: expected 1 to 1000, got {}",
              config.n_best);
  check_usage(config.sample || config.n_best <= config.beam,
              "n_best: {} translations cannot come from a beam of {}; raise beam to {}",
              config.n_best, config.beam, config.n_best);
  check_usage(std::abs(config.length_penalty) <= 10, "length_penalty: expected -10 to 10, got {}",
              config.length_penalty);
  check_usage(config.lookahead >= 1, "lookahead: expected 1 or more, got {}", config.lookahead);
  check_usage(config.max_length >= 1, "max_length: expected 1 or more, got {}", config.max_length);
  check_usage(std::isfinite(config.max_length_ratio) && config.max_length_ratio >= 0,
              "max_length_ratio: expected 0 or more, got {}", config.max_length_ratio);
  check_usage(std::isfinite(config.temperature) && config.temperature > 0,
              "temperature: expected more than 0, got {}", config.temperature);
  check_usage(config.top_k >= 0, "top_k: expected 0 or more, got {}", config.top_k);
  check_usage(config.top_p > 0 && config.top_p <= 1,
              "top_p: expected more than 0 and at most 1, "
              "got {}",
              config.top_p);
  check_usage(config.batch_sentences >= 1, "batch_sentences: expected 1 or more, got {}",
              config.batch_sentences);
}

std::vector<std::vector<Hypothesis>> decode(
    const Generator& model, std::span<const std::vector<int>> sources, const TextSymbols& symbols,
    const DecodingConfig& config, const ForwardContext& context, std::int64_t first_sentence) {
  check_decoding_config(config);
  check_symbols(symbols, model.vocabulary_size());
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const std::size_t i : order) {
    check_source(sources[i], i, model.longest());
  }
  // The longest first: what takes longest begins first.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sources[a].size() > sources[b].size();
  });
  std::vector<std::vector<Hypothesis>> results(sources.size());
  ThreadPool& pool = *context_for(cpu_device).pool;
  const std::size_t count = batch_count(sources.size(), config, pool);
  // Few batches share out the lengths, so that they take equally long; of many, each has sentences
  // of one length, so that it shrinks late.
  const bool dealt = count < 4 * static_cast<std::size_t>(pool.thread_count());
  pool.run(static_cast<std::int64_t>(count), [&](std::int64_t index) {
    const auto b = static_cast<std::size_t>(index);
    Batch batch(model, symbols, config, first_sentence);
    const std::size_t begin = dealt ? b : order.size() * b / count;
    const std::size_t end = dealt ? order.size() : order.size() * (b + 1) / count;
    for (std::size_t i = begin; i < end; i += dealt ? count : 1) {
      batch.add(order[i], sources[order[i]]);
    }
    batch.run(context);
    batch.store(results);
  });
  return results;
}

}  // namespace heed
