// tokenizer.json of language models.
#include "heed/base/unicode.h"
#include "heed/text/tokenizer_files.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

void load_and_spell(const std::string& json) {
  const ModelFiles files = {{"tokenizer.json", json}};
  const auto tokenizer = load_tokenizers(TokenizerFiles(files, "fuzzed")).source;
  for (const std::string_view line :
       {"the dogs play, don't they? 123", "<s> Ünknown ! 狗 \U0001F600\n\n\t é<x>x</s>", "", " ",
        "▁▁a##b"}) {
    for (const std::vector<int>& ids : {tokenizer->encode(line), tokenizer->encode_marked(line)}) {
      for (const int id : ids) {
        expect(id >= 0 && id < tokenizer->size(), "ids of the vocabulary");
      }
      expect(!find_invalid_utf8(tokenizer->decode(ids)), "text in UTF-8");
    }
  }
  std::vector<int> every;
  for (int id = 0; id < tokenizer->size() && id < 1000; ++id) {
    every.push_back(id);
  }
  expect(!find_invalid_utf8(tokenizer->decode(every)), "text in UTF-8");
  const auto again =
      load_tokenizers(TokenizerFiles(tokenizer_files({tokenizer, tokenizer, true}), "saved"));
  expect(again.source->fingerprint() == tokenizer->fingerprint(),
         "the same tokenizer from its own files");
}

}  // namespace

std::vector<std::string> seeds() {
  const std::string added =
      R"("added_tokens": [{"id": 0, "content": "<s>", "special": true},
         {"id": 9, "content": "<x>", "lstrip": true, "rstrip": true, "single_word": true,
          "normalized": true}],)";
  const std::string pairs =
      R"("model": {"type": "BPE", "unk_token": "<u>", "fuse_unk": true, "byte_fallback": true,
         "vocab": {"<s>": 0, "<u>": 1, "t": 2, "h": 3, "th": 4, "▁": 5, "▁th": 6, "<0xC3>": 7},
         "merges": ["t h", ["▁", "th"]]})";
  const std::string words =
      R"("model": {"type": "WordPiece", "unk_token": "<u>", "continuing_subword_prefix": "##",
         "max_input_chars_per_word": 20,
         "vocab": {"<s>": 0, "<u>": 1, "the": 2, "dog": 3, "##s": 4, "##o": 5}})";
  const std::string unigram =
      R"("model": {"type": "Unigram", "unk_id": 1, "byte_fallback": false, "vocab":
         [["<s>", 0], ["<u>", 0], ["▁", -1.5], ["▁the", -2], ["t", -4], ["h", -4.25]]})";
  return {
      "{" + added + R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true},
        "decoder": {"type": "ByteLevel"}, "post_processor": {"type": "RobertaProcessing",
        "sep": ["<s>", 0], "cls": ["<s>", 0]},)" +
          pairs + "}",
      "{" + added + R"("normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "NFKC"}, {"type": "Lowercase"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "post_processor": {"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}},)" +
          pairs + "}",
      "{" + added + R"("normalizer": {"type": "BertNormalizer", "clean_text": true,
        "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},)" +
          words + "}",
      "{" + added + R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "StripAccents"},
        {"type": "Strip", "strip_left": true, "strip_right": true},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},)" +
          unigram + "}",
      "{" + added + R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "\\p{L}+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated",
         "invert": false}, {"type": "Digits", "individual_digits": true},
        {"type": "Punctuation", "behavior": "MergedWithPrevious"},
        {"type": "CharDelimiterSplit", "delimiter": "x"}, {"type": "Whitespace"}]},
        "decoder": {"type": "BPEDecoder", "suffix": "</w>"},)" +
          words + "}",
  };
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  attempt([&] { load_and_spell(std::string(text_of(data, size))); });
  return 0;
}
