// heed score: how probable a model finds given translations.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/data/line_reader.h"
#include "heed/nn/generator_loss.h"

namespace heed::app {

namespace {

struct ScoreOptions {
  std::string model;
  std::string source, target, input;
  std::string precision = "float32";
  int threads = 1;
  bool normalize = false;
  bool json = false;
};

// The pairs of two files, or of a table.
class ScoredPairs {
 public:
  explicit ScoredPairs(const ScoreOptions& options)
      : source_(options.source.empty() ? input_path(options.input) : options.source) {
    if (!options.source.empty()) {
      target_.emplace(options.target);
    }
  }

  // Fills both texts; false at the end.
  bool next(std::string& source, std::string& target);

 private:
  LineReader source_;
  std::optional<LineReader> target_;
};

bool ScoredPairs::next(std::string& source, std::string& target) {
  const auto line = source_.next();
  if (!target_) {
    if (line) {
      source = tsv_column(*line, 1, source_);
      target = tsv_column(*line, 2, source_);
    }
    return line.has_value();
  }
  auto other = target_->next();
  if (line.has_value() != other.has_value()) {
    const bool source_is_longer = line.has_value();
    LineReader& longer = source_is_longer ? source_ : *target_;
    const LineReader& shorter = source_is_longer ? *target_ : source_;
    while (longer.next()) {
    }
    fail(ErrorKind::bad_data,
         "{}: {} lines, but {} has {}; each source needs its translation on the same line",
         source_.name(), source_.line_number(), target_->name(),
         source_is_longer ? shorter.line_number() : longer.line_number());
  }
  if (line) {
    source = *line;
    target = *other;
  }
  return line.has_value();
}

// Pairs that are scored at once, packed.
class PairBatch {
 public:
  static constexpr std::size_t token_limit = 8192;

  explicit PairBatch(const LoadedModel& translator) : translator_(translator) {}

  void add(const std::string& source, const std::string& target, std::int64_t number);
  bool full() const { return source_ids_.size() + target_ids_.size() >= token_limit; }
  // Prints the scores and starts anew.
  void finish(const ScoreOptions& options, MatmulPrecision precision);

 private:
  std::vector<std::int32_t> ids_of(const Tokenizer& tokenizer, std::int32_t end,
                                   const std::string& text, const char* side,
                                   std::int64_t number) const;

  const LoadedModel& translator_;
  std::vector<std::int32_t> source_ids_, target_inputs_, target_ids_;
  std::vector<std::int32_t> source_lengths_, target_lengths_;
  std::int64_t first_number_ = 1;
};

std::vector<std::int32_t> PairBatch::ids_of(const Tokenizer& tokenizer, std::int32_t end,
                                            const std::string& text, const char* side,
                                            std::int64_t number) const {
  std::vector<int> ids = tokenizer.encode(text);
  check_data(static_cast<std::int64_t>(ids.size()) < translator_.generator().longest(),
             "pair {}: its {} has {} tokens with the end symbol, the model takes {} at most",
             number, side, ids.size() + 1, translator_.generator().longest());
  ids.push_back(end);
  return ids;
}

void PairBatch::add(const std::string& source, const std::string& target, std::int64_t number) {
  const TextSymbols& symbols = translator_.symbols;
  const auto source_ids =
      ids_of(*translator_.tokenizers.source, symbols.source_end, source, "source", number);
  const auto target_ids =
      ids_of(*translator_.tokenizers.target, symbols.end, target, "target", number);
  source_ids_.insert(source_ids_.end(), source_ids.begin(), source_ids.end());
  target_ids_.insert(target_ids_.end(), target_ids.begin(), target_ids.end());
  target_inputs_.push_back(symbols.start);
  target_inputs_.insert(target_inputs_.end(), target_ids.begin(), target_ids.end() - 1);
  source_lengths_.push_back(static_cast<std::int32_t>(source_ids.size()));
  target_lengths_.push_back(static_cast<std::int32_t>(target_ids.size()));
}

void PairBatch::finish(const ScoreOptions& options, MatmulPrecision precision) {
  if (target_lengths_.empty()) {
    return;
  }
  Prompts prompts;
  prompts.source.ids = id_tensor(source_ids_);
  prompts.source.rows = make_sequences(source_lengths_);
  prompts.begun.ids = id_tensor(target_inputs_);
  prompts.begun.rows = make_sequences(target_lengths_);
  ForwardContext context{.precision = precision};
  const std::vector<double> scores =
      sequence_log_probabilities(translator_.generator(), prompts, id_tensor(target_ids_), context);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    check(std::isfinite(scores[i]),
          "pair {}: its log-probability is not a finite number; the model "
          "is damaged or training diverged",
          first_number_);
    const double per_token = scores[i] / target_lengths_[i];
    if (options.json) {
      const Json json = {{"line", first_number_},
                         {"log_probability", scores[i]},
                         {"tokens", target_lengths_[i]},
                         {"per_token", per_token}};
      write_output(json.dump() + "\n");
    } else {
      write_output(fmt::format("{:.6f}\n", options.normalize ? per_token : scores[i]));
    }
    ++first_number_;
  }
  source_ids_.clear();
  target_inputs_.clear();
  target_ids_.clear();
  source_lengths_.clear();
  target_lengths_.clear();
}

void run_score(const ScoreOptions& options) {
  set_thread_count(options.threads);
  ScoredPairs pairs(options);
  const MatmulPrecision precision = parse_precision(options.precision);
  const LoadedModel translator = load_model_for("score", "translation", options.model, precision);
  PairBatch batch(translator);
  std::string source, target;
  const auto add_pair = [&](std::int64_t number) {
    try {
      const bool found = pairs.next(source, target);
      if (found) {
        batch.add(source, target, number);
      }
      return found;
    } catch (const Error&) {
      batch.finish(options, precision);  // the pairs before
      throw;
    }
  };
  for (std::int64_t number = 1; add_pair(number); ++number) {
    if (batch.full()) {
      batch.finish(options, precision);
    }
  }
  batch.finish(options, precision);
}

}  // namespace

void add_score_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "score",
      "Print the log-probability of given translations\n\n"
      "For each pair the natural logarithm of p(target | source), end symbol included, a number a "
      "line. The pairs stand in two files line by line, or in the first two tab-separated columns "
      "of one. A pair that cannot be scored ends it with exit code 65 after those before it are "
      "answered.");
  command->footer(
      "Examples:\n"
      "  heed score --model run --source test.en --target test.de\n"
      "  paste test.en test.de | heed score --model run --normalize\n"
      "  heed score --model run --json -s test.en -t test.de | jq .per_token");
  const auto options = std::make_shared<ScoreOptions>();
  add_model_option(*command, options->model);
  auto* source = add_source_option(*command, options->source);
  auto* target = add_target_option(*command, options->target);
  source->needs(target);
  target->needs(source);
  add_input_option(*command, options->input, "Pairs in two columns instead")->excludes(source);
  command->add_flag("--normalize", options->normalize,
                    "Divide by the number of target tokens, end symbol included");
  command->add_flag("--json", options->json,
                    "Print a JSON object a line: line, log_probability, tokens, per_token");
  add_computing_options(*command, options->precision, options->threads);
  command->callback([options] { run_score(*options); });
}

}  // namespace heed::app
