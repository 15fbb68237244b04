// Texts with places for the fields of an example: "Question: {{question}}\nAnswer:".
//
//   const TextTemplate text("{{goal}} {{choices[0]}}", "piqa.yaml: doc_to_text");
//   text.render(document);
//
// Between the braces stand the name of a field, what lies in it ({{choices.text}}, {{labels[0]}},
// {{meta["id"]}}) or a list of such ({{[sol1, sol2]}}). Filters, calls, conditions and whatever
// else is code are refused.
//
// Thread-safety: constant once made; threads may share one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/json.h"

namespace heed {

class TextTemplate {
 public:
  // Errors (bad_data) name `source` and the expression.
  TextTemplate(std::string_view text, std::string source);

  // Errors (bad_data) name `source` and the field: missing, or a list where text is asked for.
  std::string render(const Json& document) const;
  // Of a template that is one expression and nothing else, what it stands for; else the text.
  Json value(const Json& document) const;

 private:
  struct Step {  // from a value into it
    std::string key;
    std::size_t index = 0;
    bool by_key = true;
  };
  using Path = std::vector<Step>;
  struct Part {
    std::string text;         // as it is, or
    std::vector<Path> paths;  // the values of these,
    bool is_list = false;     // in a list
  };

  Part parse_expression(std::string_view expression) const;
  Path parse_path(std::string_view expression, std::size_t& place) const;
  [[noreturn]] void refuse(std::string_view expression) const;
  const Json& look_up(const Path& path, const Json& document) const;
  Json value_of(const Part& part, const Json& document) const;
  std::string text_of(const Json& value, const Part& part) const;

  std::string source_;
  std::vector<Part> parts_;
};

// A value as Python writes it, which such files count on: True, None, 1.5. Nothing for lists and
// objects.
std::optional<std::string> python_text(const Json& value);

}  // namespace heed
