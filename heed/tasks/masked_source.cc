#include "heed/tasks/masked_source.h"

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/random.h"

namespace heed {

namespace {

constexpr std::int64_t least_half = 4;  // tokens of each half of a pair

}  // namespace

void check_masked_windows(const MaskedWindows& windows) {
  check_usage(
      windows.pairs == "none" || windows.pairs == "next_sentence" || windows.pairs == "order",
      "data.pairs '{}': expected none, next_sentence or order", windows.pairs);
  const std::int64_t least = windows.pairs == "none" ? 3 : 3 + 2 * least_half;
  check_usage(windows.window >= least, "data.window: must be at least {}, got {}", least,
              windows.window);
}

MaskedSource::MaskedSource(std::shared_ptr<const TokenText> text, const MaskedWindows& windows,
                           std::shared_ptr<const Masking> masking, const Tokenizer& tokenizer,
                           std::uint64_t seed)
    : text_(std::move(text)),
      config_(windows),
      masking_(std::move(masking)),
      frame_(tokenizer.frame()),
      begin_(tokenizer.begin_id().value_or(-1)),
      end_(tokenizer.end_id()),
      seed_(seed) {
  check_masked_windows(windows);
  const bool pairs = windows.pairs != "none";
  check_data(!pairs || !text_->documents().empty(),
             "data.pairs {}: the text has no documents; say in data.documents where they end",
             windows.pairs);
  cut_documents();
  if (pairs || (config_.document_mask && !documents_.empty())) {
    check_data(windows.pairs != "next_sentence" || documents_.size() > 1,
               "data.pairs next_sentence: the text is one document, and halves come from others");
    for (std::uint32_t d = 0; d < documents_.size(); ++d) {
      cut_windows(documents_[d].begin, documents_[d].end, d);
    }
  } else {
    cut_windows(0, text_->size(), 0);
  }
  check_data(!windows_.empty(), "the text has no window of {} tokens or more",
             pairs ? 2 * least_half : 1);
  for (const Window& window : windows_) {
    sizes_.push_back({static_cast<std::int32_t>(window.end - window.begin) +
                          static_cast<std::int32_t>(frame_.specials(pairs)),
                      0});
  }
}

// Without the symbols around them; those without tokens are left out.
void MaskedSource::cut_documents() {
  const auto begins = text_->documents();
  for (std::size_t d = 0; d < begins.size(); ++d) {
    auto begin = static_cast<std::int64_t>(begins[d]);
    std::int64_t end =
        d + 1 < begins.size() ? static_cast<std::int64_t>(begins[d + 1]) : text_->size();
    if (begin < end && (*text_)[begin] == begin_) {
      ++begin;
    }
    if (begin < end && (*text_)[end - 1] == end_) {
      --end;
    }
    if (begin < end) {
      documents_.push_back({begin, end, static_cast<std::uint32_t>(documents_.size())});
    }
  }
}

void MaskedSource::cut_windows(std::int64_t begin, std::int64_t end, std::uint32_t document) {
  const bool pairs = config_.pairs != "none";
  const std::int64_t most = config_.window - static_cast<std::int64_t>(frame_.specials(pairs));
  check_usage(most >= (pairs ? 2 * least_half : 1), "data.window: {} leaves no room for a text",
              config_.window);
  for (std::int64_t at = begin; at < end; at += most) {
    const std::int64_t window_end = std::min(at + most, end);
    if (!pairs || window_end - at >= 2 * least_half) {
      windows_.push_back({at, window_end, document});
    }
  }
}

std::vector<int> MaskedSource::tokens(std::int64_t begin, std::int64_t end) const {
  std::vector<std::int32_t> ids;
  text_->append(begin, end, ids);
  std::erase(ids, begin_);
  return ids;
}

bool MaskedSource::halves(std::uint32_t example, std::int64_t epoch, std::vector<int>& first,
                          std::vector<int>& second) const {
  const Window& window = windows_[example];
  Random random(seed_, static_cast<std::uint64_t>(epoch) << 32 | example);
  const std::int64_t length = window.end - window.begin;
  const std::int64_t cut = window.begin + least_half +
                           static_cast<std::int64_t>(random.below(
                               static_cast<std::uint64_t>(length - 2 * least_half + 1)));
  first = tokens(window.begin, cut);
  const bool follows = random.below(2) == 0;
  if (follows || config_.pairs == "order") {
    second = tokens(cut, window.end);
    if (!follows) {
      std::swap(first, second);
    }
    return follows;
  }
  std::uint64_t other = random.below(documents_.size() - 1);
  other += other >= window.document ? 1 : 0;
  const Window& document = documents_[other];
  const std::int64_t wanted = std::min(window.end - cut, document.end - document.begin);
  const std::int64_t begin =
      document.begin + static_cast<std::int64_t>(random.below(
                           static_cast<std::uint64_t>(document.end - document.begin - wanted + 1)));
  second = tokens(begin, begin + wanted);
  return false;
}

std::unique_ptr<Batch> MaskedSource::make(std::span<const std::uint32_t> examples,
                                          std::int64_t epoch) const {
  auto batch = std::make_unique<MaskedBatch>();
  std::vector<std::int32_t> ids, segments, masked, targets, follows, lengths;
  std::vector<std::int64_t> names;
  for (const std::uint32_t example : examples) {
    FramedText framed;
    if (config_.pairs == "none") {
      const Window& window = windows_[example];
      framed = frame_.put(tokens(window.begin, window.end));
    } else {
      std::vector<int> first, second;
      follows.push_back(halves(example, epoch, first, second) ? 0 : 1);
      framed = frame_.put(first, second);
    }
    const std::vector<std::int32_t> whole = framed.ids;
    for (const std::int32_t position : masking_->apply(framed.ids, example, epoch)) {
      masked.push_back(static_cast<std::int32_t>(ids.size()) + position);
      targets.push_back(whole[static_cast<std::size_t>(position)]);
    }
    batch->masked_ends.push_back(static_cast<std::int64_t>(masked.size()));
    ids.insert(ids.end(), framed.ids.begin(), framed.ids.end());
    segments.insert(segments.end(), framed.segments.begin(), framed.segments.end());
    lengths.push_back(static_cast<std::int32_t>(framed.ids.size()));
    names.push_back(example);
  }
  batch->predictions = static_cast<std::int64_t>(masked.size());
  batch->tokens = static_cast<std::int64_t>(ids.size());
  batch->inputs = {.ids = id_tensor(ids),
                   .segments = id_tensor(segments),
                   .pixels = {},
                   .rows = make_sequences(lengths, names)};
  batch->masked = id_tensor(masked);
  batch->targets = id_tensor(targets);
  batch->follows = id_tensor(follows);
  return batch;
}

}  // namespace heed
