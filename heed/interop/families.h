// The families of models, one file each.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/interop/model_family.h"

namespace heed {

ModelFamily marian_family();   // marian.cc
ModelFamily gpt2_family();     // gpt2.cc
ModelFamily llama_family();    // llama.cc
ModelFamily mistral_family();  // llama.cc
ModelFamily qwen2_family();    // llama.cc
ModelFamily qwen3_family();    // llama.cc
ModelFamily t5_family();       // t5.cc
// Encoders: a family for each class of a model_type.
std::vector<ModelFamily> bert_families();         // bert.cc
std::vector<ModelFamily> roberta_families();      // roberta.cc
std::vector<ModelFamily> xlm_roberta_families();  // roberta.cc
std::vector<ModelFamily> distilbert_families();   // distilbert.cc
std::vector<ModelFamily> electra_families();      // electra.cc
ModelFamily heed_translator_family();             // heed_layouts.cc
ModelFamily heed_language_model_family();         // heed_layouts.cc
ModelFamily heed_encoder_family();                // heed_layouts.cc
// Of encoders with a head, by its kind.
std::vector<ModelFamily> heed_headed_families();  // heed_layouts.cc

}  // namespace heed
