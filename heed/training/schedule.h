// Learning rates over the steps of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace heed {

struct ScheduleConfig {
  std::string kind = "inverse-sqrt";
  double learning_rate = 0.001;
  int warmup_steps = 0;
  double minimum_rate = 0;
  double decay_share = 0.2;
  std::string decay = "linear";
  double factor = 0.9;
  int patience = 10;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind, "constant, plateau, inverse-sqrt, cosine, linear or wsd");
    visit("learning_rate", learning_rate, "the peak, reached after the warm-up");
    visit("warmup_steps", warmup_steps, "steps over which the rate rises linearly from 0");
    visit("minimum_rate", minimum_rate, "the rate never falls below this");
    visit("decay_share", decay_share,
          "wsd: share of all steps, the last ones, over which it falls");
    visit("decay", decay, "wsd: how it falls, linear or sqrt (one minus the root)");
    visit("factor", factor, "plateau: multiplies the rate");
    visit("patience", patience, "plateau: validations without improvement before that");
  }
};

// Thread-safety: one thread at a time.
//
// After the warm-up of w steps to the peak r, with T steps in all:
//   constant: r;   inverse-sqrt: r·sqrt(w / step) (w at least 1);
//   cosine: falls from r to the minimum by half a cosine at T;   linear: falls in a line to it at
//   T; wsd (warm-up, stable, decay; Hu et al., "MiniCPM", 2024; Hägele et al., "Scaling laws and
//   compute-optimal training beyond fixed training durations", 2024): r, and over the last
//   decay_share · T steps it falls to the minimum, in a line or as 1 - sqrt of the share that is
//   done; plateau: r times `factor` for every `patience` validations in a row without a lower loss.
class Schedule {
 public:
  // `total_steps`: see needs_end(). Errors (usage) name the key.
  Schedule(const ScheduleConfig& config, std::int64_t total_steps);

  // Whether schedules of that kind run towards the last step: cosine, linear, wsd.
  static bool needs_end(const std::string& kind);

  // The rate of the given update, counted from 1.
  double rate(std::int64_t step) const;

  // Tells plateau the loss of a validation.
  void observe(double validation_loss);

  // What plateau remembers, for a resume.
  struct State {
    double scale = 1;
    std::optional<double> best_loss;
    int waited = 0;  // validations since that
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  ScheduleConfig config_;
  std::int64_t total_steps_;
  State state_;
};

}  // namespace heed
