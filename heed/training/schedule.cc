#include "heed/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "heed/base/error.h"

namespace heed {

namespace {

// Where a step stands.
struct SchedulePlace {
  double step = 0;
  double warmup = 1;    // steps of it, at least 1
  double total = 0;     // steps of the run
  double progress = 0;  // of the steps after the warm-up, in [0, 1]
  double plateau = 1;   // what plateau multiplies by
};

double inverse_sqrt_rate(const ScheduleConfig& config, const SchedulePlace& at) {
  return config.learning_rate * std::sqrt(at.warmup / std::max(at.step, at.warmup));
}

double cosine_rate(const ScheduleConfig& config, const SchedulePlace& at) {
  const double span = config.learning_rate - config.minimum_rate;
  return config.minimum_rate + span * 0.5 * (1 + std::cos(std::numbers::pi * at.progress));
}

double linear_rate(const ScheduleConfig& config, const SchedulePlace& at) {
  const double span = config.learning_rate - config.minimum_rate;
  return config.minimum_rate + span * (1 - at.progress);
}

double wsd_rate(const ScheduleConfig& config, const SchedulePlace& at) {
  const double falling = config.decay_share * at.total;
  const double done = std::clamp((at.step - (at.total - falling)) / falling, 0.0, 1.0);
  const double span = config.learning_rate - config.minimum_rate;
  return config.minimum_rate + span * (1 - (config.decay == "sqrt" ? std::sqrt(done) : done));
}

// After the warm-up.
struct ScheduleKind {
  std::string_view name;
  bool needs_end;
  double (*rate)(const ScheduleConfig&, const SchedulePlace&);
};

constexpr ScheduleKind schedule_kinds[] = {
    {"constant", false,
     [](const ScheduleConfig& c, const SchedulePlace&) { return c.learning_rate; }},
    {"plateau", false,
     [](const ScheduleConfig& c, const SchedulePlace& at) { return c.learning_rate * at.plateau; }},
    {"inverse-sqrt", false, &inverse_sqrt_rate},
    {"cosine", true, &cosine_rate},
    {"linear", true, &linear_rate},
    {"wsd", true, &wsd_rate},
};

const ScheduleKind* find_schedule_kind(std::string_view name) {
  const auto* const found = std::find_if(std::begin(schedule_kinds), std::end(schedule_kinds),
                                         [&](const ScheduleKind& k) { return k.name == name; });
  return found == std::end(schedule_kinds) ? nullptr : found;
}

const ScheduleKind& schedule_kind(const std::string& name) {
  const ScheduleKind* const kind = find_schedule_kind(name);
  check_usage(kind != nullptr,
              "schedule.kind '{}': expected constant, plateau, inverse-sqrt, cosine, linear or wsd",
              name);
  return *kind;
}

void check_end(const ScheduleConfig& config, std::int64_t total_steps) {
  check_usage(total_steps > config.warmup_steps,
              "schedule.kind {}: needs training.max_steps beyond the warm-up of {} steps",
              config.kind, config.warmup_steps);
  const double stable = (1 - config.decay_share) * static_cast<double>(total_steps);
  check_usage(config.kind != "wsd" || config.warmup_steps < stable + 1e-6,
              "schedule.decay_share {}: of {} steps, of which {} are the warm-up, that is too much",
              config.decay_share, total_steps, config.warmup_steps);
}

}  // namespace

bool Schedule::needs_end(const std::string& kind) {
  const ScheduleKind* const found = find_schedule_kind(kind);
  return found != nullptr && found->needs_end;
}

Schedule::Schedule(const ScheduleConfig& config, std::int64_t total_steps)
    : config_(config), total_steps_(total_steps) {
  const ScheduleKind& kind = schedule_kind(config.kind);
  check_usage(config.learning_rate > 0 && std::isfinite(config.learning_rate),
              "schedule.learning_rate: must be positive, got {}", config.learning_rate);
  check_usage(config.warmup_steps >= 0, "schedule.warmup_steps: must not be negative, got {}",
              config.warmup_steps);
  check_usage(config.minimum_rate >= 0 && config.minimum_rate <= config.learning_rate,
              "schedule.minimum_rate: must be in [0, learning_rate], got {}", config.minimum_rate);
  check_usage(config.decay_share > 0 && config.decay_share <= 1,
              "schedule.decay_share: must be in (0, 1], got {}", config.decay_share);
  check_usage(config.decay == "linear" || config.decay == "sqrt",
              "schedule.decay '{}': expected linear or sqrt", config.decay);
  check_usage(config.factor > 0 && config.factor <= 1, "schedule.factor: must be in (0, 1], got {}",
              config.factor);
  check_usage(config.patience >= 1, "schedule.patience: must be at least 1, got {}",
              config.patience);
  if (kind.needs_end) {
    check_end(config, total_steps);
  }
}

double Schedule::rate(std::int64_t step) const {
  const double warmup = config_.warmup_steps;
  if (step < config_.warmup_steps) {
    return config_.learning_rate * static_cast<double>(step) / warmup;
  }
  SchedulePlace at{.step = static_cast<double>(step),
                   .warmup = std::max(warmup, 1.0),
                   .total = static_cast<double>(total_steps_),
                   .plateau = state_.scale};
  at.progress = std::clamp((at.step - warmup) / std::max(1.0, at.total - warmup), 0.0, 1.0);
  return std::max(schedule_kind(config_.kind).rate(config_, at), config_.minimum_rate);
}

void Schedule::observe(double validation_loss) {
  if (config_.kind != "plateau") {
    return;
  }
  // What is no number is no improvement, and nothing to compare the next ones with.
  if (std::isfinite(validation_loss) &&
      (!state_.best_loss || validation_loss < *state_.best_loss)) {
    state_.best_loss = validation_loss;
    state_.waited = 0;
  } else if (++state_.waited >= config_.patience) {
    state_.scale *= config_.factor;
    state_.waited = 0;
  }
}

}  // namespace heed
