// A whole model directory, of which one file is not what was saved.
#include "heed/interop/translator_directory.h"

#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/text/tokenizer_factory.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

constexpr const char* names[] = {"config.json", "generation_config.json", "model.safetensors"};

const std::vector<std::string>& sound_files() {
  static const std::vector<std::string> files = [] {
    const TokenizerPair tokenizers = train_tokenizers(
        {.kind = "word", .minimum_frequency = 1}, 1,
        [](const PairVisitor& visit) { visit("two dogs play", "zwei Hunde spielen"); });
    Translator model({.d_model = 4,
                      .encoder_layers = 1,
                      .decoder_layers = 1,
                      .heads = 2,
                      .feed_forward_size = 3,
                      .max_length = 8},
                     vocabulary_of(tokenizers));
    save_translator(model, tokenizers, {}, scratch_folder());
    std::vector<std::string> result;
    for (const char* name : names) {
      result.push_back(read_file(scratch_folder() / name));
    }
    return result;
  }();
  return files;
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < std::size(names); ++i) {
    result.push_back(chosen(i, sound_files()[i]));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), std::size(names));
  const std::string& sound = sound_files()[choice.index];
  write_scratch(names[choice.index], choice.rest);
  attempt([&] {
    const LoadedTranslator loaded = load_translator(scratch_folder());
    expect(loaded.symbols.start < loaded.model->vocabulary_size(), "a start that exists");
    expect(loaded.tokenizers.target->size() <= loaded.model->vocabulary_size(),
           "a row for each piece");
  });
  write_scratch(names[choice.index], sound);
  return 0;
}
