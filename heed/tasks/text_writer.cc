#include "heed/tasks/text_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/incremental_text.h"

namespace heed {

namespace {

// One text as its tokens come.
class TextInProgress {
 public:
  TextInProgress(const Tokenizer& tokenizer, std::span<const int> prompt,
                 const std::vector<std::string>& stops)
      : pieces_(tokenizer, prompt), stops_(&stops) {}

  // What may be shown now that the token is there. It ends at a stop.
  std::string_view add(int id, double log_probability = 0) {
    tokens_.push_back(id);
    told_.push_back({id, pieces_.add(id), log_probability});
    return extend(told_.back().text, false);
  }
  std::string_view finish() { return stopped_ ? std::string_view() : extend(pieces_.rest(), true); }

  bool stopped() const { return stopped_; }
  const std::vector<int>& tokens() const { return tokens_; }
  std::string take() { return std::move(text_); }
  std::vector<WrittenToken> take_pieces() { return std::move(told_); }

 private:
  std::string_view extend(const std::string& fresh, bool last) {
    std::size_t longest = 1;
    for (const std::string& stop : *stops_) {
      longest = std::max(longest, stop.size());
    }
    const std::size_t begin = text_.size() - std::min(text_.size(), longest - 1);
    text_ += fresh;
    std::size_t first = std::string::npos;
    for (const std::string& stop : *stops_) {
      first = std::min(first, text_.find(stop, begin));
    }
    if (first != std::string::npos) {
      text_.resize(first);
      stopped_ = true;
      last = true;
    }
    const std::size_t end = text_.size() - (last ? 0 : held_back());
    const std::size_t shown = std::exchange(shown_, std::max(shown_, end));
    return std::string_view(text_).substr(shown, shown_ - shown);
  }

  // The bytes at the end that a stop may begin with.
  std::size_t held_back() const {
    std::size_t most = 0;
    for (const std::string& stop : *stops_) {
      for (std::size_t size = std::min(stop.size() - 1, text_.size()); size > most; --size) {
        if (text_.ends_with(std::string_view(stop).substr(0, size))) {
          most = size;
        }
      }
    }
    return most;
  }

