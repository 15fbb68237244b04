#include "heed/tasks/window_source.h"

#include <utility>

namespace heed {

WindowSource::WindowSource(std::shared_ptr<const TextWindows> windows)
    : windows_(std::move(windows)) {
  sizes_.reserve(static_cast<std::size_t>(windows_->size()));
  for (std::int64_t i = 0; i < windows_->size(); ++i) {
    const TextWindow window = (*windows_)[i];
    sizes_.push_back({0, static_cast<std::int32_t>(window.end - window.begin)});
  }
}

std::unique_ptr<Batch> WindowSource::make(std::span<const std::uint32_t> examples,
                                          std::int64_t) const {
  auto batch = std::make_unique<WindowBatch>();
  std::vector<std::int32_t> input, output, offsets = {0};
  std::vector<std::int64_t> names;  // of sequences, for dropout
  for (const std::uint32_t example : examples) {
    const TextWindow window = (*windows_)[example];
    windows_->for_each_sequence(window, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = std::max(begin, window.counted); p < end; ++p) {
        batch->counted.push_back(static_cast<std::int32_t>(offsets.back() + p - begin));
      }
      windows_->text().append(begin, end, input);
      windows_->text().append(begin + 1, end + 1, output);
      offsets.push_back(static_cast<std::int32_t>(output.size()));
      names.push_back(windows_->config().document_mask ? begin : std::int64_t{example});
    });
    batch->counted_ends.push_back(batch->counted.size());
    batch->numbers.push_back(example);
  }
  batch->predictions = static_cast<std::int64_t>(batch->counted.size());
  batch->tokens = static_cast<std::int64_t>(output.size());
  const std::vector<std::int32_t> no_sources(offsets.size(), 0);
  batch->examples.prompts.source = {.ids = id_tensor({}),
                                    .rows = make_sequences_from_offsets(no_sources, names)};
  batch->examples.prompts.begun = {.ids = id_tensor(input),
                                   .rows = make_sequences_from_offsets(offsets, names)};
  batch->examples.outputs = id_tensor(output);
  return batch;
}

}  // namespace heed
