// heed heads: what each head is worth, and a smaller model without the useless ones.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/decoding_options.h"
#include "apps/heed/file_options.h"
#include "apps/heed/head_looks.h"
#include "apps/heed/head_worth.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/output_file.h"
#include "heed/data/text_encoding.h"
#include "heed/data/text_windows.h"
#include "heed/inspect/heads_page.h"
#include "heed/kernels/kernel.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/metrics/bleu.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/window_scores.h"

namespace heed::app {

namespace {

struct HeadsOptions {
  DecodingOptions decoding;
  std::string source, reference, text;
  TextForm form;
  std::string metric = "loss";
  std::int64_t limit = 0;
  std::optional<std::int64_t> prune;
  std::optional<double> prune_below;
  std::string output, page;
  bool json = false;

  bool prunes() const { return prune || prune_below; }
};

// What the heads are measured on: sentence pairs, or the windows of a text.
struct HeadData {
  ScoredCorpus pairs;
  std::shared_ptr<const TextWindows> windows;  // null: pairs

  std::int64_t size() const {
    return windows != nullptr ? windows->size() : static_cast<std::int64_t>(pairs.sources.size());
  }
};

struct HeadStudy {
  double whole = 0;              // with all heads
  std::vector<HeadWorth> heads;  // the least useful first
  HeadSet pruned;
  std::optional<double> after;  // what the pruned model scores
  std::int64_t parameters_before = 0, parameters_after = 0;
};

bool is_in(const HeadSet& set, const HeadWorth& head) {
  const auto found = set.find(head.attention.name());
  return found != set.end() &&
         std::find(found->second.begin(), found->second.end(), head.head) != found->second.end();
}

std::string kind_in_words(const AttentionPlace& place) {
  return place.cross ? "encoder-decoder attention" : place.stack + " self-attention";
}

void check_options(const HeadsOptions& options) {
  check_usage(!options.prunes() || !options.output.empty(),
              "pruning needs --output DIR, where the smaller model goes");
  check_usage(options.prunes() || options.output.empty(),
              "--output is for the pruned model; add --prune or --prune-below");
  check_usage(!(options.prune && options.prune_below),
              "--prune and --prune-below exclude each other");
  check_usage(
      !options.text.empty() || (!options.source.empty() && !options.reference.empty()),
      "nothing to measure on; give --source and --reference for a translator, or --text for "
      "a language model");
  check_usage(options.text.empty() || options.metric == "loss",
              "--metric {}: a language model is measured by its loss", options.metric);
  check_text_form(options.form);
  check_usage(options.limit >= 0, "--limit {}: expected 0 (all of them) or more", options.limit);
  check_usage(!options.prune || *options.prune > 0, "--prune {}: expected 1 or more",
              options.prune.value_or(0));
}

HeadData data_of(const HeadsOptions& options, const LoadedModel& model) {
  if (options.text.empty()) {
    return {.pairs = read_scored_corpus(model, options.source, options.reference, options.limit),
            .windows = nullptr};
  }
  // One behind the other: what counts is the difference that a head makes.
  const std::int64_t window = model.generator().longest();
  const auto text = encode_text({.files = {options.text}, .form = options.form},
                                *model.tokenizers.target, *context_for(cpu_device).pool);
  return {.pairs = {},
          .windows = std::make_shared<const TextWindows>(
              text, WindowConfig{.window = window,
                                 .stride = window,
                                 .document_mask = options.form.has_documents(),
                                 .most = options.limit * window})};
}

HeadMetric metric_of_text(const LoadedModel& model,
                          const std::shared_ptr<const TextWindows>& windows) {
  BatchConfig batches;
  batches.batch_tokens = std::max(batches.batch_tokens, static_cast<int>(windows->config().window));
  const Tokenizer& tokenizer = *model.tokenizers.target;
  return {false, [=, &tokenizer](const Generator& generator, const ForwardContext& context) {
            return BitsPerCharacter::loss_of(
                window_statistics(generator, windows, tokenizer, batches, context).total());
          }};
}

HeadMetric metric_of(const HeadsOptions& options, const LoadedModel& translator,
                     const HeadData& data) {
  if (data.windows != nullptr) {
    return metric_of_text(translator, data.windows);
  }
  const ScoredCorpus& corpus = data.pairs;
  if (options.metric == "loss") {
    return {false, [&corpus](const Generator& model, const ForwardContext& context) {
              return corpus_loss(model, corpus, context);
            }};
  }
  DecodingConfig config = decoding_config(options.decoding, translator.decoding);
  config.n_best = 1;
  return {
      true, [&corpus, &translator, config](const Generator& model, const ForwardContext& context) {
        const std::vector<std::vector<std::string>> references = {corpus.references};
        LineTranslator lines({model, translator.tokenizers, translator.symbols}, config, context);
        return corpus_bleu(lines.best_of(corpus.sources), references).score;
      }};
}

HeadStudy study(const HeadsOptions& options, const LoadedModel& translator, const HeadData& data) {
  const HeadMetric metric = metric_of(options, translator, data);
  const HeadedModel model = headed_model(translator);
  const MatmulPrecision precision = parse_precision(options.decoding.precision);
  HeadStudy result;
  const bool shown = can_redraw(STDERR_FILENO);
  result.heads = measure_heads(
      model, metric, precision, result.whole, [shown](std::size_t done, std::size_t all) {
        if (shown) {
          fmt::print(stderr, "\r{} of {} heads{}", done, all, done == all ? "\r\033[K" : "");
          std::fflush(stderr);
        }
      });
  if (data.windows != nullptr) {
    const auto patterns = patterns_of_heads(model, *data.windows, precision);
    for (std::size_t i = 0; i < result.heads.size(); ++i) {
      result.heads[i].patterns = patterns.at(i);
    }
  }
  std::stable_sort(result.heads.begin(), result.heads.end(),
                   [](const HeadWorth& a, const HeadWorth& b) { return a.worth < b.worth; });
  result.parameters_before = count_parameters(*translator.module);
  result.parameters_after = result.parameters_before;
  if (options.prunes()) {
    result.pruned = least_worth(result.heads, model.config, options.prune, options.prune_below);
    const auto smaller = without_heads(translator, result.pruned);
    result.after = metric.measure(*smaller, {.precision = precision});
    result.parameters_after = count_parameters(*smaller);
    save_model(*smaller, translator.tokenizers, translator.symbols, translator.decoding,
               options.output);
  }
  return result;
}

std::size_t pruned_count(const HeadStudy& study) {
  std::size_t count = 0;
  for (const auto& [name, heads] : study.pruned) {
    count += heads.size();
  }
  return count;
}

std::string summary_of(const HeadsOptions& options, const HeadStudy& study) {
  return fmt::format("{} of {} heads pruned: {} {:.4f} → {:.4f}, parameters {} → {}; written to {}",
                     pruned_count(study), study.heads.size(), options.metric, study.whole,
                     *study.after, count_text(study.parameters_before),
                     count_text(study.parameters_after), options.output);
}

// What a head looks at, in words; empty where that was not measured, or is nothing simple.
std::string looks_of(const HeadWorth& head) {
  return head.patterns ? pattern_text(*head.patterns) : std::string();
}

std::string table_of(const HeadsOptions& options, const HeadStudy& study) {
  std::string text =
      fmt::format("with all {} heads: {} {:.4f}\n\n{:<26} {:>5} {:>5} {:>9} {:>9}{}\n",
                  study.heads.size(), options.metric, study.whole, "without", "layer", "head",
                  options.metric, "worse by", options.text.empty() ? "" : "  looks at");
  for (const HeadWorth& head : study.heads) {
    const std::string looks = looks_of(head);
    text +=
        fmt::format("{:<26} {:>5} {:>5} {:>9.4f} {:>+9.4f}{}{}{}\n", kind_in_words(head.attention),
                    head.attention.layer + 1, head.head + 1, head.score, head.worth,
                    looks.empty() ? "" : "  ", looks, is_in(study.pruned, head) ? "  pruned" : "");
  }
  return options.prunes() ? text + "\n" + summary_of(options, study) + "\n" : text;
}

Json json_of(const HeadsOptions& options, const HeadStudy& study) {
  Json json = {{"metric", options.metric}, {"all_heads", study.whole}, {"heads", Json::array()}};
  for (const HeadWorth& head : study.heads) {
    json["heads"].push_back({{"attention", head.attention.name()},
                             {"head", head.head},
                             {"without", head.score},
                             {"worse_by", head.worth},
                             {"pruned", is_in(study.pruned, head)}});
    if (head.patterns) {
      json["heads"].back()["looks_at"] = {{"previous_token", head.patterns->previous},
                                          {"itself", head.patterns->itself},
                                          {"first_token", head.patterns->first},
                                          {"same_token", head.patterns->same},
                                          {"induction", head.patterns->induction}};
    }
  }
  if (study.after) {
    json["pruned_model"] = {{"directory", options.output},
                            {options.metric, *study.after},
                            {"parameters_before", study.parameters_before},
                            {"parameters", study.parameters_after},
                            {"pruned_heads", study.pruned}};
  }
  return json;
}

HeadsPage page_of(const HeadsOptions& options, const LoadedModel& translator, const HeadData& data,
                  const HeadStudy& study) {
  const bool loss = options.metric == "loss";
  HeadsPage page{
      .title = "What each head is worth",
      .subtitle = translator.directory.lexically_normal().string(),
      .headlines = {{loss ? "Loss, all heads" : "BLEU, all heads",
                     loss ? fmt::format("{:.4f}", study.whole)
                          : fmt::format("{:.2f}", study.whole)},
                    {"Heads", std::to_string(study.heads.size())},
                    {data.windows != nullptr ? "Windows" : "Pairs", count_text(data.size())}},
      .kinds = data.windows != nullptr
                   ? std::vector<std::string>{"decoder self-attention"}
                   : std::vector<std::string>{"encoder self-attention", "decoder self-attention",
                                              "encoder-decoder attention"},
      .score_name = loss ? "loss" : "BLEU score",
      .unit = loss ? "nats per token" : "points"};
  if (study.after) {
    page.headlines.emplace_back(
        fmt::format("Without {} heads", pruned_count(study)),
        loss ? fmt::format("{:.4f}", *study.after) : fmt::format("{:.2f}", *study.after));
  }
  for (const HeadWorth& head : study.heads) {
    page.rows.push_back({kind_in_words(head.attention), head.attention.layer + 1, head.head + 1,
                         head.score, head.worth, is_in(study.pruned, head), looks_of(head)});
  }
  return page;
}

void run_heads(const HeadsOptions& options) {
  check_options(options);
  std::optional<OutputFile> output;
  if (!options.page.empty()) {
    output.emplace(options.page);
  }
  if (!options.output.empty()) {
    check_new_model_directory(options.output);
  }
  set_thread_count(options.decoding.threads);
  const LoadedModel model = load_model_for(
      "heads", options.text.empty() ? "translation" : "language_modelling", options.decoding.model);
  if (options.prunes()) {
    check_prunable(model);
  }
  const HeadData data = data_of(options, model);
  const HeadStudy result = study(options, model, data);
  if (output) {
    output->write(render_heads_page(page_of(options, model, data, result)));
  }
  write_output(options.json ? json_of(options, result).dump(2) + "\n" : table_of(options, result));
}

}  // namespace

void add_heads_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "heads",
      "Say what each head is worth, and prune the useless ones\n\n"
      "Switches every attention head off, one at a time, and measures a translator on sentence "
      "pairs: the loss with the reference forced, one pass per head, or BLEU, one decoding per "
      "head; "
      "a language model by its loss on a text, in windows as long as it takes, one behind the "
      "other. The table begins with the heads that are missed least. On a text it also names what "
      "a "
      "head looks at, where half of its weights go there: the previous token, itself, the first "
      "token, earlier tokens that are the same, or those behind them (induction).\n\n"
      "--prune takes the N least useful heads out, --prune-below all that are worth less than X; "
      "every attention keeps one. Their rows and columns are gone from the matrices, so the model "
      "in --output is smaller and faster. It is measured again, because heads can stand in for one "
      "another.");
  command->footer(
      "Examples:\n"
      "  heed heads --model run --source val.en --reference val.de\n"
      "  heed heads --model run --source val.en --reference val.de --page heads.html\n"
      "  heed heads --model run --source val.en --reference val.de --prune 8 --output smaller\n"
      "  heed heads --model run -s val.en -r val.de --metric bleu --limit 200 --beam 1 --json\n"
      "  heed heads --model run --text val.txt --limit 50 --page heads.html");
  const auto options = std::make_shared<HeadsOptions>();
  auto* text = command
                   ->add_option("--text", options->text,
                                "The text that a language model is measured on (.gz is read too)")
                   ->type_name(file_value);
  command
      ->add_option("--documents", options->form.documents,
                   std::string("Text: ") + text_documents_help)
      ->check(CLI::IsMember({"none", "line", "blank-line", "file", "json"}))
      ->needs(text)
      ->capture_default_str();
  add_source_option(*command, options->source)->excludes(text);
  add_reference_option(*command, options->reference)->excludes(text);
  command->add_option("--metric", options->metric, "loss, or bleu, which takes longer")
      ->check(CLI::IsMember({"loss", "bleu"}))
      ->capture_default_str();
  command
      ->add_option("--limit", options->limit,
                   "Measure on the first N pairs or windows; 0: all of them")
      ->type_name("N")
      ->capture_default_str();
  auto* prune = command->add_option("--prune", options->prune, "Take out the N least useful heads")
                    ->type_name("N");
  command
      ->add_option("--prune-below", options->prune_below,
                   "Take out the heads without which the score is worse by less than X")
      ->type_name("X")
      ->excludes(prune);
  add_output_directory_option(*command, options->output, "Where the pruned model goes");
  command->add_option("--page", options->page, "Write the result as an HTML page as well")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "Write JSON instead of a table");
  add_decoding_options(*command, options->decoding);
  command->callback([options] { run_heads(*options); });
}

}  // namespace heed::app
