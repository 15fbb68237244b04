#include "heed/backends/cpu/matmul/scratch.h"

#include <array>
#include <memory>

#include "heed/tensor/storage.h"

namespace heed::cpu {

std::byte* scratch(ScratchUse use, std::int64_t bytes) {
  thread_local std::array<std::unique_ptr<Storage>, 4> blocks;
  auto& block = blocks[static_cast<std::size_t>(use)];
  if (!block || block->size() < static_cast<std::size_t>(bytes)) {
    block.reset();
    block = std::make_unique<Storage>(static_cast<std::size_t>(bytes));
  }
  return block->data();
}

}  // namespace heed::cpu
