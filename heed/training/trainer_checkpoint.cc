// How a Trainer saves itself and comes back.
#include <algorithm>

#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/load_tensors.h"
#include "heed/training/trainer.h"

namespace heed {

namespace {

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<double> read_optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

}  // namespace

void Trainer::check_identity(const Json& saved) const {
  const bool fixed_end = setup_.schedule.kind == "cosine" || setup_.schedule.kind == "linear";
  const std::string changes = changes_since(saved, setup_.identity, fixed_end);
  check_usage(changes.empty(),
              "{}: cannot be resumed, because the recipe or the data changed since: {}",
              setup_.directory.string(), changes);
}

void Trainer::save_checkpoint() {
  if (saved_step_ == state_.step) {
    return;
  }
  state_.seconds = elapsed();
  const Json state = {
      {"step", state_.step},
      {"epoch", state_.position.epoch},
      {"batch", state_.position.batch},
      {"skipped", state_.skipped},
      {"interval_loss", state_.interval_loss},
      {"interval_norm", state_.interval_norm},
      {"interval_steps", state_.interval_steps},
      {"train_loss", state_.train_loss},
      {"train_tokens", state_.train_tokens},
      {"best_loss", optional_number(state_.best_loss)},
      {"best_bleu", optional_number(state_.best_bleu)},
      {"best_step", state_.best_step},
      {"waited", state_.waited},
      {"seconds", state_.seconds},
      {"optimizer_steps", optimizer_.steps()},
      {"schedule", schedule_.state()},
      {"metrics_bytes", history_->flush()},
      {"identity", setup_.identity.recipe},
  };
  CheckpointWriter writer(setup_.directory, state_.step);
  optimizer_.swap_average();
  writer.add_tensors("model.safetensors", stored_tensors_of(*setup_.model), {{"format", "pt"}});
  writer.add_tensors("optimizer.safetensors", optimizer_.state());
  optimizer_.swap_average();
  for (const auto& [name, content] : setup_.model_files) {
    writer.add_file(name, content);
  }
  writer.add_file("state.json", state.dump(1) + "\n");
  writer.commit();
  settle_checkpoint();
}

void Trainer::settle_checkpoint() {
  saved_step_ = state_.step;
  point_link(setup_.directory, "last", state_.step);
  if (state_.best_step == state_.step) {
    point_link(setup_.directory, "best", state_.step);
  }
  prune_checkpoints(
      setup_.directory,
      static_cast<std::size_t>(std::max(setup_.training.keep_last, setup_.training.average_last)));
}

void Trainer::load_checkpoint() {
  LatestCheckpoint latest = latest_valid_checkpoint(setup_.directory);
  if (setup_.progress != nullptr) {
    for (const std::string& problem : latest.problems) {
      setup_.progress->line("warning: " + problem);
    }
  }
  if (!latest.reader) {
    check_data(latest.problems.empty(), "{}: no checkpoint is sound: {}", setup_.directory.string(),
               latest.problems.empty() ? "" : latest.problems.front());
    // Killed before the first checkpoint: begin again.
    history_ = std::make_unique<History>(setup_.directory, 0, -1);
    return;
  }
  const CheckpointReader& reader = *latest.reader;
  const std::string name = (reader.directory() / "state.json").string();
  const Json state = parse_json(reader.file("state.json"), name);
  try {
    check_identity(state.at("identity"));
    state_.step = state.at("step");
    state_.position = {state.at("epoch"), state.at("batch")};
    state_.skipped = state.at("skipped");
    state_.interval_loss = state.at("interval_loss");
    state_.interval_norm = state.at("interval_norm");
    state_.interval_steps = state.at("interval_steps");
    state_.train_loss = state.at("train_loss");
    state_.train_tokens = state.at("train_tokens");
    state_.best_loss = read_optional(state.at("best_loss"));
    state_.best_bleu = read_optional(state.at("best_bleu"));
    state_.best_step = state.at("best_step");
    state_.waited = state.at("waited");
    state_.seconds = state.at("seconds");
    optimizer_.set_steps(state.at("optimizer_steps"));
    schedule_.restore(state.at("schedule"));
    history_ = std::make_unique<History>(setup_.directory, state.at("metrics_bytes"), state_.step);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not the state of a run: {}", name, error.what());
  }
  load_tensors(reader.tensors("model.safetensors"), stored_tensors_of(*setup_.model));
  load_tensors(reader.tensors("optimizer.safetensors"), optimizer_.state());
  optimizer_.swap_average();  // the file's weights are the average, its average the weights
  settle_checkpoint();        // a kill may have come between the checkpoint and this
}

}  // namespace heed
