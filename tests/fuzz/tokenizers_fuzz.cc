// The tokenizers of a model directory: any one of their files.
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/text/tokenizer_kinds.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

struct SavedFile {
  std::string name;  // in the scratch folder
  std::string content;
};

// The files of some directories, which hold tokenizers of different kinds.
const std::vector<SavedFile>& sound_files() {
  static const std::vector<SavedFile> files = [] {
    std::vector<SavedFile> result;
    for (const char* kind :
         {"sentencepiece-bpe", "byte-level-bpe", "wordpiece", "word", "character", "byte"}) {
      const bool pairs = kind == std::string("byte-level-bpe");
      const TokenizerConfig config{.kind = kind,
                                   .vocabulary_size = pairs ? 280 : 60,
                                   .joint = pairs || kind == std::string("wordpiece"),
                                   .minimum_frequency = 1,
                                   .normalization = "identity",
                                   .hard_vocab_limit = false};
      const auto tokenizers = train_tokenizers(config, 1, [](const PairVisitor& visit) {
        visit("two dogs play in the green grass", "zwei Hunde spielen im grünen Gras");
        visit("a man and a dog run", "ein Mann und ein Hund laufen");
      });
      std::filesystem::create_directories(scratch_folder() / kind);
      save_tokenizers(tokenizers, scratch_folder() / kind);
      for (const std::string& name : files_in(scratch_folder() / kind)) {
        result.push_back(
            {std::string(kind) + "/" + name, read_file(scratch_folder() / kind / name)});
      }
    }
    // BERT's list of pieces alone.
    const std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ntwo\ndog\n##s\nplay\n狗\n";
    std::filesystem::create_directories(scratch_folder() / "pieces");
    write_file(scratch_folder() / "pieces" / "vocab.txt", pieces);
    result.push_back({"pieces/vocab.txt", pieces});
    return result;
  }();
  return files;
}

void load_and_use(const std::filesystem::path& directory) {
  const TokenizerPair tokenizers = load_tokenizers(directory);
  for (const auto& tokenizer : {tokenizers.source, tokenizers.target}) {
    for (const std::string_view line : {"two dogs play", "Ünknown ! 狗", ""}) {
      const std::vector<int> ids = tokenizer->encode(line);
      expect(!find_invalid_utf8(tokenizer->decode(ids)), "text in UTF-8");
      if (tokenizer->tokenizer_class() == "PreTrainedTokenizerFast") {
        const SpannedTokens tokens = tokenizer->encode_with_spans(line);
        expect(tokens.ids == ids && tokens.spans.size() == ids.size(), "a span for each id");
        for (const TokenSpan& span : tokens.spans) {
          expect(span.begin <= span.end && span.end <= line.size(), "spans in the text");
        }
      }
    }
    tokenizer->piece(tokenizer->size() - 1);
    tokenizer->fingerprint();
  }
  const std::filesystem::path copy = scratch_folder() / "copy";
  std::filesystem::remove_all(copy);
  std::filesystem::create_directories(copy);
  save_tokenizers(tokenizers, copy);
  const TokenizerPair again = load_tokenizers(copy);
  expect(again.source->fingerprint() == tokenizers.source->fingerprint() &&
             again.target->fingerprint() == tokenizers.target->fingerprint(),
         "the same tokenizers from their own files");
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < sound_files().size(); ++i) {
    result.push_back(chosen(i, sound_files()[i].content));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), sound_files().size());
  const SavedFile& file = sound_files()[choice.index];
  const auto path = write_scratch(file.name, choice.rest);
  attempt([&] { load_and_use(path.parent_path()); });
  write_scratch(file.name, file.content);
  return 0;
}
