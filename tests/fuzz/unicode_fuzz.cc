// UTF-8: validation, decoding, lower-casing, words.
#include "heed/base/unicode.h"

#include "heed/text/byte_tokenizer.h"
#include "heed/text/word_tokenizer.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

std::vector<std::string> seeds() {
  return {"Two dogs' play, 1,000.5 times.", "Straße ÄÖÜ ﬁ İstanbul ΣΊΣΥΦΟΣ",
          "二〇二一年三月三日、犬が走る。", "e\u0301 👩‍👩‍👧 \u00AD\u200B\uFEFF",
          "\xC3\xA4\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\xF0\x90\x80\x80"};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const std::string_view input = text_of(data, size);
  const auto invalid = find_invalid_utf8(input);
  expect(!invalid || *invalid < size, "an offset inside the text");
  expect(!find_invalid_utf8(input.substr(0, invalid.value_or(size))), "validity before the offset");
  const bool decoded = attempt([&] {
    std::string again;
    for (const char32_t point : decode_utf8(input)) {
      again += encode_utf8(point);
    }
    expect(again == input, "the same text from its code points");
  });
  expect(decoded == !invalid, "the check and the decoder of one opinion");
  attempt([&] {
    const ByteTokenizer bytes;
    expect(bytes.decode(bytes.encode(input)) == input, "the same text from its bytes");
  });
  if (!invalid) {
    expect(!find_invalid_utf8(to_lower(input)), "lower case in UTF-8");
    const std::vector<std::string> words = split_words(input);
    for (const std::string& word : words) {
      expect(!word.empty() && !find_invalid_utf8(word), "words in UTF-8");
    }
    expect(split_words(join_words(words)) == words, "the same words once joined");
  }
  return 0;
}
