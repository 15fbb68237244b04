// How a Trainer saves itself and comes back.
#include <algorithm>
#include <limits>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/phase.h"
#include "heed/formats/checkpoint.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/load_tensors.h"
#include "heed/training/checkpoint_summary.h"
#include "heed/training/trainer.h"

namespace heed {

namespace {

// As best_from_json reads it.
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

// A whole number that the type holds, from 0. Error (bad_data): what stands there is something
// else.
template <typename Count = std::int64_t>
Count count_at(const Json& json, const char* key, const std::string& source) {
  const Json& number = json.at(key);
  const bool fits =
      number.is_number_unsigned() && std::in_range<Count>(number.get<std::uint64_t>());
  check_data(fits, "{}: {}: expected a whole number from 0 to {}, got {}", source, key,
             std::numeric_limits<Count>::max(), number.dump());
  return number.get<Count>();
}

Json schedule_json(const Schedule::State& state) {
  return {{"scale", state.scale},
          {"best_loss", state.best_loss ? Json(*state.best_loss) : Json(nullptr)},
          {"waited", state.waited}};
}

Schedule::State schedule_from_json(const Json& json, const std::string& source) {
  Schedule::State state{.scale = json.at("scale"), .waited = count_at<int>(json, "waited", source)};
  if (!json.at("best_loss").is_null()) {
    state.best_loss = json.at("best_loss").get<double>();
  }
  return state;
}

template <typename Ending>
Json ending_json(const std::optional<Ending>& ending) {
  if (!ending) {
    return nullptr;
  }
  return {{"best", best_json(ending->best)},
          {"best_step", ending->best_step},
          {"waited", ending->waited},
          {"train_loss", ending->train_loss},
          {"train_predictions", ending->train_predictions},
          {"schedule", schedule_json(ending->schedule)},
          {"metrics_bytes", ending->metrics_bytes}};
}

template <typename Ending>
std::optional<Ending> ending_from_json(const Json& json, const std::string& source) {
  if (json.is_null()) {
    return std::nullopt;
  }
  return Ending{.best = best_from_json(json.at("best")),
                .best_step = count_at(json, "best_step", source),
                .waited = count_at<int>(json, "waited", source),
                .train_loss = number_or_nan(json.at("train_loss")),
                .train_predictions = count_at(json, "train_predictions", source),
                .schedule = schedule_from_json(json.at("schedule"), source),
                .metrics_bytes = count_at<std::uint64_t>(json, "metrics_bytes", source)};
}

Json identity_json(const RunIdentity& identity) {
  return identity.recipe.empty() ? Json(nullptr)
                                 : parse_json(identity.recipe, "the recipe of the run");
}

void check_identity(const Json& saved, const TrainingSetup& setup) {
  const std::string changes =
      changes_since(saved.is_null() ? std::string() : saved.dump(), setup.identity,
                    Schedule::needs_end(setup.schedule.kind));
  check_usage(changes.empty(),
              "{}: cannot be resumed, because the recipe or the data changed since: {}",
              setup.directory.string(), changes);
}

}  // namespace

void Trainer::save_checkpoint() {
  if (saved_step_ == state_.step) {
    return;
  }
  Phase phase("saving the checkpoint of step");
  phase.at(state_.step);
  state_.seconds = elapsed();
  std::erase(state_.kept, state_.step);
  if (state_.counts) {
    state_.kept.push_back(state_.step);
  }
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
      {"kept", state_.kept},
      {"counts", state_.counts},
      {"before_ending", ending_json(state_.before_ending)},
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
  const auto most =
      static_cast<std::size_t>(std::max(setup_.training.keep_last, setup_.training.average_last));
  if (state_.kept.size() > most) {
    state_.kept.erase(state_.kept.begin(), state_.kept.end() - static_cast<std::ptrdiff_t>(most));
  }
  std::vector<std::int64_t> wanted = state_.kept;
  wanted.push_back(state_.step);
  if (state_.before_ending) {
    wanted.push_back(state_.before_ending->best_step);
  }
  // Those of later steps, which a damaged one made the run go back behind, wait to be replaced.
  for (const std::int64_t step : list_checkpoints(setup_.directory)) {
    if (step > state_.step) {
      wanted.push_back(step);
    }
  }
  prune_checkpoints(setup_.directory, wanted);
}

bool Trainer::goes_on() {
  const State as_saved = state_;
  if (const auto& before = as_saved.before_ending) {
    state_.best = before->best;
    state_.best_step = before->best_step;
    state_.waited = before->waited;
    state_.train_loss = before->train_loss;
    state_.train_predictions = before->train_predictions;
    state_.before_ending.reset();
  }
  if (end_reached()) {
    state_ = as_saved;
    return false;
  }
  if (as_saved.before_ending) {
    schedule_.restore(as_saved.before_ending->schedule);
  }
  return true;
}

void Trainer::forget_ending(bool validated) {
  if (validated) {
    remove_tree(validation_text_path(setup_.directory, state_.step));
  }
  const bool has_best = state_.best_step > 0;
  if (has_best && !path_exists(checkpoint_path(setup_.directory, state_.best_step))) {
    return;  // a damaged checkpoint made the run go back behind what it had deleted
  }
  if (has_best) {
    point_link(setup_.directory, "best", state_.best_step);
  } else {
    remove_tree(setup_.directory / "best");
  }
  remove_tree(setup_.directory / "average");
}

void Trainer::load_checkpoint() {
  const Phase phase("loading a checkpoint");
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
  bool continues = false;
  std::optional<Ending> ending;
  const Json state = parse_json(reader.file("state.json"), name);
  try {
    check_data(state.contains("kept"),
               "{}: written by another version of heed; start the run anew in another directory",
               name);
    check_identity(state.at("identity"), setup_);
    const auto count = [&](const char* key) { return count_at(state, key, name); };
    state_.step = count("step");
    state_.position = {count("epoch"), count("batch")};
    state_.skipped = count("skipped");
    state_.interval_loss = number_or_nan(state.at("interval_loss"));
    state_.interval_norm = number_or_nan(state.at("interval_norm"));
    state_.interval_steps = count("interval_steps");
    state_.train_loss = number_or_nan(state.at("train_loss"));
    state_.train_predictions = count("train_predictions");
    state_.best = best_from_json(state.at("best"));
    state_.best_step = count("best_step");
    state_.waited = count_at<int>(state, "waited", name);
    state_.seconds = state.at("seconds");
    optimizer_.set_steps(count("optimizer_steps"));
    state_.kept = state.at("kept").get<std::vector<std::int64_t>>();
    state_.counts = state.at("counts");
    state_.before_ending = ending_from_json<Ending>(state.at("before_ending"), name);
    schedule_.restore(schedule_from_json(state.at("schedule"), name));
    auto metrics_bytes = count_at<std::uint64_t>(state, "metrics_bytes", name);
    ending = state_.before_ending;
    continues = goes_on();
    if (continues && ending) {
      metrics_bytes = ending->metrics_bytes;
    }
    history_ = std::make_unique<History>(setup_.directory, metrics_bytes, state_.step,
                                         setup_.task->loss_style().perplexity);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not the state of a run: {}", name, error.what());
  }
  load_tensors(reader.tensors("model.safetensors"), stored_tensors_of(setup_.task->model()));
  load_tensors(reader.tensors("optimizer.safetensors"), optimizer_.state());
  optimizer_.swap_average();  // the file's weights are the average, its average the weights
  if (continues) {
    forget_ending(ending.has_value());
  }
  settle_checkpoint();  // a kill may have come between the checkpoint and this
}

}  // namespace heed
