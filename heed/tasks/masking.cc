#include "heed/tasks/masking.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "heed/base/error.h"
#include "heed/base/hash.h"
#include "heed/base/random.h"

namespace heed {

namespace {

// Whether a piece goes on with the word before it, as WordPiece, byte-level pairs and SentencePiece
// write it: marked by ##, or not begun by a space.
enum class WordStyle : std::uint8_t { hashes, bytes, spaces };

WordStyle style_of(const Tokenizer& tokenizer) {
  for (int id = 0; id < tokenizer.size(); ++id) {
    const std::string piece = tokenizer.piece(id);
    if (piece.starts_with("##") && piece.size() > 2) {
      return WordStyle::hashes;
    }
    if (piece.starts_with("▁")) {
      return WordStyle::spaces;
    }
  }
  return WordStyle::bytes;
}

bool continues_word(const std::string& piece, WordStyle style) {
  return style == WordStyle::hashes   ? piece.starts_with("##")
         : style == WordStyle::spaces ? !piece.starts_with("▁")
                                      : !piece.starts_with("Ġ");
}

// A word that may be masked: its tokens' positions.
struct MaskableWord {
  std::uint64_t draw;
  std::vector<std::int32_t> positions;
};

}  // namespace

void check_masking_config(const MaskingConfig& config) {
  check_usage(config.mask_share > 0 && config.mask_share < 1,
              "data.masking.mask_share: must be in (0, 1), got {}", config.mask_share);
  const bool shares =
      config.masked >= 0 && config.replaced >= 0 && config.masked + config.replaced <= 1 + 1e-9;
  check_usage(shares, "data.masking: masked {} and replaced {} are no shares of a whole",
              config.masked, config.replaced);
}

Masking::Masking(const MaskingConfig& config, const Tokenizer& tokenizer, std::uint64_t seed)
    : config_(config), seed_(seed), mask_(tokenizer.mask_id()) {
  check_masking_config(config);
  check_usage(mask_ >= 0, "a tokenizer of the kind {} has no mask token", tokenizer.kind());
  const auto size = static_cast<std::size_t>(tokenizer.size());
  special_.resize(size);
  goes_on_.resize(size);
  const auto mark = [&](int id) {
    if (id >= 0) {
      special_[static_cast<std::size_t>(id)] = true;
    }
  };
  for (const int id : {tokenizer.mask_id(), tokenizer.pad_id(), tokenizer.end_id(),
                       tokenizer.begin_id().value_or(-1)}) {
    mark(id);
  }
  const TextFrame frame = tokenizer.frame();
  for (const auto* parts : {&frame.single, &frame.pair}) {
    for (const TextFrame::Part& part : *parts) {
      mark(part.id);
    }
  }
  const WordStyle style = style_of(tokenizer);
  for (std::size_t id = 0; id < size; ++id) {
    goes_on_[id] = continues_word(tokenizer.piece(static_cast<int>(id)), style);
    if (!special_[id] && std::cmp_not_equal(id, tokenizer.unknown_id())) {
      ordinary_.push_back(static_cast<std::int32_t>(id));
    }
  }
  check_usage(!ordinary_.empty(), "a vocabulary of special pieces alone");
}

std::vector<std::int32_t> Masking::apply(std::span<std::int32_t> ids, std::int64_t example,
                                         std::int64_t epoch) const {
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed_),
                                            static_cast<std::uint32_t>(seed_ >> 32)};
  const auto draw = [&](std::size_t position) {
    return philox({static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(example),
                   static_cast<std::uint32_t>(example >> 32), static_cast<std::uint32_t>(epoch)},
                  key);
  };
  std::vector<MaskableWord> words;
  std::int64_t maskable = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::int32_t id = ids[i];
    if (is_special(id)) {
      continue;
    }
    ++maskable;
    const bool joins = config_.whole_words && goes_on_[static_cast<std::size_t>(id)] &&
                       !words.empty() && std::cmp_equal(words.back().positions.back() + 1, i);
    if (!joins) {
      const PhiloxBlock numbers = draw(i);
      words.push_back({std::uint64_t{numbers[0]} << 32 | numbers[1], {}});
    }
    words.back().positions.push_back(static_cast<std::int32_t>(i));
  }
  // Those with the lowest draws; a word that would be too much is passed over.
  std::ranges::stable_sort(words, {}, &MaskableWord::draw);
  const auto wanted = std::max<std::size_t>(
      1,
      static_cast<std::size_t>(std::llround(config_.mask_share * static_cast<double>(maskable))));
  std::vector<std::int32_t> chosen;
  for (const MaskableWord& word : words) {
    if (chosen.empty() || chosen.size() + word.positions.size() <= wanted) {
      chosen.insert(chosen.end(), word.positions.begin(), word.positions.end());
    }
  }
  std::ranges::sort(chosen);
  for (const std::int32_t position : chosen) {
    const PhiloxBlock numbers = draw(static_cast<std::size_t>(position));
    const double way = numbers[2] * 0x1.0p-32;
    if (way < config_.masked) {
      ids[static_cast<std::size_t>(position)] = mask_;
    } else if (way < config_.masked + config_.replaced) {
      const auto other = std::uint64_t{numbers[3]} * ordinary_.size() >> 32;
      ids[static_cast<std::size_t>(position)] = ordinary_[static_cast<std::size_t>(other)];
    }
  }
  return chosen;
}

}  // namespace heed
