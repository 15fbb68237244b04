#include "heed/backends/cpu/matmul/pack.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "heed/backends/cpu/test_kernels.h"

namespace heed::cpu {
namespace {

// Every vector size packs to the same bytes.
TEST(MatmulPack, IsTheSameForEveryTarget) {
  using Pack = void (*)(const PackSource&, std::int64_t, PackedType, void*);
  struct Layout {
    Pack pack;
    bool depth_is_outer;
    bool panels;
  };
  const std::vector<Layout> layouts = {
      {&pack_rows, false, false},
      {&pack_rows_transposed, true, false},
      {[](const PackSource& source, std::int64_t deep, PackedType type, void* packed) {
         pack_panels(source, deep, deep, type, packed);
       },
       true, true},
      {&pack_panels_transposed, false, true}};
  const std::int64_t targets = hwy::SupportedTargets();
  for (const auto& [depth, width] : {std::pair{1, 1}, {32, 64}, {37, 70}, {95, 129}, {64, 15}}) {
    const Tensor plain = random_rows(depth, width, 1, 5);
    const Tensor transposed = Tensor::empty({width, depth});
    for (int p = 0; p < depth; ++p) {
      for (int j = 0; j < width; ++j) {
        transposed.rows(j, j + 1).columns(p, p + 1).copy_from(
            plain.rows(p, p + 1).columns(j, j + 1));
      }
    }
    const auto value = [&](std::int64_t p, std::int64_t j) {
      return p < depth && j < width
                 ? static_cast<float>(plain.rows(p, p + 1).columns(j, j + 1).item())
                 : 0.0f;
    };
    const std::int64_t padded = round_up(depth, depth_unit);
    for (const auto type : {PackedType::float32, PackedType::rounded, PackedType::bfloat16}) {
      const std::int64_t together = type == PackedType::bfloat16 ? 2 : 1;
      const auto size = static_cast<std::int64_t>(packed_size(type));
      for (const Layout& layout : layouts) {
        const std::int64_t packed_width = layout.panels ? round_up(width, panel_columns) : width;
        std::vector<std::byte> expected(static_cast<std::size_t>(packed_width * padded * size));
        for (std::int64_t j = 0; j < packed_width; ++j) {
          for (std::int64_t p = 0; p < padded; ++p) {
            const std::int64_t place = layout.panels
                                           ? (j / 64 * padded + p / together * together) * 64 +
                                                 j % 64 * together + p % together
                                           : j * padded + p;
            const BFloat16 rounded(value(p, j));
            const float exact =
                type == PackedType::rounded ? static_cast<float>(rounded) : value(p, j);
            std::memcpy(expected.data() + place * size,
                        size == 2 ? static_cast<const void*>(&rounded) : &exact,
                        static_cast<std::size_t>(size));
          }
        }
        const Tensor& source = layout.depth_is_outer ? plain : transposed;
        const ConstView view = source;
        for (std::int64_t rest = targets; rest != 0; rest &= rest - 1) {
          hwy::SetSupportedTargetsForTest(rest & -rest);
          std::vector<std::byte> packed(expected.size() + 64, std::byte{0x5A});
          layout.pack({view.as<float>(), view.row_stride(), source.size(0), source.size(1)}, padded,
                      type, packed.data());
          EXPECT_TRUE(std::equal(expected.begin(), expected.end(), packed.begin()))
              << depth << " x " << width << " target " << hwy::TargetName(rest & -rest);
          EXPECT_EQ(packed[expected.size()], std::byte{0x5A});
        }
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace
}  // namespace heed::cpu