  IncrementalText pieces_;
  const std::vector<std::string>* stops_;
  std::vector<int> tokens_;
  std::vector<WrittenToken> told_;
  std::string text_;
  std::size_t shown_ = 0;
  bool stopped_ = false;
};

DecodingConfig decoding_of(const WritingConfig& config) {
  DecodingConfig decoding;
  decoding.beam = config.beam;
  // By their mean log-probability texts of unlike lengths can be compared; draws need no order.
  decoding.length_penalty = config.beam > 1 ? 1 : 0;
  decoding.max_length = config.max_tokens;
  decoding.sample = config.beam == 1 && config.temperature > 0;
  decoding.n_best = decoding.sample || config.beam > 1 ? config.samples : 1;
  decoding.temperature = decoding.sample ? config.temperature : 1;
  decoding.top_k = config.top_k;
  decoding.top_p = config.top_p;
  decoding.min_p = config.min_p;
  decoding.repetition_penalty = config.repetition_penalty;
  decoding.no_repeat_ngram = config.no_repeat_ngram;
  decoding.seed = config.seed;
  return decoding;
}

OutputSymbols output_symbols(const TextModel& model) {
  OutputSymbols symbols{.ends = {model.symbols.end}, .suppressed = model.symbols.suppressed};
  symbols.ends.insert(symbols.ends.end(), model.symbols.more_ends.begin(),
                      model.symbols.more_ends.end());
  const std::int32_t unknown = model.tokenizers.target->unknown_id();
  if (unknown >= 0 && std::ranges::count(symbols.ends, unknown) == 0) {
    symbols.suppressed.push_back(unknown);
  }
  return symbols;
}

TextEnd end_of(const Hypothesis& hypothesis, bool stopped, int max_tokens) {
  const auto tokens = static_cast<std::int64_t>(hypothesis.tokens.size());
  return stopped                      ? TextEnd::stop
         : hypothesis.length > tokens ? TextEnd::symbol
         : tokens >= max_tokens       ? TextEnd::length
                                      : TextEnd::context;
}

// A text that was not told token by token.
WrittenText searched_text(const Hypothesis& hypothesis, TextInProgress&& text, int max_tokens) {
  for (const int id : hypothesis.tokens) {
    text.add(id);
  }
  text.finish();
  return {.text = text.take(),
          .log_probability = hypothesis.log_probability,
          .tokens = hypothesis.length,
          .end = end_of(hypothesis, false, max_tokens),
          .pieces = {}};
}

// The symbol that begins a text, if one does, and the prompt's tokens.
std::vector<int> begun_by(const TextModel& model, const std::string& prompt, bool marked) {
  const Tokenizer& tokenizer = *model.tokenizers.target;
  std::vector<int> ids = marked ? tokenizer.encode_marked(prompt) : tokenizer.encode(prompt);
  const int start = model.symbols.start;
  if (start >= 0 && (ids.empty() || ids.front() != start)) {
    ids.insert(ids.begin(), start);
  }
  return ids;
}

}  // namespace

void check_writing_config(const WritingConfig& config) {
  check_usage(config.max_tokens > 0, "max_tokens {}: expected 1 or more", config.max_tokens);
  check_usage(config.samples > 0, "samples {}: expected 1 or more", config.samples);
  check_usage(std::isfinite(config.temperature) && config.temperature >= 0,
              "temperature {}: expected 0 or more", config.temperature);
  const bool draws = config.beam == 1 && config.temperature > 0;
  check_usage(draws || config.beam > 1 || config.samples == 1,
              "samples {}: at temperature 0 all would be the same", config.samples);
  check_usage(draws || (config.top_k == 0 && config.top_p == 1 && config.min_p == 0),
              "top_k, top_p and min_p restrict what is drawn, and nothing is {}",
              config.beam > 1 ? "by a beam" : "at temperature 0");
  check_usage(config.beam == 1 || config.stop.empty(),
              "stop: a beam does not know where a text ends before it is over");
  for (const std::string& stop : config.stop) {
    check_usage(!stop.empty(), "stop: an empty text is everywhere");
  }
  check_decoding_config(decoding_of(config));
}

std::string_view name_of(TextEnd end) {
  constexpr std::string_view names[] = {"symbol", "stop", "length", "context"};
  return names[static_cast<std::size_t>(end)];
}

TextWriter::TextWriter(const TextModel& model, const WritingConfig& config,
                       const ForwardContext& context)
    : model_(model), config_(config), context_(context) {
  check_writing_config(config_);
}

std::vector<std::vector<WrittenText>> TextWriter::write(std::span<const std::string> prompts,
                                                        const OnText& on_text) {
  const Tokenizer& tokenizer = *model_.tokenizers.target;
  std::vector<Prompt> begun;
  std::vector<std::vector<TextInProgress>> texts;
  for (const std::string& prompt : prompts) {
    const std::int64_t number = prompts_before_ + static_cast<std::int64_t>(begun.size()) + 1;
    const auto invalid = find_invalid_utf8(prompt);
    check_data(!invalid, "prompt {}: invalid UTF-8 at byte {}", number, invalid.value_or(0));
    const std::vector<int> ids = begun_by(model_, prompt, config_.marked);
    check_usage(!ids.empty(), "prompt {}: is empty; give it a beginning, be it a line break",
                number);
    const bool slides = config_.context_end == ContextEnd::slide;
    check_usage(slides || std::cmp_less_equal(ids.size(), model_.model.longest()),
                "prompt {}: has {} tokens, the model takes {} at most; shorten it, or let the "
                "oldest make room (context end slide)",
                number, ids.size(), model_.model.longest());
    texts.emplace_back(static_cast<std::size_t>(config_.samples),
                       TextInProgress(tokenizer, ids, config_.stop));
    begun.push_back({.source = {}, .begun = ids});
    if (slides) {
      const bool starts = model_.symbols.start >= 0;
      begun.back().kept = starts && model_.model.longest() > 1 ? 1 : 0;
    }
  }
  const std::int64_t first =
      std::exchange(prompts_before_, prompts_before_ + static_cast<std::int64_t>(prompts.size()));
  const auto show = [&](std::size_t prompt, std::size_t sample, std::string_view text) {
    if (on_text && !text.empty()) {
      on_text(prompt, static_cast<int>(sample), text);
    }
  };
  const OnToken on_token = [&](const TokenEvent& event) {
    const auto prompt = static_cast<std::size_t>(event.index - first);
    const auto sample = static_cast<std::size_t>(event.hypothesis);
    TextInProgress& text = texts[prompt][sample];
    show(prompt, sample, text.add(event.token, event.log_probability));
    return !text.stopped();
  };
  const auto found = generate(model_.model, begun, output_symbols(model_), decoding_of(config_),
                              context_, config_.beam > 1 ? OnToken() : on_token, first);
  std::vector<std::vector<WrittenText>> written(prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (std::size_t k = 0; k < std::min(texts[i].size(), found[i].size()); ++k) {
      TextInProgress& text = texts[i][k];
      if (config_.beam > 1) {
        written[i].push_back(searched_text(found[i][k], std::move(text), config_.max_tokens));
        continue;
      }
      show(i, k, text.finish());
      // They come sorted by their score.
      const auto hypothesis = std::ranges::find(found[i], text.tokens(), &Hypothesis::tokens);
      check(hypothesis != found[i].end(), "prompt {}: a text without its hypothesis", i + 1);
      written[i].push_back({.text = text.take(),
                            .log_probability = hypothesis->log_probability,
                            .tokens = hypothesis->length,
                            .end = end_of(*hypothesis, text.stopped(), config_.max_tokens),
                            .pieces = text.take_pieces()});
    }
  }
  return written;
}

}  // namespace heed
