// A run that was stopped, or that ended and goes on, ends as one that did neither.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/formats/checkpoint.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/event_file.h"
#include "heed/training/test_line_task.h"

namespace heed {
namespace {

using testing::HasSubstr;

class TrainerResume : public TrainerTest {
 protected:
  // Runs to `steps`, from the start or from where the run is.
  TrainingOutcome run_to(TrainingSetup setup, std::int64_t steps, std::int64_t stop_at = -1) {
    LineTask task;
    task.held_out = held_out_;
    setup.task = &task;
    setup.resume = !list_checkpoints(setup.directory).empty();
    setup.training.max_steps = steps;
    std::int64_t asked = 0;
    if (stop_at >= 0) {
      setup.interrupted = [&asked, stop_at] { return ++asked > stop_at ? 15 : 0; };
    }
    return Trainer(setup).run();
  }

  // Everything that a run leaves, without its times.
  std::map<std::string, std::string> left_by(const std::string& name) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory_ / name)) {
      const std::string path = fs::relative(entry.path(), directory_ / name).string();
      if (entry.is_symlink()) {
        files[path] = fs::read_symlink(entry.path()).string();
      } else if (path.ends_with("state.json")) {
        Json state = Json::parse(read_file(entry.path()));
        state.erase("seconds");
        state.erase("metrics_bytes");  // of lines that hold times
        files[path] = state.dump();
      } else if (path.ends_with(".safetensors") || path.ends_with(".txt")) {
        files[path] = std::to_string(std::hash<std::string>()(read_file(entry.path())));
      } else {
        files[path];
      }
    }
    for (const ValidationRecord& record :
         read_metrics(directory_ / name / "metrics.jsonl").validations) {
      files["validation " + std::to_string(record.step)] = std::to_string(record.loss) + " " +
                                                           std::to_string(record.train_loss) +
                                                           (record.best ? "*" : "");
    }
    const fs::path events = directory_ / name / "events.out.tfevents.heed";
    for (const Event& event : read_event_file(events)) {
      for (const EventScalar& scalar : event.scalars) {
        if (scalar.tag != "train/tokens_per_second") {
          files["events"] += fmt::format("{} {} {}\n", event.step, scalar.tag, scalar.value);
        }
      }
    }
    return files;
  }

  bool held_out_ = true;
};

// The closing validation of the first end is the best so far, and would move the patience of the
// plateau, what counts as best, and which validation is a thorough one.
TEST_F(TrainerResume, AnEndLeavesNoTraceInARunThatGoesOn) {
  LineTask task;
  for (const int end : {25, 30, 45}) {
    const auto with = [&](const std::string& name) {
      TrainingSetup result = setup(task, name + std::to_string(end));
      result.schedule = {.kind = "plateau", .learning_rate = 0.3, .patience = 1};
      result.training.thorough_every = 2;
      result.training.keep_last = 2;
      return result;
    };
    const std::string whole = "whole" + std::to_string(end), parts = "parts" + std::to_string(end);
    run_to(with("whole"), 100);
    run_to(with("parts"), end);
    EXPECT_EQ(read_metrics(directory_ / parts / "metrics.jsonl").validations.back().step, end);
    run_to(with("parts"), 100);
    EXPECT_EQ(left_by(parts), left_by(whole)) << end;
  }
}

TEST_F(TrainerResume, AnAverageIsOfAnEndAlone) {
  for (const bool held_out : {true, false}) {
    LineTask task;
    held_out_ = held_out;
    const auto with = [&](const std::string& name) {
      TrainingSetup result = setup(task, name + (held_out ? "" : " without held-out data"));
      result.training.average_last = 3;
      return result;
    };
    const TrainingSetup whole = with("whole"), parts = with("parts");
    run_to(whole, 120);
    run_to(parts, 70);
    EXPECT_TRUE(fs::exists(parts.directory / "average"));
    run_to(parts, 120);
    EXPECT_EQ(left_by(parts.directory.filename()), left_by(whole.directory.filename()));
  }
}

