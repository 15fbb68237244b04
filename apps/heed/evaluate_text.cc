#include "apps/heed/evaluate_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/text_evaluation.h"

namespace heed::app {

namespace {

std::string lines_of(const TextEvaluation& found) {
  const TextScore& score = found.score;
  return fmt::format(
      "loss: {:.4f} nats per token\n"
      "perplexity: {:.3f} by token, {:.3f} by word, {:.4f} by byte\n"
      "bits per character: {:.3f}\n"
      "predicted: {} tokens, {} words and line ends, {} characters, {} bytes; windows of {}, "
      "stride {}\n",
      score.loss, score.perplexity, score.word_perplexity, score.byte_perplexity,
      score.bits_per_character, count_text(score.tokens), count_text(score.words),
      count_text(score.characters), count_text(score.bytes), found.windows.window,
      found.windows.stride);
}

Json json_of_evaluation(const std::string& text, const TextEvaluation& found) {
  const TextScore& score = found.score;
  return {{"text", text},
          {"window", found.windows.window},
          {"stride", found.windows.stride},
          {"loss", score.loss},
          {"perplexity", score.perplexity},
          {"word_perplexity", score.word_perplexity},
          {"byte_perplexity", score.byte_perplexity},
          {"bits_per_character", score.bits_per_character},
          {"tokens", score.tokens},
          {"words", score.words},
          {"characters", score.characters},
          {"bytes", score.bytes},
          {"unknown_tokens", found.unknown}};
}

}  // namespace

CLI::Option* add_evaluate_text_options(CLI::App& command, EvaluateTextOptions& options) {
  auto* text = command
                   .add_option("--text", options.text,
                               "Measure a language model on this text (.gz is read too)")
                   ->type_name(file_value);
  const auto with_text = [&](CLI::Option* option) { option->needs(text); };
  with_text(command
                .add_option("--window", options.window,
                            "Text: tokens of a window; as many as the model takes if not given")
                ->type_name("N"));
  with_text(command
                .add_option("--stride", options.stride,
                            "Text: tokens from one window to the next; half the window if not "
                            "given, and as long as the window for windows without overlap")
                ->type_name("N"));
  with_text(command
                .add_option("--documents", options.form.documents,
                            std::string("Text: ") + text_documents_help)
                ->check(CLI::IsMember({"none", "line", "blank-line", "file", "json"}))
                ->capture_default_str());
  with_text(command
                .add_option("--json-key", options.form.json_key,
                            "Text, documents json: the key under which the text stands")
                ->type_name("TEXT")
                ->capture_default_str());
  with_text(command.add_flag("--document-mask", options.document_mask,
                             "Text: documents do not see each other"));
  with_text(command.add_flag("--json", options.json, "Text: print the measures as JSON"));
  return text;
}

void run_evaluate_text(const EvaluateTextOptions& options, const std::string& model,
                       const std::string& precision, int threads) {
  check_text_form(options.form);
  check_usage(!options.document_mask || options.form.has_documents(),
              "--document-mask: running text has no documents; add --documents");
  set_thread_count(threads);
  const MatmulPrecision running = parse_precision(precision);
  const LoadedModel loaded =
      load_model_for("evaluate --text", "language_modelling", model, running);
  const auto start = std::chrono::steady_clock::now();
  const TextEvaluation found =
      evaluate_text(loaded, {.files = {options.text}, .form = options.form},
                    {.window = options.window,
                     .stride = options.stride,
                     .document_mask = options.document_mask,
                     .context = {.precision = running}});
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (found.unknown > 0) {
    print_warning(fmt::format(
        "{} of {} tokens stand for what the vocabulary does not know; how well they are foretold "
        "says little of the text",
        count_text(found.unknown), count_text(found.text_tokens)));
  }
  const double seconds = std::max(time.count(), 1e-9);
  fmt::print(stderr, "{} tokens in {:.2f} s: {:.0f} tokens/s ({} threads)\n", found.score.tokens,
             seconds, static_cast<double>(found.score.tokens) / seconds, threads);
  write_output(options.json ? json_of_evaluation(options.text, found).dump() + "\n"
                            : lines_of(found));
}

}  // namespace heed::app
