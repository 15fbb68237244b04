// config.json and generation_config.json of a model directory, of every family.
#include "heed/base/config_json.h"
#include "heed/base/files.h"
#include "heed/interop/generation_config.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_family.h"
#include "heed/interop/text_config.h"
#include "heed/models/translator_config.h"
#include "heed/text/byte_tokenizer.h"
#include "tests/fuzz/fuzz_target.h"

namespace heed::fuzz {

namespace {

TranslatorConfig small_config() {
  TranslatorConfig config;
  config.d_model = 16;
  config.heads = 2;
  return config;
}

TokenizerPair tokenizers() {
  const auto tokenizer = std::make_shared<const ByteTokenizer>();
  return {tokenizer, tokenizer, true};
}

// The section `model` of a configuration, as the family translates it.
Json section_of(const Json& config) {
  const ModelFamily& family = family_of(config, "config.json");
  return config.contains("heed") ? config.at("heed") : family.ours(config, "config.json");
}

std::string config_of(const std::string& family_name) {
  const Json section = config_to_json(small_config());
  for (const ModelFamily& family : model_families()) {
    if (family.model_type == family_name) {
      Json config = {{"model_type", family.model_type}};
      config.update(*family.theirs(section));
      const ModelKind& kind = model_kind(family.kind);
      write_vocabulary(vocabulary_for(tokenizers()), kind, config);
      if (family.names.empty()) {
        config["heed"] = section;
      }
      return config.dump(1);
    }
  }
  return {};
}

void read_and_write(const Json& config) {
  const ModelFamily& family = family_of(config, "config.json");
  const ModelKind& kind = model_kind(family.kind);
  const ModelDescription model{family.kind, section_of(config),
                               read_vocabulary(config, kind, tokenizers(), "config.json")};
  kind.least_numbers(model);
  const auto theirs = family.theirs(model.section);
  if (theirs && !family.names.empty() && !config.contains("heed")) {
    Json written = *theirs;
    written["model_type"] = family.model_type;
    expect(family.ours(written, "again") == model.section, "the same model from its own keys");
  }
  Json vocabulary = Json::object();
  write_vocabulary(model.vocabulary, kind, vocabulary);
  const ModelVocabulary again = read_vocabulary(vocabulary, kind, tokenizers(), "again");
  expect(again.symbols == model.vocabulary.symbols, "the same symbols from their own keys");
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> result = {
      chosen(0, config_of("marian")), chosen(0, config_of("heed-translator")),
      chosen(0, config_of("heed-language-model")),
      chosen(1, write_generation_config(symbols_for(tokenizers()), {}).dump())};
  const std::filesystem::path data = std::filesystem::path(HEED_SOURCE_DIR) / "tests" / "data";
  for (const char* model :
       {"decoders/gpt2", "decoders/llama", "decoders/llama3", "decoders/llama-yarn",
        "decoders/mistral", "decoders/qwen2", "decoders/qwen3", "t5/t5", "t5/t5-gated"}) {
    result.push_back(chosen(0, read_file(data / model / "config.json")));
  }
  for (const char* model : {"BertForPreTraining", "RobertaForSequenceClassification",
                            "DistilBertForMaskedLM", "ElectraForMultipleChoice"}) {
    Json config = Json::parse(read_file(data / "encoders" / model / "config.json"));
    config["vocab_size"] = 300;  // as many as the tokenizers here have, and some to spare
    result.push_back(chosen(0, config.dump()));
  }
  return result;
}

}  // namespace heed::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heed;
  using namespace heed::fuzz;
  const Choice choice = choice_of(text_of(data, size), 2);
  attempt([&] {
    const Json json = parse_json(choice.rest, "config.json");
    if (choice.index == 0) {
      read_and_write(json);
    } else {
      write_generation_config({}, read_generation_config(json, 259, "config.json").decoding);
    }
  });
  return 0;
}
