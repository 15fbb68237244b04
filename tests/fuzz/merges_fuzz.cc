// vocab.json and merges.txt, as GPT-2 and RoBERTa have them.
#include "heed/base/unicode.h"
#include "heed/text/tokenizer_files.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr std::string_view vocabulary =
    "{\"<s>\": 0, \"</s>\": 1, \"t\": 2, \"h\": 3, \"e\": 4, \"Ġ\": 5, \"th\": 6, \"the\": 7,"
    " \"Ġthe\": 8, \"Ã\": 9, \"©\": 10, \"Ã©\": 11, \"<|endoftext|>\": 12}";
constexpr std::string_view merges = "#version: 0.2\nt h\nth e\nĠ the\nÃ ©\n";

void load_and_spell(const ModelFiles& files) {
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "fuzzed")).source;
  for (const std::string_view line : {"the thé  the\n", "<s>the<|endoftext|>", "", "狗"}) {
    for (const std::vector<int>& ids : {tokenizer->encode(line), tokenizer->encode_marked(line)}) {
      for (const int id : ids) {
        expect(id >= 0 && id < tokenizer->size(), "ids of the vocabulary");
      }
      expect(!find_invalid_utf8(tokenizer->decode(ids)), "text in UTF-8");
    }
  }
  const auto again =
      load_tokenizers(TokenizerFiles(tokenizer_files({tokenizer, tokenizer, true}), "saved"));
  expect(again.source->fingerprint() == tokenizer->fingerprint() &&
             again.source->encode("the thé  the\n") == tokenizer->encode("the thé  the\n"),
         "the same tokenizer from its own files");
}

}  // namespace

std::vector<std::string> seeds() {
  return {chosen(0, vocabulary), chosen(1, merges), chosen(2, R"({"eos_token": "the",
      "tokenizer_class": "Qwen2Tokenizer", "bos_token": {"content": "<s>"}, "add_bos_token": true,
      "add_prefix_space": true, "pad_token": null})")};
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 3);
  ModelFiles files = {{"vocab.json", std::string(vocabulary)}, {"merges.txt", std::string(merges)}};
  constexpr const char* names[] = {"vocab.json", "merges.txt", "tokenizer_config.json"};
  files[names[choice.index]] = std::string(choice.rest);
  attempt([&] { load_and_spell(files); });
  return 0;
}
