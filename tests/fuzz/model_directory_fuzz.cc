// A whole model directory, of which one file is not what was saved: a translator, a language model,
// and a translator whose weights lie in shards.
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/load_model.h"
#include "heed/models/language_model.h"
#include "heed/models/translator.h"
#include "heed/text/tokenizer_kinds.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

struct SavedFile {
  std::string name;  // in the scratch folder
  std::string content;
};

template <typename Config>
Config small_config() {
  Config config;
  config.d_model = 4;
  config.heads = 2;
  config.feed_forward_size = 3;
  config.max_length = 8;
  return config;
}

// Moves the weights of a directory into two shards.
void split_weights(const std::filesystem::path& directory) {
  const std::filesystem::path whole = directory / "model.safetensors";
  Json map;
  {
    const SafetensorsFile file(whole);
    std::vector<NamedTensor> halves[2];
    for (const SafetensorsEntry& entry : file.entries()) {
      auto& half = halves[map.size() % 2];
      map[entry.name] = map.size() % 2 == 0 ? "a.safetensors" : "b.safetensors";
      half.push_back({entry.name, file.tensor(entry.name)});
    }
    write_safetensors(directory / "a.safetensors", halves[0]);
    write_safetensors(directory / "b.safetensors", halves[1]);
  }
  write_file(directory / "model.safetensors.index.json", Json{{"weight_map", map}}.dump());
  std::filesystem::remove(whole);
}

const std::vector<SavedFile>& sound_files() {
  static const std::vector<SavedFile> files = [] {
    const TokenizerPair tokenizers = train_tokenizers(
        {.kind = "word", .minimum_frequency = 1}, 1,
        [](const PairVisitor& visit) { visit("two dogs play", "zwei Hunde spielen"); });
    const int size = tokenizers.source->size();
    const TextSymbols symbols = symbols_for(tokenizers);
    auto config = small_config<TranslatorConfig>();
    config.encoder_layers = config.decoder_layers = 1;
    Translator translator(config, {size, size, symbols});
    auto alone = small_config<LanguageModelConfig>();
    alone.layers = 1;
    LanguageModel language_model(alone, size);
    save_model(translator, tokenizers, symbols, {}, scratch_folder() / "translator");
    save_model(language_model, tokenizers, symbols, {}, scratch_folder() / "language_model");
    save_model(translator, tokenizers, symbols, {}, scratch_folder() / "shards");
    split_weights(scratch_folder() / "shards");
    std::vector<SavedFile> result;
    for (const char* name : {"translator/config.json", "translator/generation_config.json",
                             "translator/model.safetensors", "language_model/config.json",
                             "language_model/model.safetensors",
                             "shards/model.safetensors.index.json", "shards/b.safetensors"}) {
      result.push_back({name, read_file(scratch_folder() / name)});
    }
    return result;
  }();
  return files;
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
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), sound_files().size());
  const SavedFile& file = sound_files()[choice.index];
  const auto path = write_scratch(file.name, choice.rest);
  attempt([&] {
    const LoadedModel loaded = load_model(path.parent_path());
    const std::int64_t rows = loaded.generator().vocabulary_size();
    expect(loaded.symbols.start < rows && loaded.symbols.end < rows, "symbols that exist");
    expect(loaded.tokenizers.target->size() <= rows, "a row for each piece");
  });
  write_scratch(file.name, file.content);
  return 0;
}
