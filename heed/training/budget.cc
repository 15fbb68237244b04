#include "heed/training/budget.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/phase.h"

namespace heed {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

constexpr int stop_measuring = -1;  // no signal has that number

// Ends a run when enough of its steps were timed.
class StepTimer : public Progress {
 public:
  StepTimer(double budget, const std::function<int()>& interrupted)
      : budget_(budget), interrupted_(interrupted) {}

  void update(const ProgressState&) override { ends_.push_back(seconds_since(begin_)); }

  int stop() {
    if (const int signal = interrupted_ ? interrupted_() : 0; signal != 0) {
      return signal;
    }
    if (!enough()) {
      return 0;
    }
    if (stopped_ < 0) {
      stopped_ = seconds_since(begin_);
    }
    return stop_measuring;
  }

  double step_seconds() const {
    const std::size_t first = warmup();
    return (ends_[timed_ - 1] - ends_[first - 1]) / static_cast<double>(timed_ - first);
  }
  double seconds_at_stop() const { return stopped_; }
  double seconds() const { return seconds_since(begin_); }

 private:
  // Steps that are slower than others: memory is new, threads begin.
  std::size_t warmup() const { return timed_ >= 8 ? 3 : 1; }

  bool enough() {
    if (timed_ > 0) {
      return true;
    }
    const std::size_t count = ends_.size();
    const double wanted = std::max(budget_ / 50, std::min(budget_ / 10, 2.0));
    const bool thorough = count >= 8 && ends_.back() - ends_[2] >= wanted;
    const bool slow = count >= 2 && ends_.back() >= budget_ / 10;
    timed_ = thorough || slow ? count : 0;
    return timed_ > 0;
  }

  double budget_;
  const std::function<int()>& interrupted_;
  Clock::time_point begin_ = Clock::now();
  std::vector<double> ends_;  // of steps, since the beginning
  std::size_t timed_ = 0;     // of them, once there are enough
  double stopped_ = -1;
};

// The folder of a run that is only measured.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& run) : path_(run / ".budget") {
    remove_tree(path_);
    make_directory(path_);
  }
  ~ScratchDirectory() {
    try {
      remove_tree(path_);
    } catch (const Error&) {  // the next run in this directory removes it
    }
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

double validation_seconds(const TrainingSetup& setup, bool thorough) {
  const NoGradientScope no_gradients;
  const auto begin = Clock::now();
  ForwardContext context;
  context.precision = setup.precision;
  setup.task->validate(thorough, context);
  return seconds_since(begin);
}

// Steps from one validation to the next.
std::int64_t validation_interval(const TrainingSetup& setup) {
  if (setup.training.validate_every > 0) {
    return setup.training.validate_every;
  }
  const std::int64_t batches =
      BatchStream(setup.task->training(), setup.batches, setup.seed).next().batches_in_epoch;
  return std::max<std::int64_t>(1, batches / setup.training.accumulate);
}

void measure_validations(const TrainingSetup& setup, RunCosts& costs) {
  if (!setup.task->validates()) {
    return;
  }
  const int thorough_every = setup.training.thorough_every;
  if (thorough_every != 1) {
    costs.validation = validation_seconds(setup, false);
  }
  if (thorough_every > 0) {
    costs.thorough_validation = validation_seconds(setup, true);
  }
  costs.thorough_every = thorough_every;
}

double seconds_of_unit(char unit) {
  return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
}

}  // namespace

double seconds_of_budget(const std::string& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  double seconds = 0;
  bool right = at != end;
  while (right && at != end) {
    double count = 0;
    const auto [after, error] = std::from_chars(at, end, count, std::chars_format::fixed);
    right = error == std::errc() && after != end && seconds_of_unit(*after) > 0 && count >= 0;
    if (right) {
      seconds += count * seconds_of_unit(*after);
      at = after + 1;
    }
  }
  check_usage(right && seconds > 0 && std::isfinite(seconds),
              "training.budget '{}': expected a time such as 90s, 20m or 1h30m", text);
  return seconds;
}

double RunCosts::of(std::int64_t steps) const {
  const auto times = [&](std::int64_t every) {
    return every > 0 ? (steps + every - 1) / every : std::int64_t{0};
  };
  const std::int64_t validations = times(validate_every);
  const std::int64_t thorough = thorough_every > 0 ? validations / thorough_every : 0;
  // Each validation may be the best so far.
  const std::int64_t saves = std::max<std::int64_t>(1, validations + times(save_every));
  return static_cast<double>(steps) * step +
         static_cast<double>(validations - thorough) * validation +
         static_cast<double>(thorough) * thorough_validation +
         static_cast<double>(saves) * checkpoint;
}

std::int64_t steps_within(const RunCosts& costs, double seconds) {
  std::int64_t fits = 1, beyond = 2;
  while (costs.of(beyond) <= seconds && beyond < std::int64_t{1} << 40) {
    fits = beyond;
    beyond *= 2;
  }
  while (beyond - fits > 1) {
    const std::int64_t middle = fits + (beyond - fits) / 2;
    (costs.of(middle) <= seconds ? fits : beyond) = middle;
  }
  return fits;
}

BudgetPlan plan_budget(const TrainingSetup& setup, double seconds) {
  const Phase phase("measuring for training.budget");
  const ScratchDirectory scratch(setup.directory);
  StepTimer timer(seconds, setup.interrupted);
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  TrainingSetup measured = setup;
  measured.directory = scratch.path();
  measured.resume = false;
  measured.training.budget.clear();
  measured.training.max_steps = never;
  measured.training.max_epochs = 0;
  measured.training.validate_every = measured.training.save_every = never;
  measured.progress = &timer;
  measured.interrupted = [&] { return timer.stop(); };
  BudgetPlan plan;
  const int ended_by = Trainer(measured).run().interrupted;
  plan.interrupted = ended_by == stop_measuring ? 0 : ended_by;
  if (plan.interrupted != 0) {
    return plan;
  }
  plan.costs.step = timer.step_seconds();
  plan.costs.checkpoint = timer.seconds() - timer.seconds_at_stop();
  plan.costs.validate_every = setup.task->validates() ? validation_interval(setup) : 0;
  plan.costs.save_every = setup.training.save_every;
  measure_validations(setup, plan.costs);
  plan.seconds_spent = timer.seconds();
  plan.steps = steps_within(plan.costs, seconds - plan.seconds_spent);
  check_usage(!Schedule::needs_end(setup.schedule.kind) || plan.steps > setup.schedule.warmup_steps,
              "training.budget: {} steps fit, and the warm-up of schedule.warmup_steps takes {}",
              plan.steps, setup.schedule.warmup_steps);
  Schedule(setup.schedule, plan.steps);
  return plan;
}

}  // namespace heed
