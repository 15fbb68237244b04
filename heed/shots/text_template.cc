#include "heed/shots/text_template.h"

#include <cctype>
#include <charconv>

#include "heed/base/error.h"

namespace heed {

namespace {

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool goes_on_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

void skip_spaces(std::string_view text, std::size_t& place) {
  while (place < text.size() &&
         (text[place] == ' ' || text[place] == '\n' || text[place] == '\t')) {
    ++place;
  }
}

std::string name_at(std::string_view text, std::size_t& place) {
  const std::size_t begin = place;
  while (place < text.size() &&
         (place == begin ? begins_name(text[place]) : goes_on_name(text[place]))) {
    ++place;
  }
  return std::string(text.substr(begin, place - begin));
}

}  // namespace

TextTemplate::TextTemplate(std::string_view text, std::string source) : source_(std::move(source)) {
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t open = text.find('{', place);
    const bool special = open != std::string_view::npos && open + 1 < text.size() &&
                         (text[open + 1] == '{' || text[open + 1] == '%' || text[open + 1] == '#');
    if (!special) {
      const std::size_t end = open == std::string_view::npos ? text.size() : open + 1;
      parts_.push_back({.text = std::string(text.substr(place, end - place)), .paths = {}});
      place = end;
      continue;
    }
    if (open > place) {
      parts_.push_back({.text = std::string(text.substr(place, open - place)), .paths = {}});
    }
    const std::size_t close = text.find("}}", open);
    if (text[open + 1] != '{' || close == std::string_view::npos) {
      refuse(text.substr(open, 40));
    }
    parts_.push_back(parse_expression(text.substr(open + 2, close - open - 2)));
    place = close + 2;
  }
}

void TextTemplate::refuse(std::string_view expression) const {
  fail(ErrorKind::bad_data,
       "{}: '{}' is code: heed puts fields in their places ({{{{name}}}}, {{{{name.part}}}}, "
       "{{{{name[0]}}}}, {{{{[a, b]}}}}) and runs none; prepare such a field in the data",
       source_, expression);
}

TextTemplate::Path TextTemplate::parse_path(std::string_view expression, std::size_t& place) const {
  skip_spaces(expression, place);
  Path path;
  path.push_back({.key = name_at(expression, place)});
  if (path.front().key.empty()) {
    refuse(expression);
  }
  while (place < expression.size() && (expression[place] == '.' || expression[place] == '[')) {
    if (expression[place] == '.') {
      path.push_back({.key = name_at(expression, ++place)});
      if (path.back().key.empty()) {
        refuse(expression);
      }
      continue;
    }
    const std::size_t close = expression.find(']', place);
    if (close == std::string_view::npos) {
      refuse(expression);
    }
    const std::string_view inside = expression.substr(place + 1, close - place - 1);
    const bool quoted =
        inside.size() >= 2 && (inside[0] == '"' || inside[0] == '\'') && inside.back() == inside[0];
    Step step;
    if (quoted) {
      step.key = inside.substr(1, inside.size() - 2);
    } else {
      step.by_key = false;
      const auto [end, error] =
          std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
      if (error != std::errc() || end != inside.data() + inside.size()) {
        refuse(expression);
      }
    }
    path.push_back(step);
    place = close + 1;
  }
  skip_spaces(expression, place);
  return path;
}

TextTemplate::Part TextTemplate::parse_expression(std::string_view expression) const {
  Part part;
  std::size_t place = 0;
  skip_spaces(expression, place);
  part.is_list = place < expression.size() && expression[place] == '[';
  if (!part.is_list) {
    part.paths.push_back(parse_path(expression, place));
  } else {
    do {
      part.paths.push_back(parse_path(expression, ++place));
    } while (place < expression.size() && expression[place] == ',');
    if (place >= expression.size() || expression[place] != ']') {
      refuse(expression);
    }
    skip_spaces(expression, ++place);
  }
  if (place != expression.size()) {
    refuse(expression);
  }
  return part;
}

const Json& TextTemplate::look_up(const Path& path, const Json& document) const {
  const Json* value = &document;
  for (const Step& step : path) {
    if (step.by_key) {
      const auto found = value->is_object() ? value->find(step.key) : value->end();
      check_data(value->is_object() && found != value->end(), "{}: an example has no field '{}'",
                 source_, step.key);
      value = &*found;
    } else {
      check_data(value->is_array() && step.index < value->size(),
                 "{}: an example has no value {} in '{}'", source_, step.index, path.front().key);
      value = &value->at(step.index);
    }
  }
  return *value;
}

Json TextTemplate::value_of(const Part& part, const Json& document) const {
  if (!part.is_list) {
    return look_up(part.paths.front(), document);
  }
  Json list = Json::array();
  for (const Path& path : part.paths) {
    list.push_back(look_up(path, document));
  }
  return list;
}

std::string TextTemplate::text_of(const Json& value, const Part& part) const {
  const auto text = python_text(value);
  check_data(text.has_value(), "{}: '{}' is a {}, where text is asked for", source_,
             part.paths.front().front().key, value.type_name());
  return *text;
}

std::string TextTemplate::render(const Json& document) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.paths.empty() ? part.text : text_of(value_of(part, document), part);
  }
  return text;
}

Json TextTemplate::value(const Json& document) const {
  if (parts_.size() == 1 && !parts_.front().paths.empty()) {
    return value_of(parts_.front(), document);
  }
  return render(document);
}

std::optional<std::string> python_text(const Json& value) {
  if (value.is_structured()) {
    return std::nullopt;
  }
  return value.is_string()    ? value.get<std::string>()
         : value.is_boolean() ? (value.get<bool>() ? "True" : "False")
         : value.is_null()    ? "None"
                              : value.dump();
}

}  // namespace heed