TEST_F(TrainerResume, AnInterruptPushesNoCheckpointOut) {
  LineTask task;
  for (const int stop : {3, 33, 40, 41, 59}) {
    const auto with = [&](const std::string& name) {
      TrainingSetup result = setup(task, name + std::to_string(stop));
      result.training.save_every = 10;
      result.training.keep_last = 2;
      result.training.average_last = 4;
      return result;
    };
    const std::string whole = "whole" + std::to_string(stop),
                      parts = "parts" + std::to_string(stop);
    run_to(with("whole"), 100);
    EXPECT_EQ(run_to(with("parts"), 100, stop).interrupted, 15);
    EXPECT_EQ(run_to(with("parts"), 100, 20).interrupted, 15);
    EXPECT_EQ(run_to(with("parts"), 100).interrupted, 0);
    EXPECT_EQ(left_by(parts), left_by(whole)) << stop;
  }
}

TEST_F(TrainerResume, EveryOptimizerAndScheduleGoesOn) {
  LineTask task;
  for (const char* optimizer : {"adam", "adamw", "muon"}) {
    for (const char* schedule : {"cosine", "wsd"}) {
      const auto with = [&](const std::string& name) {
        TrainingSetup result = setup(task, name + " " + optimizer + " " + schedule);
        result.optimizer.kind = optimizer;
        result.optimizer.weight_decay = 0.01;
        result.optimizer.average_decay = 0.9;
        result.schedule = {.kind = schedule, .learning_rate = 0.01};
        result.training.save_every = 10;
        return result;
      };
      const TrainingSetup whole = with("whole"), parts = with("parts");
      run_to(whole, 100);
      EXPECT_EQ(run_to(parts, 100, 33).interrupted, 15);
      EXPECT_EQ(run_to(parts, 100).interrupted, 0);
      EXPECT_EQ(left_by(parts.directory.filename()), left_by(whole.directory.filename()));
    }
  }
}

// Whether a checkpoint that cannot be read now can be read again, nobody knows.
TEST_F(TrainerResume, GoesBackBehindADamagedCheckpointAndLeavesItThere) {
  LineTask task;
  const auto with = [&](const std::string& name) {
    TrainingSetup result = setup(task, name);
    result.training.keep_last = 3;
    return result;
  };
  run_to(with("whole"), 100);
  run_to(with("parts"), 60);
  const fs::path weights = directory_ / "parts" / "step-60" / "model.safetensors";
  const std::string damaged = read_file(weights).substr(1);
  write_file(weights, damaged);
  EXPECT_EQ(run_to(with("parts"), 100, 5).interrupted, 15);
  EXPECT_EQ(list_checkpoints(directory_ / "parts").back(), 60);
  EXPECT_EQ(read_file(weights), damaged);
  run_to(with("parts"), 100);
  EXPECT_EQ(left_by("parts"), left_by("whole"));
}

TEST_F(TrainerResume, RefusesAStateWhoseCountsAreNone) {
  LineTask task;
  run_to(setup(task), 60);
  const fs::path run = directory_ / "run";
  const std::string name = (run / "step-60" / "state.json").string();
  const Json sound = parse_json(read_file(name), name);
  for (const char* key :
       {"step", "epoch", "batch", "skipped", "interval_steps", "train_predictions", "best_step",
        "waited", "optimizer_steps", "metrics_bytes"}) {
    for (const Json& value : {Json(-1), Json(1.5), Json(1e300), Json(nullptr), Json("60")}) {
      Json state = sound;
      state[key] = value;
      CheckpointWriter writer(run, 61);
      writer.add_file("state.json", state.dump());
      writer.commit();
      try {
        run_to(setup(task), 100);
        ADD_FAILURE() << key << " " << value.dump();
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(std::string("state.json: ") + key + ": expected a "));
      }
    }
  }
}

TEST_F(TrainerResume, KeepsTheLastCheckpointsAndTheBest) {
  LineTask task;
  TrainingSetup keeping = setup(task);
  keeping.training.save_every = 10;
  keeping.training.keep_last = 2;
  run_to(keeping, 100);
  const auto steps = list_checkpoints(directory_ / "run");
  EXPECT_EQ(steps.back(), 100);
  EXPECT_LE(steps.size(), 3u);  // the last two, and the best
  EXPECT_EQ(linked_step(directory_ / "run", "last"), 100);
}

}  // namespace
}  // namespace heed
