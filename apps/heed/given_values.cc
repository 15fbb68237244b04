#include "apps/heed/given_values.h"

#include <string>
#include <string_view>

#include "apps/heed/help.h"
#include "heed/base/error.h"

namespace heed::app {
namespace {

constexpr const char* nothing_given = "expected a value, got nothing";

std::string refuse_nothing(const std::string& value) {
  return value.empty() ? nothing_given : std::string();
}

}  // namespace

void refuse_empty_values(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (takes_value(*option)) {
      option->check(CLI::Validator(refuse_nothing, ""));
    }
  }
  for (CLI::App* subcommand : command.get_subcommands({})) {
    refuse_empty_values(*subcommand);
  }
}

void check_given_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") {
      return;
    }
    const bool empty = word.starts_with("--") && word.find('=') + 1 == word.size();
    check_usage(!empty, "{}: {}", word.substr(0, word.size() - 1), nothing_given);
  }
}

}  // namespace heed::app
