#include "heed/text/text_frame.h"

#include <algorithm>
#include <utility>

namespace heed {

namespace {

using Kind = TextFrame::Part::Kind;

FramedText framed(const std::vector<TextFrame::Part>& parts, std::span<const int> first,
                  std::span<const int> second) {
  FramedText result;
  for (const TextFrame::Part& part : parts) {
    const std::span<const int> ids = part.kind == Kind::first    ? first
                                     : part.kind == Kind::second ? second
                                                                 : std::span(&part.id, 1);
    if (part.kind == Kind::first) {
      result.first = result.ids.size();
    } else if (part.kind == Kind::second) {
      result.second = result.ids.size();
    }
    result.ids.insert(result.ids.end(), ids.begin(), ids.end());
    result.segments.insert(result.segments.end(), ids.size(), part.segment);
  }
  return result;
}

}  // namespace

std::size_t TextFrame::specials(bool pairs) const {
  return static_cast<std::size_t>(
      std::ranges::count(pairs ? pair : single, Kind::token, &Part::kind));
}

FramedText TextFrame::put(std::span<const int> text) const {
  return framed(single, text, {});
}

FramedText TextFrame::put(std::span<const int> first, std::span<const int> second) const {
  return framed(pair, first, second);
}

void shorten_pair(std::vector<int>& first, std::vector<int>& second, std::size_t most) {
  if (first.size() + second.size() <= most) {
    return;
  }
  std::vector<int>& shorter = first.size() <= second.size() ? first : second;
  std::vector<int>& longer = first.size() <= second.size() ? second : first;
  const std::size_t half = most / 2;
  if (shorter.size() <= half) {
    longer.resize(most - shorter.size());
  } else {
    shorter.resize(half);
    longer.resize(half + most % 2);
  }
}

}  // namespace heed
