#include "heed/tasks/framed_texts.h"

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

namespace {

std::size_t room_in(const Tokenizer& tokenizer, bool pair, const LengthRule& rule) {
  const auto specials = static_cast<std::int64_t>(tokenizer.frame().specials(pair));
  check_data(rule.longest > specials,
             "a text may have {} tokens, and {} of them are special: nothing is left for words",
             rule.longest, specials);
  return static_cast<std::size_t>(rule.longest - specials);
}

// Bytes know nothing unknown, but an end.
int nothing_of(const Tokenizer& tokenizer, const std::string& text) {
  const int id = tokenizer.unknown_id() >= 0 ? tokenizer.unknown_id() : tokenizer.end_id();
  check_data(id >= 0, "'{}' has no tokens", text);
  return id;
}

}  // namespace

Inputs packed_inputs(std::span<const FramedText* const> texts,
                     std::span<const std::int64_t> names) {
  std::vector<std::int32_t> ids, segments, lengths;
  for (const FramedText* text : texts) {
    ids.insert(ids.end(), text->ids.begin(), text->ids.end());
    segments.insert(segments.end(), text->segments.begin(), text->segments.end());
    lengths.push_back(static_cast<std::int32_t>(text->ids.size()));
  }
  return {.ids = id_tensor(ids),
          .segments = id_tensor(segments),
          .rows = make_sequences(lengths, names)};
}

std::vector<TokenWindow> token_windows(std::size_t tokens, std::size_t room, std::size_t stride) {
  check(room > 0, "windows: no room for tokens");
  stride = std::clamp<std::size_t>(stride == 0 ? room / 2 : stride, 1, room);
  std::vector<TokenWindow> windows;
  std::size_t begin = 0;
  while (begin + room < tokens) {
    windows.push_back({begin, begin + room});
    begin += stride;
  }
  windows.push_back({begin, tokens});
  return windows;
}

std::vector<FramedText> framed_windows(const Tokenizer& tokenizer, const std::string& text,
                                       const LengthRule& rule) {
  std::vector<int> ids = tokenizer.encode(text);
  const std::size_t room = room_in(tokenizer, false, rule);
  const TextFrame frame = tokenizer.frame();
  if (ids.empty() && frame.specials(false) == 0) {
    ids = {nothing_of(tokenizer, text)};
  }
  std::vector<FramedText> result;
  if (!rule.windows) {
    ids.resize(std::min(ids.size(), room));
    result.push_back(frame.put(ids));
    return result;
  }
  for (const TokenWindow window :
       token_windows(ids.size(), room, static_cast<std::size_t>(rule.stride))) {
    result.push_back(frame.put(std::span(ids).subspan(window.begin, window.end - window.begin)));
  }
  return result;
}

FramedText framed_pair(const Tokenizer& tokenizer, const std::string& first,
                       const std::string& second, const LengthRule& rule) {
  std::vector<int> a = tokenizer.encode(first), b = tokenizer.encode(second);
  const TextFrame frame = tokenizer.frame();
  if (a.empty() && b.empty() && frame.specials(true) == 0) {
    a = {nothing_of(tokenizer, first)};
  }
  shorten_pair(a, b, room_in(tokenizer, true, rule));
  return frame.put(a, b);
}

}  // namespace heed
