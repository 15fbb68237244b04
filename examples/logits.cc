// What a model makes of text: for each line of the input its token ids on a line, then the logits
// after each token, a line each, for programs that compare. A translator's line is source, tab,
// target: two lines of ids, and the logits after each token that the target begins with.
//
//   echo "Once upon a time" | example_logits DIRECTORY
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/interop/load_model.h"

namespace {

using Ids = std::vector<int>;

heed::Inputs inputs_of(const Ids& ids) {
  const std::vector<std::int32_t> values(ids.begin(), ids.end());
  const auto length = static_cast<std::int32_t>(ids.size());
  return {.ids = heed::Tensor::from_values<std::int32_t>(values, {length}),
          .rows = heed::make_sequences({&length, 1})};
}

void print(const Ids& ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::printf("%s%d", i == 0 ? "" : " ", ids[i]);
  }
  std::printf("\n");
}

void print(const heed::Tensor& logits) {
  const std::vector<double> values = logits.to_doubles();
  const auto columns = static_cast<std::size_t>(logits.size(1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::printf("%.9g%c", values[i], (i + 1) % columns == 0 ? '\n' : ' ');
  }
}

void show(const heed::LoadedModel& loaded, const std::string& line) {
  const std::size_t tab = line.find('\t');
  Ids source, begun = loaded.tokenizers.target->encode(line);
  if (tab != std::string::npos) {
    source = loaded.tokenizers.source->encode(line.substr(0, tab));
    source.push_back(loaded.symbols.source_end);
    begun = loaded.tokenizers.target->encode(line.substr(tab + 1));
    begun.insert(begun.begin(), loaded.symbols.start);
    print(source);
  }
  print(begun);
  heed::check_usage(!begun.empty(), "a line without tokens");
  heed::ForwardContext context;
  const heed::Prompts prompts{.source = inputs_of(source), .begun = inputs_of(begun)};
  const heed::Generator& model = loaded.generator();
  print(heed::logits_of(model, model.hidden(prompts, context), context));
}

}  // namespace

int main(int argc, char** argv) try {
  heed::check_usage(argc == 2, "usage: example_logits DIRECTORY < LINES");
  heed::register_cpu_backend();
  const heed::LoadedModel loaded = heed::load_model(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    show(loaded, line);
  }
} catch (const heed::Error& error) {
  std::cerr << "example_logits: " << error.what() << '\n';
  return heed::exit_code(error.kind());
}
