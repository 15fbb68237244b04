// How a Trainer saves itself and comes back.
#include <algorithm>
#include <limits>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/checkpoint.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/load_tensors.h"
#include "heed/training/trainer.h"

namespace heed {

namespace {

// JSON has no word for what is not finite; it stands as null, and is read back as not a number.
Json best_json(const std::optional<ValidationRecord>& best) {
  if (!best) {
    return nullptr;
  }
  Json measures = Json::object();
  for (const auto& [key, value] : best->measures) {
    measures[key] = value;
  }
  return {{"loss", best->loss}, {"measures", measures}};
}

std::optional<ValidationRecord> best_from_json(const Json& json) {
  if (json.is_null()) {
    return std::nullopt;
  }
  ValidationRecord best{.loss = number_or_nan(json.at("loss"))};
  for (const auto& item : json.at("measures").items()) {
    best.measures.emplace_back(item.key(), number_or_nan(item.value()));
  }
  return best;
}

Json schedule_json(const Schedule::State& state) {
  return {{"scale", state.scale},
          {"best_loss", state.best_loss ? Json(*state.best_loss) : Json(nullptr)},
          {"waited", state.waited}};
}

Schedule::State schedule_from_json(const Json& json) {
  Schedule::State state{.scale = json.at("scale"), .waited = json.at("waited")};
  if (!json.at("best_loss").is_null()) {
    state.best_loss = json.at("best_loss").get<double>();
  }
  return state;
}

Json identity_json(const RunIdentity& identity) {
  return identity.recipe.empty() ? Json(nullptr)
                                 : parse_json(identity.recipe, "the recipe of the run");
}

void check_identity(const Json& saved, const TrainingSetup& setup) {
  const bool fixed_end = setup.schedule.kind == "cosine" || setup.schedule.kind == "linear";
  const std::string changes =
      changes_since(saved.is_null() ? std::string() : saved.dump(), setup.identity, fixed_end);
  check_usage(changes.empty(),
              "{}: cannot be resumed, because the recipe or the data changed since: {}",
              setup.directory.string(), changes);
}

}  // namespace

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
      {"train_predictions", state_.train_predictions},
      {"best", best_json(state_.best)},
      {"best_step", state_.best_step},
      {"waited", state_.waited},
      {"seconds", state_.seconds},
      {"optimizer_steps", optimizer_.steps()},
      {"schedule", schedule_json(schedule_.state())},
      {"metrics_bytes", history_->flush()},
      {"identity", identity_json(setup_.identity)},
  };
  CheckpointWriter writer(setup_.directory, state_.step);
  optimizer_.swap_average();
  writer.add_tensors("model.safetensors", stored_tensors_of(setup_.task->model()),
                     {{"format", "pt"}});
  writer.add_tensors("optimizer.safetensors", optimizer_.state());
  optimizer_.swap_average();
  for (const auto& [name, content] : setup_.task->files()) {
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
      setup_.progress->warning(problem);
    }
  }
  if (!latest.reader) {
    check_data(latest.problems.empty(), "{}: no checkpoint is sound: {}", setup_.directory.string(),
               latest.problems.empty() ? "" : latest.problems.front());
    // Killed before the first checkpoint: begin again.
    history_ =
        std::make_unique<History>(setup_.directory, 0, -1, setup_.task->loss_style().perplexity);
    return;
  }
  const CheckpointReader& reader = *latest.reader;
  const std::string name = (reader.directory() / "state.json").string();
  const Json state = parse_json(reader.file("state.json"), name);
  try {
    check_data(state.contains("train_predictions"),
               "{}: written by another version of heed; start the run anew in another directory",
               name);
    check_identity(state.at("identity"), setup_);
    state_.step = state.at("step");
    state_.position = {state.at("epoch"), state.at("batch")};
    state_.skipped = state.at("skipped");
    state_.interval_loss = number_or_nan(state.at("interval_loss"));
    state_.interval_norm = number_or_nan(state.at("interval_norm"));
    state_.interval_steps = state.at("interval_steps");
    state_.train_loss = number_or_nan(state.at("train_loss"));
    state_.train_predictions = state.at("train_predictions");
    state_.best = best_from_json(state.at("best"));
    state_.best_step = state.at("best_step");
    state_.waited = state.at("waited");
    state_.seconds = state.at("seconds");
    optimizer_.set_steps(state.at("optimizer_steps"));
    schedule_.restore(schedule_from_json(state.at("schedule")));
    history_ = std::make_unique<History>(setup_.directory, state.at("metrics_bytes"), state_.step,
                                         setup_.task->loss_style().perplexity);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not the state of a run: {}", name, error.what());
  }
  load_tensors(reader.tensors("model.safetensors"), stored_tensors_of(setup_.task->model()));
  load_tensors(reader.tensors("optimizer.safetensors"), optimizer_.state());
  optimizer_.swap_average();  // the file's weights are the average, its average the weights
  settle_checkpoint();        // a kill may have come between the checkpoint and this
}

}  // namespace heed
