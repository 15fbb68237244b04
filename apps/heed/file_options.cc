#include "apps/heed/file_options.h"

namespace heed::app {

CLI::Option* add_source_option(CLI::App& command, std::string& file) {
  return command.add_option("-s,--source", file, "Sentences, one a line (.gz is read too)")
      ->type_name(file_value);
}

CLI::Option* add_target_option(CLI::App& command, std::string& file) {
  return command.add_option("-t,--target", file, "Their translations, line by line")
      ->type_name(file_value);
}

CLI::Option* add_reference_option(CLI::App& command, std::string& file) {
  return command.add_option("-r,--reference", file, "Their right translations, line by line")
      ->type_name(file_value);
}

CLI::Option* add_reference_option(CLI::App& command, std::vector<std::string>& files) {
  return command
      .add_option("-r,--reference", files,
                  "The right translations, line by line (.gz is read too); several files are "
                  "several references of the same sentences")
      ->type_name(file_value);
}

CLI::Option* add_input_option(CLI::App& command, std::string& file, const std::string& what) {
  return command
      .add_option("-i,--input", file,
                  what + " (.gz is read too); standard input without it or for -")
      ->type_name(file_value);
}

CLI::Option* add_output_option(CLI::App& command, std::string& file, const std::string& what) {
  return command.add_option("-o,--output", file, what)->type_name(file_value);
}

CLI::Option* add_output_directory_option(CLI::App& command, std::string& directory,
                                         const std::string& what) {
  return add_output_option(command, directory, what)->type_name(directory_value);
}

CLI::Option* add_set_option(CLI::App& command, std::vector<std::string>& changes,
                            const std::string& what) {
  return command.add_option("--set", changes, what)->type_name(key_value)->expected(1)->take_all();
}

bool is_standard_input(const std::string& file) {
  return file.empty() || file == "-";
}

std::string input_path(const std::string& file) {
  return is_standard_input(file) ? "/dev/stdin" : file;
}

}  // namespace heed::app
