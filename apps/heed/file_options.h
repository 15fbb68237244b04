// The files that commands read and write, under the same names everywhere: -s/--source and
// -t/--target or -r/--reference for text in two languages, line by line; -i/--input for what would
// else come from standard input; -o/--output for what is written.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heed::app {

CLI::Option* add_source_option(CLI::App& command, std::string& file);
CLI::Option* add_target_option(CLI::App& command, std::string& file);
// One file, or several that are several references of the same sentences.
CLI::Option* add_reference_option(CLI::App& command, std::string& file);
CLI::Option* add_reference_option(CLI::App& command, std::vector<std::string>& files);
// `what` begins the description: "The text to translate". Without it, and for `-`, standard input.
CLI::Option* add_input_option(CLI::App& command, std::string& file, const std::string& what);
CLI::Option* add_output_option(CLI::App& command, std::string& file, const std::string& what);
// The same for a directory that is made.
CLI::Option* add_output_directory_option(CLI::App& command, std::string& directory,
                                         const std::string& what);
// --set KEY=VALUE, as often as needed.
CLI::Option* add_set_option(CLI::App& command, std::vector<std::string>& changes,
                            const std::string& what);

// Whether an --input means standard input.
bool is_standard_input(const std::string& file);
// The path to open for an --input.
std::string input_path(const std::string& file);

// How the value of such an option is called, which is what completion goes by.
inline constexpr const char* file_value = "FILE";
inline constexpr const char* directory_value = "DIR";
inline constexpr const char* key_value = "KEY=VALUE";
inline constexpr const char* key_values = "KEY=VALUE,VALUE";
inline constexpr const char* option_value = "OPTION=VALUE";  // of a position scheme

}  // namespace heed::app
