#include "heed/text/incremental_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace heed {

namespace {

// Tokens that are looked back on: those of a character that is not whole yet, and some that a piece
// may depend on. More of them are kept, so that they are seldom cut.
constexpr std::size_t context_tokens = 8, kept_tokens = 32;

// The bytes of a text that no later token changes: all but the beginning of a character, which is
// up to three bytes that a tokenizer shows as U+FFFD each.
std::size_t certain_size(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  for (int held = 0; held < 3 && text.ends_with(replacement); ++held) {
    text.remove_suffix(replacement.size());
  }
  return text.size();
}

}  // namespace

IncrementalText::IncrementalText(const Tokenizer& tokenizer, std::span<const int> before)
    : tokenizer_(tokenizer) {
  const std::span<const int> last = before.last(std::min(before.size(), context_tokens));
  ids_.assign(last.begin(), last.end());
  told_ = tokenizer_.decode(ids_).size();
}

std::string IncrementalText::add(int id) {
  ids_.push_back(id);
  const std::string text = tokenizer_.decode(ids_);
  const std::size_t certain = std::max(certain_size(text), told_);
  std::string fresh = text.substr(told_, certain - told_);
  told_ = certain;
  if (ids_.size() > kept_tokens) {
    ids_.erase(ids_.begin(), ids_.end() - static_cast<std::ptrdiff_t>(context_tokens));
    told_ = tokenizer_.decode(ids_).size() - (text.size() - certain);
  }
  return fresh;
}

std::string IncrementalText::rest() {
  const std::string text = tokenizer_.decode(ids_);
  return text.substr(std::exchange(told_, text.size()));
}

}  // namespace heed
