// heed data: what concerns corpora.
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/data/corpus_check.h"

namespace heed::app {

namespace {

struct CheckOptions {
  CorpusFiles files;
  std::vector<std::string> held_out;
  int examples = 5;
  bool json = false;
};

// Laid out as the corpus is: files in pairs, or tables.
std::vector<ParallelCorpus> held_out_corpora(const CheckOptions& options) {
  const bool tables = !options.files.table.empty();
  check_usage(tables || options.held_out.size() % 2 == 0,
              "--held-out: takes files in pairs, SOURCE TARGET, as the corpus has them");
  std::vector<ParallelCorpus> corpora;
  for (std::size_t i = 0; i < options.held_out.size(); i += tables ? 1 : 2) {
    CorpusFiles files = options.files;
    if (tables) {
      files.table = {options.held_out[i]};
    } else {
      files.source = {options.held_out[i]};
      files.target = {options.held_out[i + 1]};
    }
    corpora.emplace_back(files);
  }
  return corpora;
}

void run_check(const CheckOptions& options, int& exit_code) {
  const std::vector<ParallelCorpus> held_out = held_out_corpora(options);
  const CorpusReport report =
      check_corpus(ParallelCorpus(options.files), options.examples, held_out);
  write_output(options.json ? report_json(report).dump(2) + "\n" : report_text(report));
  if (!report.usable()) {
    exit_code = heed::exit_code(ErrorKind::bad_data);
  }
}

void add_check_command(CLI::App& data, int& exit_code) {
  CLI::App* command = data.add_subcommand(
      "check",
      "Read a parallel corpus and say what is odd in it\n\n"
      "Counts lines and lengths and finds duplicates, empty lines, equal sides, sides that look "
      "swapped or in the other language, unlikely lengths, damaged encoding and stray white space. "
      "Reads on after the first trouble. With --held-out also finds the sentences for validation "
      "or "
      "test that stand in it. Exits with 65 when training would refuse the corpus: "
      "different line counts, no lines, invalid UTF-8, NUL bytes, lines that are too long.");
  command->footer(
      "Examples:\n"
      "  heed data check --source train.en --target train.de\n"
      "  heed data check -s train.en.gz -t train.de.gz --json > report.json\n"
      "  heed data check --table pairs.tsv --source-column 2 --target-column 3\n"
      "  heed data check -s train.en -t train.de --held-out val.en val.de test.en test.de");
  const auto options = std::make_shared<CheckOptions>();
  CorpusFiles& files = options->files;
  files.source.resize(1);
  files.target.resize(1);
  auto* source = add_source_option(*command, files.source[0]);
  auto* target = add_target_option(*command, files.target[0]);
  auto* table =
      command->add_option("--table", files.table, "A file of tab-separated columns instead")
          ->type_name("FILE")
          ->expected(1)
          ->excludes(source)
          ->excludes(target);
  source->needs(target);
  target->needs(source);
  command->add_option("--source-column", files.source_column, "Column of the source, from 1")
      ->needs(table)
      ->capture_default_str();
  command->add_option("--target-column", files.target_column, "Column of the target, from 1")
      ->needs(table)
      ->capture_default_str();
  command
      ->add_option("--held-out", options->held_out,
                   "What may not be in it: SOURCE TARGET, as often as needed; tables with --table")
      ->type_name(file_value);
  command->add_option("--line-limit", files.line_limit, "Longest line that is no trouble, in bytes")
      ->capture_default_str();
  command->add_option("--examples", options->examples, "Lines to show of each kind")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Write the report as JSON");
  command->callback([options, source, &exit_code] {
    if (source->count() == 0) {
      options->files.source.clear();
      options->files.target.clear();
    }
    run_check(*options, exit_code);
  });
}

}  // namespace

void add_data_command(CLI::App& application, int& exit_code) {
  CLI::App* command = application.add_subcommand("data", "Look at corpora");
  command->require_subcommand(1);
  command->footer("Examples:\n  heed data check --source train.en --target train.de");
  add_check_command(*command, exit_code);
}

}  // namespace heed::app
