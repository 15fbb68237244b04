// A task that language models are asked by examples in the prompt: the declarative part of
// lm-evaluation-harness's task files (its docs/task_guide.md), with data in local files.
//
//   const ShotTask task = read_shot_task("piqa.yaml");
//
// What is code (functions, templates that call or filter) is refused, as is a key that would change
// the result and is not known here.
//
// Thread-safety: functions from any thread; a task is constant once it is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/shots/text_template.h"

namespace heed {

enum class ShotOutput : std::uint8_t { multiple_choice, loglikelihood, generate_until };

// What a key such as doc_to_text asks for: a number, a field, a text with places for fields, a
// list.
class ShotField {
 public:
  ShotField() = default;
  // Errors (bad_data) name `source`, the file and the key.
  ShotField(const Json& setting, const std::string& source);

  bool is_set() const { return !setting_.is_null(); }
  // Errors (bad_data): a field that the document lacks.
  Json of(const Json& document) const;
  // As text. Errors (bad_data): it is none.
  std::string text_of(const Json& document) const;
  const std::string& source() const { return source_; }

 private:
  Json setting_;
  std::string source_;
  std::optional<TextTemplate> template_;
};

// acc, acc_norm, exact_match or perplexity.
struct ShotMetric {
  std::string name;
  bool ignore_case = false;         // exact_match
  bool ignore_punctuation = false;  // exact_match: of ASCII
};

struct ShotTask {
  std::string name;
  std::filesystem::path file;
  ShotOutput output = ShotOutput::multiple_choice;
  ShotField description, text, target, choices;
  std::string target_delimiter = " ";
  std::string example_delimiter = "\n\n";
  std::vector<ShotMetric> metrics;
  int shots = 0;             // where nobody asks for a number
  bool first_shots = false;  // the first examples, instead of drawn ones
  // Where examples must not be the document itself (Random draws one more, then).
  bool same_split = false;
  std::vector<std::string> until;     // generate_until: a text ends before these
  int most_tokens = 256;              // generate_until
  bool strip = false, lower = false;  // generate_until: filters on what was written
  std::vector<Json> documents;        // to be answered
  std::vector<Json> examples;         // to be shown
};

// Reads the task and its data; relative paths of data begin at `data`, or where that is empty at
// the task's folder. Errors name file and key or line: input_output, bad_data.
ShotTask read_shot_task(const std::filesystem::path& file, const std::filesystem::path& data = {});

}  // namespace heed
