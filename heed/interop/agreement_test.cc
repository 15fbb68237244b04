// The keys of config.json that other programs know, beside heed's own section.
#include <gmock/gmock.h>

#include <limits>

#include "heed/base/error.h"
#include "heed/interop/test_directory.h"
#include "heed/text/word_tokenizer.h"

namespace heed {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Agreement : public ModelDirectoryTest {
 protected:
  Agreement() {
    Translator model = translator(1);
    save(model, directory_);
  }
};

TEST_F(Agreement, AKeyThatWasChangedIsRefusedWithBothValues) {
  edit("config.json", [](Json& json) { json["activation_function"] = "gelu"; });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              AllOf(HasSubstr("activation_function is \"gelu\""), HasSubstr("\"relu\"")));
  edit("config.json", [](Json& json) {
    json["activation_function"] = "relu";
    json["encoder_attention_heads"] = 4;
    json["decoder_attention_heads"] = 4;
  });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              AllOf(HasSubstr("attention_heads is 4"), HasSubstr("written for 2")));
  edit("config.json", [](Json& json) {
    json["encoder_attention_heads"] = 2;
    json["decoder_attention_heads"] = 2;
    json["decoder_layers"] = 1;
  });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              AllOf(HasSubstr("decoder_layers is 1"), HasSubstr("written for 2")));
}

// Transformers leaves out what is as in its own default, here false.
TEST_F(Agreement, AKeyThatIsGoneHasTheFamilysDefault) {
  edit("config.json", [](Json& json) { json.erase("scale_embedding"); });
  EXPECT_THAT(error_of(ErrorKind::bad_data),
              AllOf(HasSubstr("scale_embedding is false"), HasSubstr("written for true")));
}

TEST_F(Agreement, WithoutTheSectionTheOtherKeysCount) {
  edit("config.json", [](Json& json) {
    json.erase("heed");
    json["activation_function"] = "gelu_new";
    json["scale_embedding"] = false;
  });
  const TranslatorConfig config = load_model(directory_).as<Translator>().config();
  EXPECT_EQ(config.activation, "gelu_tanh");
  EXPECT_FALSE(config.scale_embeddings);
}

TEST_F(Agreement, OneTableForTwoVocabulariesIsRefused) {
  const auto words = [](std::vector<std::string> list) {
    return std::make_shared<const WordTokenizer>(Vocabulary::with_specials(list, "words"),
                                                 WordRules());
  };
  const TokenizerPair two{words({"a", "b"}), words({"c", "d"}), false};
  TranslatorConfig config = small_config();
  const int size = two.source->size();
  for (const bool tied : {false, true}) {
    config.tie_embeddings = tied ? "all" : "output";
    Translator model(config, {size, size, symbols_for(two)});
    initialize_parameters(model, 1);
    save_model(model, two, symbols_for(two), {}, directory_);
    EXPECT_EQ(error_of(ErrorKind::bad_data) == "none", !tied);
  }
  EXPECT_THAT(error_of(ErrorKind::bad_data), HasSubstr("a vocabulary for each"));
}

TEST_F(Agreement, WeightsThatAreNotFiniteAreRefusedByName) {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float64}) {
      Translator model = translator(1);
      save(model, directory_);
      std::vector<NamedTensor> tensors = weights();
      for (NamedTensor& item : tensors) {
        item.tensor = item.tensor.to(dtype);
        if (item.name == "model.decoder.layers.1.fc2.weight") {
          item.tensor.rows(3, 4).columns(7, 8).fill(bad);
        }
      }
      write_weights(tensors);
      EXPECT_THAT(
          error_of(ErrorKind::bad_data),
          AllOf(HasSubstr("model.decoder.layers.1.fc2.weight"), HasSubstr("infinities or NaN")));
    }
  }
}

TEST_F(Agreement, TheLargestWeightsAreFinite) {
  std::vector<NamedTensor> tensors = weights();
  tensors.front().tensor.fill(std::numeric_limits<float>::max());
  write_weights(tensors);
  EXPECT_NO_THROW(load_model(directory_));
}

}  // namespace
}  // namespace heed
