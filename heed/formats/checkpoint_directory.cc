#include "heed/formats/checkpoint_directory.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/formats/mapped_tensor.h"
#include "heed/formats/sharded_safetensors.h"

namespace heed {

namespace {

std::string step_name(std::int64_t step) {
  return fmt::format("step-{}", step);
}

// The step in a name that step_name could have made.
std::optional<std::int64_t> step_of(std::string_view name) {
  constexpr std::string_view prefix = "step-";
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  std::int64_t step = 0;
  const std::string_view digits = name.substr(prefix.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), step);
  return step >= 0 && step_name(step) == name ? std::optional(step) : std::nullopt;
}

std::optional<std::int64_t> step_of_link(const std::filesystem::path& link) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(link, error);
  return error ? std::nullopt : step_of(target.string());
}

// Whether `name` is .WHAT.DIGITS.tmp, perhaps with .old behind it.
bool is_temporary_name(std::string_view name) {
  if (name.ends_with(".old")) {
    name.remove_suffix(4);
  }
  if (!name.starts_with('.') || !name.ends_with(".tmp")) {
    return false;
  }
  name.remove_suffix(4);
  const std::size_t dot = name.rfind('.');
  const std::string_view digits = name.substr(dot + 1);
  return dot > 1 && !digits.empty() &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

template <typename Visit>
void for_each_entry(const std::filesystem::path& directory, Visit&& visit) {
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  if (error == std::errc::no_such_file_or_directory) {
    return;
  }
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    visit(*entries, entries->path().filename().string());
  }
  check_io(!error, "{}: cannot list: {}", directory.string(), error.message());
}

}  // namespace

std::filesystem::path checkpoint_path(const std::filesystem::path& run_directory,
                                      std::int64_t step) {
  return run_directory / step_name(step);
}

std::filesystem::path temporary_checkpoint_path(const std::filesystem::path& run_directory,
                                                std::int64_t step) {
  return run_directory / fmt::format(".{}.{}.tmp", step_name(step), static_cast<long>(::getpid()));
}

std::vector<std::int64_t> list_checkpoints(const std::filesystem::path& run_directory) {
  std::vector<std::int64_t> steps;
  for_each_entry(run_directory, [&](const auto& entry, const std::string& name) {
    const auto step = step_of(name);
    std::error_code ignored;
    if (step && !entry.is_symlink(ignored) && entry.is_directory(ignored)) {
      steps.push_back(*step);
    }
  });
  std::sort(steps.begin(), steps.end());
  return steps;
}

LatestCheckpoint latest_valid_checkpoint(const std::filesystem::path& run_directory) {
  LatestCheckpoint latest;
  const std::vector<std::int64_t> steps = list_checkpoints(run_directory);
  for (auto step = steps.rbegin(); step != steps.rend() && !latest.reader; ++step) {
    try {
      CheckpointReader reader(checkpoint_path(run_directory, *step));
      check_data(reader.step() == *step, "{}: holds step {}; was it renamed?",
                 reader.directory().string(), reader.step());
      reader.verify();
      latest.reader = std::move(reader);
    } catch (const Error& error) {
      latest.problems.emplace_back(error.what());
    }
  }
  return latest;
}

void point_link(const std::filesystem::path& run_directory, const std::string& name,
                std::int64_t step) {
  check(is_plain_file_name(name) && !step_of(name), "checkpoint link: {} is not a plain name",
        quoted_name(name));
  const std::filesystem::path target = checkpoint_path(run_directory, step);
  std::error_code ignored;
  check_io(std::filesystem::is_directory(target, ignored), "{}: there is no such checkpoint",
           target.string());
  replace_symlink(target.filename(), run_directory / name);
}

std::optional<std::int64_t> linked_step(const std::filesystem::path& run_directory,
                                        const std::string& name) {
  return step_of_link(run_directory / name);
}

std::vector<std::int64_t> prune_checkpoints(const std::filesystem::path& run_directory,
                                            std::span<const std::int64_t> wanted) {
  std::set<std::int64_t> stays(wanted.begin(), wanted.end());
  for_each_entry(run_directory, [&](const auto& entry, const std::string&) {
    if (const auto step = step_of_link(entry.path())) {
      stays.insert(*step);
    }
  });
  std::vector<std::int64_t> steps = list_checkpoints(run_directory);
  std::erase_if(steps, [&](std::int64_t step) { return stays.contains(step); });
  for (const std::int64_t step : steps) {
    // Renamed first: half a folder must never look like a checkpoint.
    const std::filesystem::path doomed = temporary_checkpoint_path(run_directory, step);
    std::error_code error;
    std::filesystem::rename(checkpoint_path(run_directory, step), doomed, error);
    check_io(!error, "{}: cannot remove: {}", checkpoint_path(run_directory, step).string(),
             error.message());
    remove_tree(doomed);
  }
  return steps;
}

void remove_interrupted_checkpoints(const std::filesystem::path& run_directory) {
  std::vector<std::filesystem::path> leftovers;
  for_each_entry(run_directory, [&](const auto& entry, const std::string& name) {
    if (is_temporary_name(name)) {
      leftovers.push_back(entry.path());
    }
  });
  for (const std::filesystem::path& path : leftovers) {
    remove_tree(path);
  }
}

}  // namespace heed
