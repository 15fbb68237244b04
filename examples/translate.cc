// Translates standard input, a sentence a line, with a model that `heed train` or `heed demo` made:
//
//   echo "the 3rd of March, 2021" | example_translate run-demo
#include <iostream>
#include <string>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/tasks/line_translator.h"

int main(int argc, char** argv) try {
  heed::check_usage(argc == 2, "usage: example_translate DIRECTORY < TEXT");
  heed::register_cpu_backend();
  const heed::LoadedModel model = heed::load_model(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << heed::translate_lines(model, {&line, 1}).front() << std::endl;
  }
} catch (const heed::Error& error) {
  std::cerr << "example_translate: " << error.what() << '\n';
  return heed::exit_code(error.kind());
}
