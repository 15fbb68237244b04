#include "heed/generation/generation_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/generation/beam_search.h"
#include "heed/generation/best_candidates.h"
#include "heed/generation/single_path.h"

namespace heed {

namespace {

bool follows_single_paths(const DecodingConfig& config) {
  return config.sample || config.beam == 1;
}

// Hypotheses that a search may have at a time.
std::int64_t width_of(const DecodingConfig& config) {
  return config.sample ? config.n_best : config.beam;
}

// The most tokens that may follow the prompt: the model takes in all but the last of them.
std::int64_t length_limit(const GenerationRequest& request, std::int64_t longest) {
  const std::vector<int>&source = request.prompt.source, &begun = request.prompt.begun;
  const DecodingConfig& config = request.config;
  const std::int64_t length =
      request.prompt.kept
          ? config.max_length
          : std::min<std::int64_t>(config.max_length,
                                   longest - static_cast<std::int64_t>(begun.size()) + 1);
  if (config.max_length_ratio <= 0 || source.empty()) {
    return length;
  }
  const double limit = config.max_length_ratio * static_cast<double>(source.size()) + 10;
  return static_cast<std::int64_t>(std::min(limit, static_cast<double>(length)));
}

// The tokens, or if the model does not take as many, those that are kept and half as many of the
// last as there is room for.
std::vector<int> within_reach(std::vector<int> tokens, const Prompt& prompt, std::int64_t longest) {
  if (!prompt.kept || std::cmp_less_equal(tokens.size(), longest)) {
    return tokens;
  }
  const std::int64_t last = (longest - *prompt.kept + 1) / 2;
  tokens.erase(tokens.begin() + *prompt.kept, tokens.end() - last);
  return tokens;
}

// Sequences one behind the other.
class Packing {
 public:
  void add(std::span<const int> sequence) {
    ids_.insert(ids_.end(), sequence.begin(), sequence.end());
    lengths_.push_back(static_cast<std::int32_t>(sequence.size()));
  }
  std::int64_t count() const { return static_cast<std::int64_t>(lengths_.size()); }
  Inputs inputs() const { return {.ids = id_tensor(ids_), .rows = make_sequences(lengths_)}; }

