// Text of every form: running text, and documents by line, blank line, file and JSON line.
#include "heed/data/text_blocks.h"

#include "heed/base/unicode.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr const char* forms[] = {"none", "line", "blank-line", "file", "json"};

// Small blocks give the documents that large ones give, and running text is whole.
void read_everything(const std::string& path, const TextForm& form, std::string_view input) {
  std::vector<std::string> found[2];
  std::string whole;
  for (const std::size_t size : {std::size_t{7}, TextBlocks::usual_size}) {
    TextBlocks blocks({path}, form, {}, size);
    std::string text;
    for (TextBlock block; blocks.next(block);) {
      text += block.text;
      for_each_stretch(block, form, [&](const TextStretch& stretch) {
        expect(!find_invalid_utf8(stretch.text), "text that is UTF-8");
        found[size == 7 ? 0 : 1].emplace_back(stretch.text);
      });
    }
    expect(text == input, "every byte, once");
  }
  const bool has_whole_documents = form.documents != "none" && form.documents != "file";
  expect(!has_whole_documents || found[0] == found[1], "the same documents");
}

}  // namespace

std::vector<std::string> seeds() {
  return {chosen(0, "one two\n\nthree\nfour five\n"),
          chosen(1, "\xEF\xBB\xBFone\r\n\ntwo words\nlast"),
          chosen(2, "\n\na\nb\n \n\nc\r\n\r\nd\n"), chosen(3, "Ä ö ü ß 狗 \u3000 x"),
          chosen(4, "{\"text\": \"a\\nb\"}\n\n{\"text\": \"\\u00e9\", \"id\": [1]}\n")};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), std::size(forms));
  if (choice.rest.starts_with("\x1F\x8B")) {
    return 0;  // compressed; line_reader has that
  }
  const auto path = write_scratch("input.txt", choice.rest);
  attempt([&] { read_everything(path.string(), {.documents = forms[choice.index]}, choice.rest); });
  return 0;
}
