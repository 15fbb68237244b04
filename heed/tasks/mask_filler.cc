#include "heed/tasks/mask_filler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "heed/base/error.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

// The text of ids, with the mask where it stands, which decoding leaves out.
std::string text_with_masks(const Tokenizer& tokenizer, std::span<const std::int32_t> ids) {
  std::string text;
  std::vector<int> run;
  const auto add = [&](const std::string& part) {
    text += (text.empty() || part.empty() ? "" : " ") + part;
  };
  const auto finish = [&] {
    add(tokenizer.decode(run));
    run.clear();
  };
  for (const std::int32_t id : ids) {
    if (id == tokenizer.mask_id()) {
      finish();
      add(tokenizer.piece(id));
    } else {
      run.push_back(id);
    }
  }
  finish();
  return text;
}

// Logits of the rows of a batch of one text or more.
Tensor logits_of_rows(const TextEncoder& model, const Inputs& inputs, const Tensor& rows,
                      MatmulPrecision precision) {
  const NoGradientScope no_gradients;
  ForwardContext context{.precision = precision};
  const auto states = model.encode(inputs, context);
  return ops::project(model.masked_states(ops::gather_rows(states.values, rows), context),
                      model.masked_projection(), precision)
      .to(cpu_device);
}

}  // namespace

MaskFiller::MaskFiller(const TextEncoder& model, const Tokenizer& tokenizer,
                       const ForwardContext& context)
    : model_(model), tokenizer_(tokenizer), precision_(context.precision) {
  check_usage(model.config().masked_head,
              "this encoder has no layer that guesses hidden tokens: it was trained for something "
              "else, or saved without that layer");
  check_usage(tokenizer.mask_id() >= 0, "a tokenizer of the kind {} has no mask token",
              tokenizer.kind());
  mask_ = tokenizer.piece(tokenizer.mask_id());
}

std::vector<std::vector<MaskGuess>> MaskFiller::fill(const std::string& text, int count) const {
  const FramedText framed = tokenizer_.frame().put(tokenizer_.encode_marked(text));
  std::vector<std::int32_t> rows;
  for (std::size_t i = 0; i < framed.ids.size(); ++i) {
    if (framed.ids[i] == tokenizer_.mask_id()) {
      rows.push_back(static_cast<std::int32_t>(i));
    }
  }
  check_data(!rows.empty(), "the text has no {} to be filled in: '{}'", mask_, text);
  const std::int32_t length[] = {static_cast<std::int32_t>(framed.ids.size())};
  const Inputs inputs{.ids = id_tensor(framed.ids),
                      .segments = id_tensor(framed.segments),
                      .pixels = {},
                      .rows = make_sequences(length)};
  const Tensor logits = logits_of_rows(model_, inputs, id_tensor(rows), precision_);
  const auto values = logits.values<float>();
  const auto pieces =
      static_cast<std::size_t>(std::min<std::int64_t>(model_.vocabulary_size(), tokenizer_.size()));
  const auto keep = std::min(pieces, static_cast<std::size_t>(std::max(count, 0)));
  std::vector<std::vector<MaskGuess>> result;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto row = values.subspan(r * static_cast<std::size_t>(model_.vocabulary_size()), pieces);
    const double highest = *std::ranges::max_element(row);
    double sum = 0;
    for (const float value : row) {
      sum += std::exp(value - highest);
    }
    std::vector<std::size_t> order(pieces);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep), order.end(),
        [&](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
    std::vector<MaskGuess>& guesses = result.emplace_back();
    for (std::size_t k = 0; k < keep; ++k) {
      const auto id = static_cast<int>(order[k]);
      std::vector<std::int32_t> filled = framed.ids;
      filled[static_cast<std::size_t>(rows[r])] = id;
      guesses.push_back({id, tokenizer_.piece(id), std::exp(row[order[k]] - highest) / sum,
                         text_with_masks(tokenizer_, filled)});
    }
  }
  return result;
}

std::vector<std::int32_t> best_guesses(const TextEncoder& model, const MaskedBatch& batch,
                                       const ForwardContext& context) {
  const Tensor logits = logits_of_rows(model, batch.inputs, batch.masked, context.precision);
  const auto values = logits.values<float>();
  const auto pieces = static_cast<std::size_t>(model.vocabulary_size());
  std::vector<std::int32_t> best;
  for (std::size_t begin = 0; begin < values.size(); begin += pieces) {
    const auto row = values.subspan(begin, pieces);
    best.push_back(static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return best;
}

std::vector<MaskedSample> masked_samples(const TextEncoder& model, const Tokenizer& tokenizer,
                                         const MaskedSource& source,
                                         const ForwardContext& context) {
  constexpr std::size_t most = 6;
  std::vector<std::uint32_t> examples(std::min(most, source.sizes().size()));
  std::iota(examples.begin(), examples.end(), 0u);
  const auto made = source.make(examples, 0);
  const auto& batch = static_cast<const MaskedBatch&>(*made);
  const std::vector<std::int32_t> best = best_guesses(model, batch, context);
  const auto ids = batch.inputs.ids.values<std::int32_t>();
  const auto targets = batch.targets.values<std::int32_t>();
  const auto names = [&](std::span<const std::int32_t> pieces) {
    std::string text;
    for (const std::int32_t id : pieces) {
      text += (text.empty() ? "" : " ") + tokenizer.piece(id);
    }
    return text;
  };
  std::vector<MaskedSample> samples;
  const std::vector<std::int32_t>& offsets = batch.inputs.rows.offsets;
  std::size_t begin = 0;
  for (std::size_t s = 0; s < examples.size(); ++s) {
    const auto end = static_cast<std::size_t>(batch.masked_ends[s]);
    const auto first = static_cast<std::size_t>(offsets[s]);
    samples.push_back(
        {text_with_masks(tokenizer,
                         ids.subspan(first, static_cast<std::size_t>(offsets[s + 1]) - first)),
         names(targets.subspan(begin, end - begin)),
         names(std::span(best).subspan(begin, end - begin))});
    begin = end;
  }
  return samples;
}

}  // namespace heed
