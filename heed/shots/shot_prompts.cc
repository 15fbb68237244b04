#include "heed/shots/shot_prompts.h"

#include <algorithm>
#include <charconv>

#include "heed/base/error.h"
#include "heed/shots/python_random.h"

namespace heed {

namespace {

std::vector<std::string> texts_of(const Json& list, const std::string& source) {
  check_data(list.is_array() && !list.empty(), "{}: expected a list of texts, got {}", source,
             list.dump().substr(0, 80));
  std::vector<std::string> texts;
  for (const Json& item : list) {
    const auto text = python_text(item);
    check_data(text.has_value(), "{}: expected a list of texts", source);
    texts.push_back(*text);
  }
  return texts;
}

// How an example is answered in the prompt.
std::string answer_text(const ShotTask& task, const Json& document) {
  if (task.choices.is_set()) {
    const std::vector<std::string> choices = choices_of(task, document);
    return choices[answer_of(task, document, choices)];
  }
  return targets_of(task, document).front();
}

std::string example_text(const ShotTask& task, const Json& document) {
  const std::string answer = answer_text(task, document);
  return task.text.text_of(document) +
         (answer.empty() ? "" : task.target_delimiter + answer + task.example_delimiter);
}

// The examples of a document, as numbers.
class ExampleDraws {
 public:
  ExampleDraws(const ShotTask& task, int shots, std::uint32_t seed)
      : task_(task), shots_(static_cast<std::size_t>(shots)), random_(seed) {
    const std::size_t needed = shots_ + (task.same_split && shots > 0 ? 1 : 0);
    check_usage(needed <= task.examples.size(), "{}: {} shots, but there are {} examples{}",
                task.file.string(), shots, task.examples.size(),
                task.same_split ? ", the document itself among them" : "");
  }

  std::vector<std::size_t> next(const Json& document) {
    if (shots_ == 0) {
      return {};
    }
    if (task_.first_shots) {
      return first(others(document));
    }
    const std::size_t count = shots_ + (task_.same_split ? 1 : 0);
    std::vector<std::size_t> drawn = random_.sample(task_.examples.size(), count);
    std::erase_if(drawn, [&](std::size_t i) { return is_itself(document, i); });
    if (drawn.size() < shots_) {  // the document stands there several times
      const std::vector<std::size_t> pool = others(document);
      check_usage(shots_ <= pool.size(),
                  "{}: {} shots, but there are {} examples besides a document", task_.file.string(),
                  shots_, pool.size());
      drawn = random_.sample(pool.size(), shots_);
      std::transform(drawn.begin(), drawn.end(), drawn.begin(),
                     [&](std::size_t i) { return pool[i]; });
    }
    return first(std::move(drawn));
  }

 private:
  bool is_itself(const Json& document, std::size_t example) const {
    return task_.same_split && task_.examples[example] == document;
  }
  std::vector<std::size_t> others(const Json& document) const {
    std::vector<std::size_t> examples;
    for (std::size_t i = 0; i < task_.examples.size(); ++i) {
      if (!is_itself(document, i)) {
        examples.push_back(i);
      }
    }
    return examples;
  }
  std::vector<std::size_t> first(std::vector<std::size_t> examples) const {
    examples.resize(std::min(examples.size(), shots_));
    return examples;
  }

  const ShotTask& task_;
  std::size_t shots_;
  PythonRandom random_;
};

}  // namespace

std::vector<std::string> choices_of(const ShotTask& task, const Json& document) {
  return texts_of(task.choices.of(document), task.choices.source());
}

std::size_t answer_of(const ShotTask& task, const Json& document,
                      const std::vector<std::string>& choices) {
  const Json target = task.target.of(document);
  const std::string text = python_text(target).value_or(std::string());
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) {
    check_data(index < choices.size(), "{}: answer {} of {} choices", task.target.source(), index,
               choices.size());
    return index;
  }
  const auto found = std::find(choices.begin(), choices.end(), text);
  check_data(found != choices.end(), "{}: '{}' is none of the choices", task.target.source(), text);
  return static_cast<std::size_t>(found - choices.begin());
}

std::vector<std::string> targets_of(const ShotTask& task, const Json& document) {
  const Json target = task.target.of(document);
  return target.is_array() ? texts_of(target, task.target.source())
                           : std::vector<std::string>{task.target.text_of(document)};
}

std::vector<std::string> shot_prompts(const ShotTask& task, std::size_t count, int shots,
                                      std::uint32_t seed) {
  ExampleDraws draws(task, shots, seed);
  std::vector<std::string> prompts;
  for (std::size_t i = 0; i < count; ++i) {
    const Json& document = task.documents[i];
    std::string prompt = task.description.is_set() ? task.description.text_of(document) : "";
    for (const std::size_t example : draws.next(document)) {
      prompt += example_text(task, task.examples[example]);
    }
    prompts.push_back(prompt + task.text.text_of(document));
  }
  return prompts;
}

}  // namespace heed
