#include "heed/text/tokenizer.h"

#include "heed/base/error.h"

namespace heed {

SpannedTokens Tokenizer::encode_with_spans(std::string_view) const {
  fail(ErrorKind::usage,
       "a tokenizer of the kind {} does not tell which part of a text a token was made of", kind());
}

TextFrame Tokenizer::frame() const {
  TextFrame frame;
  if (const auto begin = begin_id()) {
    const TextFrame::Part symbol{.id = *begin};
    frame.single.insert(frame.single.begin(), symbol);
    frame.pair.insert(frame.pair.begin(), symbol);
  }
  return frame;
}

}  // namespace heed
