// SentencePiece models, and the library that is given them once they are checked.
#include "heed/text/sentencepiece_model.h"

#include <sentencepiece_trainer.h>

#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/vocabulary.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

// Small models: with these rules of normalisation a table of a few hundred bytes is made, where the
// standard ones have 240,000.
std::vector<std::string> seeds() {
  const std::string rules =
      write_scratch("rules.tsv", "41\t61\n41 42\t78 79\nC4\t41 65\nC5\t\n").string();
  const std::string text =
      write_scratch("text.txt", "two dogs play in the green grass\na man and a dog run\n").string();
  const std::string model = (scratch_folder() / "seed").string();
  std::vector<std::string> result;
  for (const std::string kind :
       {"--model_type=bpe", "--model_type=unigram", "--model_type=bpe --byte_fallback",
        "--model_type=word", "--model_type=unigram --user_defined_symbols=dogs"}) {
    const auto status = sentencepiece::SentencePieceTrainer::Train(
        kind + " --input=" + text + " --model_prefix=" + model + " --normalization_rule_tsv=" +
        rules + " --vocab_size=300 --hard_vocab_limit=false --minloglevel=3");
    expect(status.ok(), status.ToString());
    result.push_back(read_file(model + ".model"));
  }
  return result;
}

namespace {

void use(std::string_view model) {
  const std::vector<ModelPiece> pieces = check_sentencepiece_model(model, "model");
  const std::vector<std::string> texts = text_pieces({std::string(model)}, "model");
  const SentencePieceTokenizer tokenizer(
      std::string(model),
      std::make_shared<const Vocabulary>(Vocabulary::with_specials(texts, "model")), false,
      "model");
  for (const std::string_view line :
       {"two dogs play", "ABBA AC ÄÅÄ \u3000狗 \U0001F600 </s><unk><s>", "", " ", "▁▁a"}) {
    const std::vector<int> ids = tokenizer.encode(line);
    for (const int id : ids) {
      expect(id >= 0 && id < tokenizer.size(), "ids of the vocabulary");
    }
    expect(!find_invalid_utf8(tokenizer.decode(ids)), "text in UTF-8");
  }
  std::vector<int> every(static_cast<std::size_t>(tokenizer.size()));
  for (int id = 0; id < tokenizer.size(); ++id) {
    every[static_cast<std::size_t>(id)] = id;
  }
  expect(!find_invalid_utf8(tokenizer.decode(every)), "text in UTF-8");
}

}  // namespace

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed::fuzz;
  attempt([&] { use(text_of(data, size)); });
  return 0;
}
