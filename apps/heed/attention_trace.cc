#include "apps/heed/attention_trace.h"

#include <algorithm>
#include <utility>

#include "apps/heed/head_worth.h"
#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/models/head_pruning.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/text_writer.h"
#include "heed/text/piece_labels.h"

namespace heed::app {

namespace {

std::vector<std::int32_t> ids_of(const LoadedModel& translator, const Tokenizer& tokenizer,
                                 std::int32_t end, const std::string& text, const char* what) {
  std::vector<int> ids = tokenizer.encode(text);
  check_data(!ids.empty(), "the {} '{}' has no tokens; there is nothing to attend to", what, text);
  check_data(static_cast<std::int64_t>(ids.size()) < translator.generator().longest(),
             "the {} has {} tokens with the end symbol, the model takes {} at most", what,
             ids.size() + 1, translator.generator().longest());
  ids.push_back(end);
  return ids;
}

Sequences one_sequence(std::size_t length) {
  const std::int32_t lengths[] = {static_cast<std::int32_t>(length)};
  return make_sequences(lengths);
}

AttentionLayer layer_of(const AttentionTrace::Entry& entry, const StackConfig& config) {
  AttentionLayer layer;
  for (const int head : present_heads(config, entry.place.name())) {
    layer.heads.push_back(head + 1);
  }
  const auto weights = entry.weights.values<float>();
  layer.weights.assign(weights.begin(), weights.end());
  return layer;
}

}  // namespace

AttentionView trace_attention(const LoadedModel& translator, const std::string& source,
                              const std::optional<std::string>& target,
                              const DecodingConfig& decoding, MatmulPrecision precision) {
  const Tokenizer& tokenizer = *translator.tokenizers.target;
  const auto source_ids = ids_of(translator, *translator.tokenizers.source,
                                 translator.symbols.source_end, source, "sentence");
  std::vector<std::int32_t> target_ids;
  if (target) {
    target_ids = ids_of(translator, tokenizer, translator.symbols.end, *target, "translation");
  } else {
    const std::vector<std::vector<int>> sources = {{source_ids.begin(), source_ids.end()}};
    target_ids = translate(translator.generator(), sources, translator.symbols, decoding,
                           {.precision = precision})
                     .front()
                     .front()
                     .tokens;
    target_ids.push_back(translator.symbols.end);
  }
  std::vector<std::int32_t> inputs = {translator.symbols.start};
  inputs.insert(inputs.end(), target_ids.begin(), target_ids.end() - 1);
  AttentionTrace trace;
  ForwardContext context{.precision = precision};
  context.trace = &trace;
  Prompts prompts;
  prompts.source.ids = id_tensor(source_ids);
  prompts.source.rows = one_sequence(source_ids.size());
  prompts.begun.ids = id_tensor(inputs);
  prompts.begun.rows = one_sequence(inputs.size());
  const NoGradientScope no_gradients;
  translator.generator().hidden(prompts, context);

  const auto source_labels = piece_labels(*translator.tokenizers.source, source_ids);
  const auto output_labels = piece_labels(tokenizer, target_ids);
  auto input_labels = piece_labels(tokenizer, inputs);
  input_labels.front() = "(start)";
  AttentionView view{
      .source = source,
      .target = target ? *target : one_line(tokenizer.decode(target_ids)),
      .stacks = {{"encoder", "encoder self-attention", source_labels, source_labels, {}},
                 {"decoder", "decoder self-attention", output_labels, input_labels, {}},
                 {"cross", "encoder-decoder attention", output_labels, source_labels, {}}}};
  for (const AttentionTrace::Entry& entry : trace.entries) {
    const std::size_t stack = entry.place.cross ? 2 : entry.place.stack == "decoder" ? 1 : 0;
    view.stacks[stack].layers.push_back(layer_of(entry, translator.as<Translator>().config()));
  }
  return view;
}

AttentionView trace_prompt(const LoadedModel& model, const std::string& prompt, int tokens,
                           MatmulPrecision precision) {
  const Tokenizer& tokenizer = *model.tokenizers.target;
  const auto invalid = find_invalid_utf8(prompt);
  check_data(!invalid, "--prompt: invalid UTF-8 at byte {}", invalid.value_or(0));
  std::vector<int> ids = tokenizer.encode(prompt);
  check_usage(!ids.empty(), "the prompt is empty; there is nothing to attend to");
  if (model.symbols.start >= 0 && ids.front() != model.symbols.start) {
    ids.insert(ids.begin(), model.symbols.start);
  }
  check_usage(std::cmp_less_equal(ids.size(), model.generator().longest()),
              "the prompt has {} tokens, the model takes {} at most", ids.size(),
              model.generator().longest());
  std::string text;
  if (tokens > 0) {
    TextWriter writer({model.generator(), model.tokenizers, model.symbols},
                      {.max_tokens = tokens, .temperature = 0}, {.precision = precision});
    WrittenText written = writer.write(std::span(&prompt, 1)).front().front();
    text = std::move(written.text);
    for (const WrittenToken& token : written.pieces) {
      ids.push_back(token.id);
    }
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(model.generator().longest())));
  }
  AttentionTrace trace;
  ForwardContext context{.precision = precision};
  context.trace = &trace;
  Prompts prompts;
  prompts.source = {.ids = id_tensor({}), .rows = one_sequence(0)};
  prompts.begun = {.ids = id_tensor(ids), .rows = one_sequence(ids.size())};
  const NoGradientScope no_gradients;
  model.generator().hidden(prompts, context);
  const auto labels = piece_labels(tokenizer, ids);
  AttentionView view{.source = one_line(prompt),
                     .target = one_line(text),
                     .stacks = {{"decoder", "decoder self-attention", labels, labels, {}}}};
  for (const AttentionTrace::Entry& entry : trace.entries) {
    view.stacks.front().layers.push_back(layer_of(entry, headed_model(model).config));
  }
  return view;
}

}  // namespace heed::app
