// Translates standard input, a sentence a line, with a model that `heed train` or `heed demo` made:
//
//   echo "the 3rd of March, 2021" | example_translate run-demo
#include <iostream>
#include <string>
#include <vector>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"

int main(int argc, char** argv) try {
  heed::check_usage(argc == 2, "usage: example_translate DIRECTORY < TEXT");
  heed::register_cpu_backend();
  const heed::LoadedModel translator = heed::load_model(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::vector<int>> sources = {translator.tokenizers.source->encode(line)};
    if (sources[0].empty()) {  // nothing to translate
      std::cout << std::endl;
      continue;
    }
    sources[0].push_back(translator.symbols.source_end);
    // One list of hypotheses for each source, the best first.
    const auto hypotheses =
        heed::translate(translator.generator(), sources, translator.symbols, translator.decoding);
    std::cout << translator.tokenizers.target->decode(hypotheses[0][0].tokens) << std::endl;
  }
} catch (const heed::Error& error) {
  std::cerr << "example_translate: " << error.what() << '\n';
  return heed::exit_code(error.kind());
}
