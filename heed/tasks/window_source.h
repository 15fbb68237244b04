// Windows of running text as batches for a language model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "heed/data/text_windows.h"
#include "heed/tasks/pair_source.h"

namespace heed {

// Packed windows, of which `counted` are the rows whose predictions count.
struct WindowBatch : PairBatch {
  std::vector<std::int32_t> counted;
  std::vector<std::size_t> counted_ends;  // of each window, in `counted`
};

// A window's tokens but the last are the input, its tokens but the first the output; no symbols are
// put around it. Documents that do not see each other are sequences of their own.
//
// Thread-safety: const members may be called from any thread.
class WindowSource : public ExampleSource {
 public:
  explicit WindowSource(std::shared_ptr<const TextWindows> windows);

  std::span<const ExampleSize> sizes() const override { return sizes_; }
  // A WindowBatch.
  std::unique_ptr<Batch> make(std::span<const std::uint32_t> examples,
                              std::int64_t epoch) const override;

 private:
  std::shared_ptr<const TextWindows> windows_;
  std::vector<ExampleSize> sizes_;
};

}  // namespace heed
