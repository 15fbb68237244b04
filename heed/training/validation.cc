#include "heed/training/validation.h"

#include <algorithm>
#include <cstdio>

#include "heed/autograd/gradient.h"
#include "heed/metrics/bleu.h"

namespace heed {

namespace {

Tensor id_tensor(std::span<const std::int32_t> ids) {
  return Tensor::from_values<std::int32_t>(ids, {static_cast<std::int64_t>(ids.size())});
}

// A piece as a label: pieces for single bytes (<0x4A>) as their character where it has a shape.
std::string label_of(const std::string& piece) {
  unsigned byte = 0;
  if (piece.size() == 6 && std::sscanf(piece.c_str(), "<0x%2X>", &byte) == 1 && byte >= 0x20 &&
      byte < 0x7F) {
    return byte == 0x20 ? "␣" : std::string(1, static_cast<char>(byte));
  }
  return piece;
}

}  // namespace

std::vector<std::string> piece_labels(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> ids) {
  std::vector<std::string> labels;
  for (const std::int32_t id : ids) {
    labels.push_back(label_of(tokenizer.piece(id)));
  }
  return labels;
}

GeneratorExamples examples_of(const TranslationBatch& batch) {
  GeneratorExamples examples;
  auto& [source, begun] = examples.prompts;
  source.ids = id_tensor(batch.source_ids);
  source.rows = make_sequences_from_offsets(batch.source_offsets, batch.example_indices);
  begun.ids = id_tensor(batch.target_input_ids);
  begun.rows = make_sequences_from_offsets(batch.target_offsets, batch.example_indices);
  examples.outputs = id_tensor(batch.target_output_ids);
  return examples;
}

std::vector<std::vector<int>> encode_sources(const Tokenizer& tokenizer, const TextSymbols& symbols,
                                             std::span<const std::string> lines,
                                             std::int64_t longest) {
  std::vector<std::vector<int>> result;
  for (const std::string& line : lines) {
    std::vector<int> ids = tokenizer.encode(line);
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(longest - 1)));
    ids.push_back(symbols.source_end);
    result.push_back(std::move(ids));
  }
  return result;
}

std::vector<std::string> decode_lines(const Generator& model, const TokenizerPair& tokenizers,
                                      const TextSymbols& symbols,
                                      std::span<const std::string> sources,
                                      const DecodingConfig& config, const ForwardContext& context) {
  const auto ids = encode_sources(*tokenizers.source, symbols, sources, model.longest());
  std::vector<std::string> result;
  for (const auto& hypotheses : decode(model, ids, symbols, config, context)) {
    result.push_back(tokenizers.target->decode(hypotheses.front().tokens));
  }
  return result;
}

Validator::Validator(std::shared_ptr<const TokenStore> store, const ParallelCorpus& corpus,
                     TokenizerPair tokenizers, TextSymbols symbols, const BatchConfig& batches,
                     const DecodingConfig& decoding, MatmulPrecision precision)
    : Validator(std::move(store), std::move(tokenizers), std::move(symbols), batches, precision) {
  decoding_ = decoding;
  corpus.for_each([&](const SentencePair& pair) {
    sources_.emplace_back(pair.source);
    references_.emplace_back(pair.target);
  });
}

Validator::Validator(std::shared_ptr<const TokenStore> windows, TokenizerPair tokenizers,
                     TextSymbols symbols, const BatchConfig& batches, MatmulPrecision precision)
    : store_(std::move(windows)),
      tokenizers_(std::move(tokenizers)),
      symbols_(std::move(symbols)),
      plan_(make_ordered_plan(pair_lengths(*store_), batches)),
      precision_(precision) {}

ValidationResult Validator::validate(const Generator& model, bool decode) const {
  const NoGradientScope no_gradients;
  ops::CrossEntropyOptions options;
  options.precision = precision_;
  double loss = 0;
  std::int64_t tokens = 0;
  for (std::int64_t i = 0; i < plan_.size(); ++i) {
    ForwardContext context;
    context.precision = precision_;
    const GeneratorExamples examples = examples_of(make_batch(*store_, plan_.batch(i), symbols_));
    const auto result = generator_loss(model, examples.prompts, examples.outputs, options, context);
    loss += result.sums.plain_loss;
    tokens += result.sums.count;
  }
  ValidationResult result;
  result.loss = loss / static_cast<double>(tokens);
  if (decode && !sources_.empty()) {
    result.translations =
        decode_lines(model, tokenizers_, symbols_, sources_, decoding_, {.precision = precision_});
    const std::vector<std::vector<std::string>> references = {references_};
    result.bleu = corpus_bleu(result.translations, references).score;
  }
  return result;
}

std::vector<AttentionMap> Validator::attention_maps(const Generator& model,
                                                    std::size_t count) const {
  const NoGradientScope no_gradients;
  std::vector<AttentionMap> maps;
  count = sources_.empty() ? 0 : std::min(count, static_cast<std::size_t>(store_->size()));
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t chosen[] = {i};
    const GeneratorExamples examples = examples_of(make_batch(*store_, chosen, symbols_));
    AttentionTrace trace;
    ForwardContext context;
    context.trace = &trace;
    generator_loss(model, examples.prompts, examples.outputs, {}, context);
    // Rows are named by the token that the query is about to produce.
    const auto rows = piece_labels(*tokenizers_.target, examples.outputs.values<std::int32_t>());
    const auto columns =
        piece_labels(*tokenizers_.source, examples.prompts.source.ids.values<std::int32_t>());
    const std::string title = sources_[static_cast<std::size_t>(store_->pair_number(i) - 1)];
    int layer = 0;
    for (const AttentionTrace::Entry& entry : trace.entries) {
      if (!entry.name.ends_with(".cross")) {
        continue;
      }
      ++layer;
      const auto weights = entry.weights.values<float>();
      const std::size_t size = rows.size() * columns.size();
      for (int head = 0; head < entry.heads; ++head) {
        const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(size) * head;
        maps.push_back(
            {.title = title,
             .kind = "encoder-decoder attention",
             .row_labels = rows,
             .column_labels = columns,
             .layer = layer,
             .head = head + 1,
             .weights = std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(size))});
      }
    }
  }
  return maps;
}

}  // namespace heed
