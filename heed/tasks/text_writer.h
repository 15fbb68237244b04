// Language models that write: prompts to the texts that follow them.
//
//   const LoadedModel model = load_model("run");
//   TextWriter writer({model.generator(), model.tokenizers, model.symbols}, {.temperature = 0.8});
//   writer.write(prompts);  // for each the texts that were asked for
//
// The text of a prompt is what the prompt gives alone, whatever else is written beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/generation/generate.h"
#include "heed/tasks/text_model.h"

namespace heed {

// What becomes of a text, prompt included, that is as long as the model takes (its context).
enum class ContextEnd : std::uint8_t {
  stop,   // it ends; a prompt that is longer is refused
  slide,  // the oldest tokens make room, half of them at a time; the start symbol stays
          // (Prompt::kept)
};

struct WritingConfig {
  int max_tokens = 256;  // of a text, at most
  ContextEnd context_end = ContextEnd::stop;
  int samples = 1;         // texts for each prompt
  int beam = 1;            // above 1: searches for the most probable texts, drawing none
  double temperature = 1;  // divides the logits; 0: always the most probable token
  int top_k = 0;           // draw among the k most probable tokens; 0: all
  double top_p = 1;        // draw among the most probable tokens that hold this share
  double min_p = 0;        // draw among those this many times as probable as the most probable
  double repetition_penalty = 1;  // above 1: what stands there already becomes less probable
  int no_repeat_ngram = 0;        // no run of so many tokens is written twice
  bool marked = false;            // prompts may spell special pieces ("<|im_start|>")
  std::int64_t seed = 1;
  std::vector<std::string> stop;  // a text ends before the first of these that it comes to
};

// Errors (usage) name the value: one that makes no sense, an empty stop.
void check_writing_config(const WritingConfig& config);

enum class TextEnd : std::uint8_t {
  symbol,   // the model ended it
  stop,     // it came to one of WritingConfig::stop
  length,   // it has max_tokens tokens
  context,  // prompt and text together are as long as the model takes (ContextEnd::stop)
};
std::string_view name_of(TextEnd end);

// A token of a text: what it adds to the text that is shown, and log p of it.
struct WrittenToken {
  int id;
  std::string text;
  double log_probability;
};

struct WrittenText {
  std::string text;            // what follows the prompt
  double log_probability = 0;  // of all that was written, the end symbol or the stop included
  std::int64_t tokens = 0;     // of which
  TextEnd end = TextEnd::length;
  std::vector<WrittenToken> pieces;  // all but an end symbol; none of a beam
};

// Hears a text as it is written, in whole characters; together they are WrittenText::text.
using OnText = std::function<void(std::size_t prompt, int sample, std::string_view text)>;

// Thread-safety: one thread at a time; several may share a model and its tokenizers.
class TextWriter {
 public:
  // Keeps references to the model and the tokenizers. Of the context counts what is not training.
  // Errors (usage): a bad configuration.
  TextWriter(const TextModel& model, const WritingConfig& config,
             const ForwardContext& context = {});

  // `samples` texts for each prompt. What is drawn depends on the seed and on how
  // many prompts came before, in this call and in earlier ones. Errors name the prompt: (bad_data)
  // it is no UTF-8; (usage) it is longer than the model takes (ContextEnd::stop), or empty where no
  // symbol begins a text; on_text with a beam.
  std::vector<std::vector<WrittenText>> write(std::span<const std::string> prompts,
                                              const OnText& on_text = {});

 private:
  TextModel model_;
  WritingConfig config_;
  ForwardContext context_;
  std::int64_t prompts_before_ = 0;
};

}  // namespace heed