 private:
  std::vector<std::int32_t> ids_, lengths_;
};

}  // namespace

void check_output_symbols(const OutputSymbols& symbols, std::int64_t vocabulary) {
  check(!symbols.ends.empty(), "decoding: no symbol ends a sequence");
  for (const std::int32_t id : symbols.ends) {
    check(id >= 0 && id < vocabulary, "decoding: symbol {} is outside the vocabulary of {}", id,
          vocabulary);
    check(std::find(symbols.suppressed.begin(), symbols.suppressed.end(), id) ==
              symbols.suppressed.end(),
          "decoding: the end symbol {} cannot be suppressed", id);
  }
}

void check_prompt(const Prompt& prompt, std::int64_t index, std::int64_t longest) {
  check(!prompt.begun.empty(), "decoding: prompt {} has no tokens to go on from", index + 1);
  check(static_cast<std::int64_t>(prompt.source.size()) <= longest,
        "decoding: sentence {} has {} tokens, the model takes {} at most; split it", index + 1,
        prompt.source.size(), longest);
  if (prompt.kept) {
    const auto most = std::min<std::int64_t>(longest - 1, std::ssize(prompt.begun));
    check(*prompt.kept >= 0 && *prompt.kept <= most,
          "decoding: prompt {} keeps its first {} tokens, where {} leave room for others",
          index + 1, *prompt.kept, most);
    return;
  }
  check(static_cast<std::int64_t>(prompt.begun.size()) <= longest,
        "decoding: prompt {} begins with {} tokens, the model takes {} at most", index + 1,
        prompt.begun.size(), longest);
}

GenerationLoop::GenerationLoop(const Generator& model, const OutputSymbols& symbols,
                               const ForwardContext& context, std::int64_t rows)
    : model_(model), symbols_(symbols), context_(context), row_limit_(rows) {
  check_output_symbols(symbols, model.vocabulary_size());
}

void GenerationLoop::add(GenerationRequest request) {
  check_decoding_config(request.config);
  check_prompt(request.prompt, request.index, model_.longest());
  check_usage(!request.on_token || follows_single_paths(request.config),
              "decoding: tokens can be told as they are chosen by greedy decoding and sampling, "
              "not by a beam of {}",
              request.config.beam);
  waiting_.push_back(std::move(request));
}

bool GenerationLoop::step() {
  advance();
  join();
  return !running_.empty() || !waiting_.empty();
}

std::unique_ptr<Search> GenerationLoop::make_search(const GenerationRequest& request) const {
  const std::int64_t length = length_limit(request, model_.longest());
  if (follows_single_paths(request.config)) {
    return std::make_unique<SinglePathSearch>(symbols_, request.config, length, request.index,
                                              request.on_token);
  }
  return std::make_unique<BeamSearch>(symbols_, request.config, length);
}

void GenerationLoop::advance() {
  if (running_.empty()) {
    return;
  }
  std::vector<Running*> going, sliding;
  for (Running& item : running_) {
    (item.held < model_.longest() ? going : sliding).push_back(&item);
  }
  if (going.empty()) {
    session_ = model_.start(context_);
    session_rows_ = 0;
  } else {
    go_on(going);
  }
  if (!sliding.empty()) {
    slide(sliding);
  }
  finish();
}

void GenerationLoop::go_on(std::span<Running* const> items) {
  std::vector<std::int32_t> parents, tokens;
  forget_draws();
  for (Running* item : items) {
    for (std::size_t i = 0; i < item->search->live().size(); ++i) {
      const LiveRow& row = item->search->live()[i];
      add_draw(*item, i, static_cast<std::int64_t>(parents.size()));
      parents.push_back(row.parent);
      tokens.push_back(row.token);
    }
    ++item->held;
  }
  const Tensor logits = session_->advance(parents, tokens);
  session_rows_ = static_cast<std::int64_t>(parents.size());
  extend(items, logits, 0);
}

void GenerationLoop::slide(std::span<Running* const> items) {
  Packing sources, begun;
  forget_draws();
  for (Running* item : items) {
    for (std::size_t i = 0; i < item->search->live().size(); ++i) {
      add_draw(*item, i, begun.count());
      const std::vector<int> left =
          within_reach(tokens_of(*item, i), item->request.prompt, model_.longest());
      sources.add(item->request.prompt.source);
      begun.add(left);
      item->held = std::ssize(left);
    }
  }
  const Tensor logits = session_->add({.source = sources.inputs(), .begun = begun.inputs()});
  const std::int64_t first_row = std::exchange(session_rows_, session_rows_ + begun.count());
  extend(items, logits, first_row);
}

// Those who came first go first, even where one behind them would find room.
void GenerationLoop::join() {
  std::vector<Running*> items;
  Packing sources, begun;
  forget_draws();
  while (!waiting_.empty()) {
    const std::int64_t width = width_of(waiting_.front().config);
    if (rows_taken_ > 0 && width > row_limit_ - rows_taken_) {
      break;
    }
    rows_taken_ += width;
    running_.push_back({.request = std::move(waiting_.front()), .search = nullptr});
    waiting_.pop_front();
    Running& item = running_.back();
    item.search = make_search(item.request);
    for (std::size_t live = 0; live < item.search->live().size(); ++live) {
      add_draw(item, live, begun.count());
    }
    const Prompt& prompt = item.request.prompt;
    const std::vector<int> left = within_reach(prompt.begun, prompt, model_.longest());
    sources.add(prompt.source);
    begun.add(left);
    item.held = std::ssize(left);
    items.push_back(&item);
  }
  if (items.empty()) {
    return;
  }
  if (session_ == nullptr) {
    session_ = model_.start(context_);
    session_rows_ = 0;
  }
  const Tensor logits = session_->add({.source = sources.inputs(), .begun = begun.inputs()});
  const std::int64_t first_row = std::exchange(session_rows_, session_rows_ + begun.count());
  extend(items, logits, first_row);
  finish();
}

void GenerationLoop::forget_draws() {
  draws_.clear();
  rules_.clear();
}

std::vector<int> GenerationLoop::tokens_of(const Running& item, std::size_t live) const {
  std::vector<int> tokens = item.request.prompt.begun;
  const std::vector<int> written = item.search->written(live);
  tokens.insert(tokens.end(), written.begin(), written.end());
  return tokens;
}

void GenerationLoop::add_draw(const Running& item, std::size_t live, std::int64_t row) {
  const DecodingConfig& config = item.request.config;
  Draw& draw = draws_.emplace_back(Draw{.row = row,
                                        .index = item.request.index,
                                        .hypothesis = item.search->live()[live].ordinal,
                                        .step = item.step,
                                        .config = &config});
  if (has_token_rules(config)) {
    if (TokenRules rules = token_rules(config, tokens_of(item, live)); !rules.empty()) {
      draw.rules = &rules_.emplace_back(std::move(rules));
    }
  }
}

void GenerationLoop::extend(std::span<Running* const> items, const Tensor& logits,
                            std::int64_t first_row) {
  const Candidates next = candidates(logits);
  check_numbers(next);
  std::vector<std::int32_t> rows;  // of the session
  for (const Draw& draw : draws_) {
    rows.push_back(static_cast<std::int32_t>(first_row + draw.row));
  }
  std::size_t begin = 0;
  for (Running* item : items) {
    const std::size_t live = item->search->live().size();
    item->search->extend(next, static_cast<std::int64_t>(begin),
                         std::span(rows).subspan(begin, live));
    ++item->step;
    begin += live;
  }
}

Candidates GenerationLoop::candidates(const Tensor& logits) const {
  std::int64_t best = 0;  // how many of the most probable tokens the searches look at
  std::vector<Draw> drawn, ruled;
  for (const Draw& draw : draws_) {
    if (draw.config->sample) {
      drawn.push_back(draw);
    } else if (draw.rules != nullptr) {
      ruled.push_back(draw);
    } else {
      best = std::max<std::int64_t>(best, draw.config->beam == 1 ? 1 : 2 * draw.config->beam);
    }
  }
  if (drawn.empty() && ruled.empty()) {  // a live row each, in their order
    return best_candidates(logits, best, symbols_.suppressed);
  }
  const Candidates samples = draw_candidates(logits, drawn, symbols_.suppressed);
  const Candidates under_rules = ruled_candidates(logits, ruled, symbols_.suppressed);
  const Candidates most_probable =
      best > 0 ? best_candidates(logits, best, symbols_.suppressed) : Candidates();
  Candidates result;
  std::int64_t sample = 0, rule = 0;
  for (const Draw& draw : draws_) {
    const auto row = draw.config->sample     ? samples.row(sample++)
                     : draw.rules != nullptr ? under_rules.row(rule++)
                                             : most_probable.row(draw.row);
    for (const Candidate& candidate : row) {
      result.add(candidate);
    }
    result.end_row();
  }
  return result;
}

void GenerationLoop::check_numbers(const Candidates& candidates) const {
  for (std::size_t i = 0; i < draws_.size(); ++i) {
    check(!std::isnan(candidates.row(static_cast<std::int64_t>(i))[0].log_probability),
          "decoding: the model's output for sentence {} is not a number at token {}; its weights "
          "are damaged or training diverged",
          draws_[i].index + 1, draws_[i].step + 1);
  }
}

void GenerationLoop::finish() {
  std::erase_if(running_, [&](Running& item) {
    if (!item.search->live().empty()) {
      return false;
    }
    rows_taken_ -= width_of(item.request.config);
    if (item.request.on_done) {
      item.request.on_done(item.search->result());
    }
    return true;
  });
  if (running_.empty()) {
    session_ = nullptr;
  }
}

}  // namespace heed
