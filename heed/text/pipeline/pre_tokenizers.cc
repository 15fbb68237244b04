#include "heed/text/pipeline/pre_tokenizers.h"

#include <vector>

#include "heed/base/error.h"
#include "heed/text/byte_level.h"
#include "heed/text/characters.h"
#include "heed/text/pipeline/metaspace.h"
#include "heed/text/pipeline/pattern.h"
#include "heed/text/pipeline/step_json.h"

namespace heed {

namespace {

PreTokenizer splitter(SpanFinder find, SplitBehavior behavior, bool invert = false) {
  return [find = std::move(find), behavior, invert](WordList& words) {
    words.split([&](std::string_view text, const auto& keep) {
      std::vector<TextSpan> spans = find(text);
      for (TextSpan& span : spans) {
        span.matches = span.matches != invert;
      }
      for (const TextSpan& span : apply_behavior(spans, behavior)) {
        keep(span.begin, span.end);
      }
    });
  };
}

PreTokenizer byte_level(bool add_prefix_space, bool splits, bool leaves_bytes) {
  return [=](WordList& words) {
    if (add_prefix_space) {
      words.rewrite([](const Word& word) {
        return (word.text.starts_with(' ') ? "" : " ") + std::string(word.text);
      });
    }
    if (splits) {
      words.split([](std::string_view text, const auto& keep) { split_like_gpt2(text, keep); });
    }
    if (!leaves_bytes) {
      words.rewrite([](const Word& word) { return spell_bytes(word.text); });
    }
  };
}

// \w+|[^\w\s]+
void split_words_and_signs(WordList& words) {
  constexpr unsigned kinds = word_class | space_class;
  words.split([](std::string_view text, const auto& keep) {
    const CharacterClasses& classes = CharacterClasses::get();
    std::size_t begin = 0;
    unsigned kind = space_class;
    for (std::size_t at = 0; at < text.size();) {
      const DecodedCharacter character = character_at(text, at);
      const unsigned now = classes.of(character.value) & kinds;
      if (now != kind) {
        keep(begin, kind == space_class ? begin : at);
        begin = at;
        kind = now;
      }
      at = character.end;
    }
    keep(begin, kind == space_class ? begin : text.size());
  });
}

PreTokenizer sequence_of_splits(const StepReader& step, bool leaves_bytes) {
  std::vector<PreTokenizer> steps;
  const Json& parts = step.list("pretokenizers");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    steps.push_back(
        make_pre_tokenizer(parts[i], leaves_bytes && i + 1 == parts.size(), step.source()));
  }
  return [steps](WordList& words) {
    for (const PreTokenizer& each : steps) {
      each(words);
    }
  };
}

PreTokenizer bert_splitter() {
  const PreTokenizer spaces = splitter(class_finder(space_class), SplitBehavior::removed);
  const PreTokenizer signs = splitter(class_finder(punctuation_class), SplitBehavior::isolated);
  return [spaces, signs](WordList& words) {
    spaces(words);
    signs(words);
  };
}

}  // namespace

PreTokenizer make_pre_tokenizer(const Json& json, bool leaves_bytes, const std::string& source) {
  if (json.is_null()) {
    return {};
  }
  const StepReader step(json, source);
  const std::string& type = step.type();
  const auto behavior = [&](const char* fallback) {
    return split_behavior(step.text("behavior", fallback), source);
  };
  if (type == "Sequence") {
    return sequence_of_splits(step, leaves_bytes);
  }
  if (type == "ByteLevel") {
    return byte_level(step.flag("add_prefix_space"), step.flag("use_regex", true), leaves_bytes);
  }
  if (type == "Whitespace") {
    return split_words_and_signs;
  }
  if (type == "WhitespaceSplit") {
    return splitter(class_finder(space_class), SplitBehavior::removed);
  }
  if (type == "BertPreTokenizer") {
    return bert_splitter();
  }
  if (type == "Metaspace") {
    return metaspace_splitter(read_metaspace(step));
  }
  if (type == "Digits") {
    return splitter(class_finder(number_class), step.flag("individual_digits", false)
                                                    ? SplitBehavior::isolated
                                                    : SplitBehavior::contiguous);
  }
  if (type == "Punctuation") {
    return splitter(class_finder(punctuation_class), behavior("Isolated"));
  }
  if (type == "Split") {
    return splitter(pattern_finder(step.value("pattern"), source), behavior("Isolated"),
                    step.flag("invert", false));
  }
  if (type == "CharDelimiterSplit") {
    const Json pattern = {{"String", step.character("delimiter")}};
    return splitter(pattern_finder(pattern, source), SplitBehavior::removed);
  }
  step.refuse();
}

bool ends_in_bytes(const Json& json) {
  const Json* last = &json;
  while (last->is_object() && last->value("type", Json()) == "Sequence" &&
         last->contains("pretokenizers") && (*last)["pretokenizers"].is_array() &&
         !(*last)["pretokenizers"].empty()) {
    last = &(*last)["pretokenizers"].back();
  }
  return last->is_object() && last->value("type", Json()) == "ByteLevel";
}

bool is_plain_byte_level(const Json& json) {
  return json.is_object() && json.value("type", Json()) == "ByteLevel" &&
         json.value("add_prefix_space", Json()) == false &&
         json.value("use_regex", Json(true)) == true;
}

}  // namespace heed
