#include "heed/interop/generation_config.h"

#include <algorithm>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/config_reader.h"

namespace heed {

namespace {

// What Transformers' search can do besides, each with the value that asks for nothing; null, 0,
// false and an empty list do so everywhere.
struct UnknownSetting {
  const char* key;
  double neutral = 0;
};
constexpr UnknownSetting unknown_settings[] = {
    {"begin_suppress_tokens"},
    {"diversity_penalty"},
    {"early_stopping"},
    {"encoder_no_repeat_ngram_size"},
    {"encoder_repetition_penalty", 1},
    {"epsilon_cutoff"},
    {"eta_cutoff"},
    {"exponential_decay_length_penalty"},
    {"forced_bos_token_id"},
    {"guidance_scale", 1},
    {"min_length"},
    {"min_new_tokens"},
    {"num_beam_groups", 1},
    {"penalty_alpha"},
    {"sequence_bias"},
    {"stop_strings"},
    {"typical_p", 1},
};

// The settings that only heed has.
struct OwnSettings {
  int lookahead = 0;
  double max_length_ratio = 0;
  std::int64_t seed = 0;
  int batch_sentences = 0;

  explicit OwnSettings(const DecodingConfig& config)
      : lookahead(config.lookahead),
        max_length_ratio(config.max_length_ratio),
        seed(config.seed),
        batch_sentences(config.batch_sentences) {}

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("lookahead", lookahead, "");
    visit("max_length_ratio", max_length_ratio, "");
    visit("seed", seed, "");
    visit("batch_sentences", batch_sentences, "");
  }
};

bool asks_for_nothing(const Json& value, double neutral) {
  return value.is_null() || value == false || (value.is_structured() && value.empty()) ||
         (value.is_number() && (value == 0 || value == neutral));
}

class GenerationReader {
 public:
  GenerationReader(const Json& json, std::int64_t vocabulary, const std::string& source)
      : reader_(json, source), vocabulary_(vocabulary) {}

  GenerationDefaults read() {
    read_search();
    read_length();
    read_suppressed();
    for (const auto& [key, neutral] : unknown_settings) {
      if (reader_.has(key) && !asks_for_nothing(reader_.json().at(key), neutral)) {
        leave_out(key);
      }
    }
    return std::move(result_);
  }

 private:
  void read_search() {
    DecodingConfig& decoding = result_.decoding;
    decoding.beam = reader_.get("num_beams", decoding.beam);
    decoding.n_best = reader_.get("num_return_sequences", decoding.n_best);
    decoding.length_penalty = reader_.get("length_penalty", decoding.length_penalty);
    decoding.repetition_penalty = reader_.get("repetition_penalty", decoding.repetition_penalty);
    decoding.no_repeat_ngram = reader_.get("no_repeat_ngram_size", decoding.no_repeat_ngram);
    decoding.sample = reader_.get("do_sample", decoding.sample);
    if (decoding.sample) {
      constexpr int most_probable = 50;  // of Transformers, where nothing is said
      decoding.temperature = reader_.get("temperature", decoding.temperature);
      decoding.top_k = reader_.get("top_k", most_probable);
      decoding.top_p = reader_.get("top_p", decoding.top_p);
      decoding.min_p = reader_.get("min_p", decoding.min_p);
    }
    if (!reader_.has("heed_decoding")) {
      return;
    }
    OwnSettings own(decoding);
    try {
      own = config_from_json(reader_.json().at("heed_decoding"), "heed_decoding", own);
    } catch (const Error& error) {
      fail(ErrorKind::bad_data, "{}: {}", reader_.source(), error.what());
    }
    decoding.lookahead = own.lookahead;
    decoding.max_length_ratio = own.max_length_ratio;
    decoding.seed = own.seed;
    decoding.batch_sentences = own.batch_sentences;
  }

  void read_length() {
    int& length = result_.decoding.max_length;
    if (reader_.has("max_new_tokens")) {
      length = reader_.get("max_new_tokens", length);
    } else if (reader_.has("max_length")) {
      length = reader_.get("max_length", length + 1) - 1;
    }
    // There the last token is an end symbol without a price: the text ends one token earlier.
    if (reader_.has("forced_eos_token_id") && length > 1) {
      --length;
    }
  }

  void read_suppressed() {
    for (const char* key : {"bad_words_ids", "suppress_tokens"}) {
      if (!reader_.has(key)) {
        continue;
      }
      const Json& list = reader_.json().at(key);
      check_data(list.is_array(), "{}: {}: expected a list, got {}", reader_.source(), key,
                 list.type_name());
      bool longer = false;
      for (const Json& item : list) {
        const bool several = item.is_array() && item.size() != 1;
        longer = longer || several;
        if (!several) {
          suppress(key, item.is_array() ? item.front() : item);
        }
      }
      if (longer) {
        result_.not_done.push_back(std::string(key) + " of several tokens");
      }
    }
  }

  void suppress(const char* key, const Json& id) {
    check_data(id.is_number_integer() && id >= 0 && id < vocabulary_,
               "{}: {}: expected ids below {}, got {}", reader_.source(), key, vocabulary_,
               id.dump());
    result_.suppressed.push_back(id.get<std::int32_t>());
  }

  void leave_out(const char* key) {
    result_.not_done.push_back(std::string(key) + " " +
                               reader_.json().at(key).dump().substr(0, 40));
  }

  ConfigReader reader_;
  std::int64_t vocabulary_;
  GenerationDefaults result_;
};

}  // namespace

GenerationDefaults read_generation_config(const Json& json, std::int64_t vocabulary,
                                          const std::string& source) {
  GenerationDefaults defaults = GenerationReader(json, vocabulary, source).read();
  try {
    check_decoding_config(defaults.decoding);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: {}", source, error.what());
  }
  return defaults;
}

Json write_generation_config(const TextSymbols& symbols, const DecodingConfig& decoding) {
  Json unwanted = Json::array();
  for (const std::int32_t id : symbols.suppressed) {
    unwanted.push_back(Json::array({id}));
  }
  Json json = {{"num_beams", decoding.beam},
               {"num_return_sequences", decoding.n_best},
               {"length_penalty", decoding.length_penalty},
               {"max_length", decoding.max_length + 1}};
  if (decoding.sample) {
    json["do_sample"] = true;
    json["temperature"] = decoding.temperature;
    json["top_k"] = decoding.top_k;
    json["top_p"] = decoding.top_p;
    json["min_p"] = decoding.min_p;
  }
  json["repetition_penalty"] = decoding.repetition_penalty;
  json["no_repeat_ngram_size"] = decoding.no_repeat_ngram;
  json["bad_words_ids"] = std::move(unwanted);
  json["pad_token_id"] = symbols.padding;
  json["eos_token_id"] = symbols.end;
  json["decoder_start_token_id"] = symbols.start;
  json["heed_decoding"] = config_to_json(OwnSettings(decoding));
  return json;
}

}  // namespace heed
