#include "apps/heed/choices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

namespace heed::app {

CLI::Option* suggest(CLI::Option* option, const std::vector<std::string>& words) {
  const auto accept = [](std::string&) { return std::string(); };
  return option->check(CLI::Validator(accept, fmt::format("{{{}}}", fmt::join(words, ","))));
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  std::vector<std::string> words;
  // The library lists its checks behind the name of the value: "TEXT:{float32,bf16}".
  const std::string text = option.get_type_name();
  const std::size_t start = text.find('{'), end = text.find('}');
  if (start != std::string::npos && end != std::string::npos) {
    std::istringstream list(text.substr(start + 1, end - start - 1));
    for (std::string word; std::getline(list, word, ',');) {
      words.push_back(word);
    }
  }
  return words;
}

}  // namespace heed::app
