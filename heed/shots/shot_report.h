// What a model made of tasks, by the number of shots: as a table, as JSON, as a page with curves.
//
// Thread-safety: any thread, at any time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/shots/shot_run.h"

namespace heed {

// A measure at two numbers of shots, on the same documents: the difference, and the interval that
// holds the middle 95 % of it over bootstrap samples of the documents.
struct ShotDifference {
  std::string task, metric;
  int shots = 0, baseline = 0;
  double difference = 0, lower = 0, upper = 0;
  bool exceeds_noise() const { return lower > 0 || upper < 0; }
};

// "1 shot", "4 shots".
std::string shots_text(int shots);

// Each result against the first of its task.
std::vector<ShotDifference> shot_differences(std::span<const ShotResult> results);

// A line for each result; "*" marks differences from the first of its task that exceed noise.
std::string shot_table(std::span<const ShotResult> results);

// Results with their measures and errors, and the differences.
Json shot_json(std::span<const ShotResult> results);

// A page with a curve for each measure of each task. `model`: its name, as a heading.
std::string shot_page(std::span<const ShotResult> results, const std::string& model);

}  // namespace heed
