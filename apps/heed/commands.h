// The subcommands of heed. Each has a file of its own, apps/heed/<name>.cc, which defines
//
//   void add_<name>_command(CLI::App& application, int& exit_code);
//
// It adds a subcommand with its options, a description whose first line stands in the list of
// commands, and a footer with examples ("Examples:\n  heed <name> …"). The subcommand's callback
// does the work: it throws heed::Error when something is wrong (main prints the message and turns
// the kind into the exit code), and sets `exit_code` only when it ends with another code than 0.
#pragma once

#include <CLI/CLI.hpp>

namespace heed::app {

void add_answer_command(CLI::App& application, int& exit_code);
void add_attend_command(CLI::App& application, int& exit_code);
void add_average_command(CLI::App& application, int& exit_code);
void add_bleu_command(CLI::App& application, int& exit_code);
void add_classify_command(CLI::App& application, int& exit_code);
void add_compare_command(CLI::App& application, int& exit_code);
void add_completion_command(CLI::App& application, int& exit_code);
void add_data_command(CLI::App& application, int& exit_code);
void add_demo_command(CLI::App& application, int& exit_code);
void add_embed_command(CLI::App& application, int& exit_code);
void add_evaluate_command(CLI::App& application, int& exit_code);
void add_export_command(CLI::App& application, int& exit_code);
void add_fill_command(CLI::App& application, int& exit_code);
void add_generate_command(CLI::App& application, int& exit_code);
void add_heads_command(CLI::App& application, int& exit_code);
void add_info_command(CLI::App& application, int& exit_code);
void add_man_command(CLI::App& application, int& exit_code);
void add_positions_command(CLI::App& application, int& exit_code);
void add_recipe_command(CLI::App& application, int& exit_code);
void add_score_command(CLI::App& application, int& exit_code);
void add_shots_command(CLI::App& application, int& exit_code);
void add_tag_command(CLI::App& application, int& exit_code);
void add_train_command(CLI::App& application, int& exit_code);
void add_translate_command(CLI::App& application, int& exit_code);

}  // namespace heed::app
