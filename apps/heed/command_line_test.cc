#include "apps/heed/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/heed/common.h"
#include "apps/heed/decimal_numbers.h"
#include "apps/heed/help.h"
#include "heed/base/error.h"
#include "heed/base/processors.h"

namespace heed::app {
namespace {

using testing::HasSubstr;

// The message of the error that the words lead to.
std::string error_of(std::vector<const char*> words, ErrorKind kind = ErrorKind::usage) {
  words.insert(words.begin(), "heed");
  try {
    run_command_line(static_cast<int>(words.size()), words.data());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

template <typename Visit>
void for_each_option(CLI::App& command, const Visit& visit) {
  for (CLI::Option* option : command.get_options()) {
    visit(*option);
  }
  for (CLI::App* subcommand : command.get_subcommands({})) {
    for_each_option(*subcommand, visit);
  }
}

TEST(CommandLine, NamesTheNearestCommand) {
  EXPECT_EQ(error_of({"completoin", "bash"}),
            "unknown command 'completoin' (did you mean completion?); see heed --help");
  EXPECT_EQ(error_of({"zzzzzzzz"}), "unknown command 'zzzzzzzz'; see heed --help");
}

TEST(CommandLine, NamesTheNearestOption) {
  EXPECT_EQ(error_of({"completion", "bash", "--hlep"}),
            "unknown option --hlep (did you mean --help?); see heed completion --help");
  EXPECT_EQ(error_of({"attend", "--out", "x.html"}),
            "unknown option --out (did you mean --output?); see heed attend --help");
  EXPECT_EQ(error_of({"--versoin=1"}),
            "unknown option --versoin (did you mean --version?); see heed --help");
}

TEST(CommandLine, RefusesWhatIsMissingOrTooMuch) {
  EXPECT_THAT(error_of({"completion"}), HasSubstr("see heed completion --help"));
  EXPECT_EQ(error_of({"completion", "bash", "extra"}),
            "unexpected argument 'extra'; see heed completion --help");
  EXPECT_THAT(error_of({"completion", "tcsh"}), HasSubstr("tcsh"));
}

// Every option and argument that takes a value: what a shell gives for a variable that is not set.
TEST(CommandLine, RefusesEmptyValues) {
  int exit_code = 0;
  const auto application = make_command_line(exit_code);
  int options = 0;
  for_each_option(*application, [&](CLI::Option& option) {
    if (option.get_items_expected_max() > 0) {
      ++options;
      EXPECT_THROW(option.add_result("")->run_callback(), CLI::ParseError) << option.get_name();
    }
  });
  EXPECT_GT(options, 100);
  EXPECT_EQ(error_of({"train", "r.yaml", "--run", ""}),
            "--run: expected a value, got nothing; see heed train --help");
  EXPECT_EQ(error_of({"train", "r.yaml", "--run=", "--resume"}),
            "--run: expected a value, got nothing");
  EXPECT_EQ(error_of({"info", ""}), "DIR: expected a value, got nothing; see heed info --help");
}

TEST(CommandLine, WritesManualPagesOnlyWhereItCan) {
  EXPECT_THAT(error_of({"man", "/dev/null/pages"}, ErrorKind::input_output),
              HasSubstr("/dev/null/pages"));
}

// Every command says what it is for in one line that fits the list, and shows how it is used.
TEST(CommandLine, EveryCommandHasAnExampleAndDescribesItsOptions) {
  int exit_code = 0;
  const auto application = make_command_line(exit_code);
  for (const CLI::App* command : application->get_subcommands({})) {
    const std::string help = help_text(*command);
    EXPECT_THAT(help, HasSubstr("Examples:\n")) << command->get_name();
    EXPECT_THAT(help, HasSubstr("Usage: " + full_name(*command) + " [OPTION...]"));
    EXPECT_FALSE(first_line(command->get_description()).empty()) << command->get_name();
    EXPECT_LE(first_line(command->get_description()).size(), 80u) << command->get_name();
    for (const CLI::Option* option : command->get_options()) {
      EXPECT_FALSE(option->get_description().empty())
          << command->get_name() << " " << option->get_name();
    }
  }
}

TEST(DecimalNumbers, AreWhatPeopleWrite) {
  EXPECT_EQ(decimal_number("0"), "0");
  EXPECT_EQ(decimal_number("000"), "0");
  EXPECT_EQ(decimal_number("010"), "10");
  EXPECT_EQ(decimal_number("-08"), "-8");
  EXPECT_EQ(decimal_number("+5"), "5");
  EXPECT_EQ(decimal_number("00.50"), "0.50");
  EXPECT_EQ(decimal_number(".5"), ".5");
  EXPECT_EQ(decimal_number("5."), "5.");
  EXPECT_EQ(decimal_number("01e-05"), "1e-05");
  for (const char* text : {"", "-", ".", "0x10", "1_000", "1,5", "nan", "inf", "1e", "1e+", " 1",
                           "1 ", "--1", "0b1", "1f", "٣"}) {
    EXPECT_EQ(decimal_number(text), "") << text;
  }
}

// Every option of every command that takes a number reads it as decimal and nothing else.
TEST(DecimalNumbers, AreReadByEveryOption) {
  const std::vector<std::string> others = {"",          "DIR",          "HEAD", "FILE",
                                           "KEY=VALUE", "KIND",         "TEXT", "KEY=VALUE,VALUE",
                                           "LIST",      "OPTION=VALUE", "N,N",  "TASK.yaml"};
  int exit_code = 0, numbers = 0;
  const auto application = make_command_line(exit_code);
  for_each_option(*application, [&](CLI::Option& option) {
    if (!takes_numbers(option)) {
      EXPECT_THAT(others, testing::Contains(value_name(option)))
          << option.get_name() << ": is this a number?";
      return;
    }
    ++numbers;
    for (const char* text : {"0x3", "", "nan"}) {
      option.clear();
      option.add_result(text);
      EXPECT_THROW(option.run_callback(), CLI::ValidationError) << option.get_name() << text;
    }
    option.clear();
    option.add_result("003");
    option.run_callback();
    EXPECT_EQ(option.as<std::string>(), "3") << option.get_name();
  });
  EXPECT_GT(numbers, 25);
}

TEST(DecimalNumbers, ReachTheCommand) {
  EXPECT_THAT(error_of({"demo", "--seed", "0x8"}),
              HasSubstr("--seed: '0x8' is no decimal number; see heed demo --help"));
  EXPECT_THAT(error_of({"demo", "--threads", "02000"}), HasSubstr("2000 not in range 1 to 1024"));
  EXPECT_THAT(error_of({"translate", "--model", "m", "--beam", ""}),
              HasSubstr("--beam: '' is no decimal number"));
}

TEST(Numbers, OfAnotherKindAreNamedWithTheirOption) {
  EXPECT_THAT(error_of({"shots", "--model", "m", "t.yaml", "--shots", "0,x"}),
              HasSubstr("--shots: '0,x' is no number that it takes; see heed shots --help"));
  EXPECT_THAT(error_of({"shots", "--model", "m", "t.yaml", "--shots", "99999999999"}),
              HasSubstr("--shots: '99999999999' is no number that it takes"));
  EXPECT_THAT(error_of({"generate", "--model", "m", "--max-tokens", "1.5"}),
              HasSubstr("--max-tokens: '1.5' is no number that it takes"));
}

TEST(Numbers, SeedsHaveLimitsThatCanBeRead) {
  for (const char* command : {"demo", "train", "generate"}) {
    EXPECT_THAT(error_of({command, "--seed", "-1"}),
                HasSubstr("--seed: Value -1 not in range 0 to 9223372036854775807"))
        << command;
  }
  EXPECT_THAT(error_of({"shots", "--seed", "4294967296"}),
              HasSubstr("--seed: Value 4294967296 not in range 0 to 4294967295"));
}

TEST(Help, WrapsAtEightyColumns) {
  CLI::App command("first\nsecond");
  command.formatter(std::make_shared<HelpFormatter>());
  bool flag = false;
  std::string long_text;
  for (int i = 0; i < 40; ++i) {
    long_text += "word ";
  }
  command.add_flag("--an-option-with-a-rather-long-name", flag, long_text);
  std::string line;
  std::istringstream help(command.help());
  int count = 0;
  while (std::getline(help, line)) {
    EXPECT_LE(line.size(), 80u) << line;
    ++count;
  }
  EXPECT_GT(count, 5);
}

TEST(Help, ShowsTheValueWithoutItsRules) {
  CLI::App command;
  command.formatter(std::make_shared<HelpFormatter>());
  int threads = 3;
  std::vector<std::string> kinds = {"a"};
  command.add_option("-t,--threads", threads, "How many")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  command.add_option("--kinds", kinds, "Which")
      ->check(CLI::IsMember({"a", "b"}))
      ->capture_default_str();
  EXPECT_THAT(command.help(), HasSubstr("  -t, --threads N [3]"));
  EXPECT_THAT(command.help(), HasSubstr("  --kinds TEXT [a] ..."));
}

TEST(Help, MarksWhatTakesSeveral) {
  CLI::App command;
  command.formatter(std::make_shared<HelpFormatter>());
  std::vector<std::string> models;
  std::string output;
  command.add_option("MODEL", models, "Models")->required()->expected(2, 100);
  command.add_option("OUTPUT", output, "Where to");
  EXPECT_THAT(command.help(), HasSubstr(" MODEL... [OUTPUT]\n"));
}

TEST(Common, EscapesControlCharacters) {
  testing::internal::CaptureStderr();
  print_error("one\ntwo \x1b[31m \xc2\x9b tab\tend \xc3\xbc");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "heed: one\\ntwo \\x1b[31m \\x9b tab\\x09end \xc3\xbc\n");
}

TEST(Common, UsesAtLeastOneProcessor) {
  EXPECT_GE(usable_processor_count(), 1);
  EXPECT_LE(usable_processor_count(), 1 << 20);
}

}  // namespace
}  // namespace heed::app
