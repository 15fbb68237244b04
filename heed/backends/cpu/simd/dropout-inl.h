// Dropout masks by the vector: the draws of DropoutStream (kernels/dropout.h), 128 columns at a
// time.
//
//   DropoutMask mask(stream);
//   mask.start_row(stream.row_key(row));
//   mask.draw(group);                      // columns 128·group … 128·group + 127
//   y = mask.apply(d, x, offset);          // columns 128·group + offset …, offset a multiple of
//                                          // the vector's lanes
#include <cstddef>
#include <cstdint>

#include "heed/kernels/dropout.h"

#if defined(HEED_BACKENDS_CPU_SIMD_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_SIMD_DROPOUT_INL_H_
#undef HEED_BACKENDS_CPU_SIMD_DROPOUT_INL_H_
#else
#define HEED_BACKENDS_CPU_SIMD_DROPOUT_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

class DropoutMask {
#if HWY_TARGET != HWY_SCALAR
  using Word = hwy::HWY_NAMESPACE::CappedTag<std::uint32_t, 16>;
  using Pair = hwy::HWY_NAMESPACE::Repartition<std::uint64_t, Word>;
  using PairVec = hwy::HWY_NAMESPACE::Vec<Pair>;
#endif

 public:
  static constexpr std::size_t group_columns = 128;

  HWY_INLINE explicit DropoutMask(const DropoutStream& stream)
      : threshold_(static_cast<std::int32_t>(stream.threshold())),
        scale_(stream.scale()),
        key_(stream.key),
        site_(stream.site) {}

  HWY_INLINE void start_row(std::uint64_t row_key) {
    row_key_ = row_key;
  }

  HWY_NOINLINE void draw(std::size_t group) {
#if HWY_TARGET == HWY_SCALAR
    constexpr std::size_t lanes = 1;
#else
    const std::size_t lanes = hwy::HWY_NAMESPACE::Lanes(Word());
#endif
    for (std::size_t lane = 0; lane < 16; lane += lanes) {
      draw_lanes(static_cast<std::uint32_t>(group * 16 + lane), draws_ + lane);
    }
  }

  // Lane i tells whether column offset + i of the group is kept.
  template <class D>
  HWY_INLINE hwy::HWY_NAMESPACE::Mask<D> keeps(D d, std::size_t offset) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToSigned<D> di;
    const auto draws = hn::LoadU(di, draws_ + offset);
    return hn::RebindMask(d, hn::Gt(draws, hn::Set(di, threshold_ - 1)));
  }
  template <class D>
  HWY_INLINE hwy::HWY_NAMESPACE::Vec<D> apply(D d, hwy::HWY_NAMESPACE::Vec<D> x,
                                              std::size_t offset) const {
    namespace hn = hwy::HWY_NAMESPACE;
    // The factor is masked, not the product: NaN stays NaN, and masked loads would be slow.
    return hn::Mul(x, hn::IfThenElseZero(keeps(d, offset), hn::Set(d, scale_)));
  }

 private:
#if HWY_TARGET == HWY_SCALAR
  HWY_INLINE void draw_lanes(std::uint32_t counter, std::int32_t* draws) const {
    const PhiloxBlock block =
        philox({counter, static_cast<std::uint32_t>(row_key_),
                static_cast<std::uint32_t>(row_key_ >> 32), site_},
               {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
    for (std::size_t word = 0; word < 4; ++word) {
      draws[32 * word] = static_cast<std::int32_t>(block[word] & 0xFFFFu);
      draws[32 * word + 16] = static_cast<std::int32_t>(block[word] >> 16);
    }
  }
#else
  // One block per lane, from the counter `first`: its eight draws go 16 columns apart. Products of
  // 32 bits fill lanes of 64, so even and odd counters run side by side.
  HWY_INLINE void draw_lanes(std::uint32_t first, std::int32_t* draws) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Word dw;
    const Pair dp;
    const hn::RebindToSigned<Word> di;
    const auto low_half = hn::Set(dw, 0xFFFFu);
    Blocks even = start(hn::Add(hn::Set(dp, first), hn::Mul(hn::Iota(dp, 0), hn::Set(dp, 2))));
    Blocks odd = start(hn::Add(even.words[0], hn::Set(dp, 1)));
    std::uint32_t key0 = static_cast<std::uint32_t>(key_);
    std::uint32_t key1 = static_cast<std::uint32_t>(key_ >> 32);
    for (int round = 0; round < 10; ++round) {
      step(even, key0, key1);
      step(odd, key0, key1);
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    for (std::size_t word = 0; word < 4; ++word) {
      const auto both = hn::OddEven(hn::BitCast(dw, hn::ShiftLeft<32>(odd.words[word])),
                                    hn::BitCast(dw, even.words[word]));
      hn::StoreU(hn::BitCast(di, hn::And(both, low_half)), di, draws + 32 * word);
      hn::StoreU(hn::BitCast(di, hn::ShiftRight<16>(both)), di, draws + 32 * word + 16);
    }
  }

  // The words of one block per lane, in the low halves; the high ones hold rubbish.
  struct Blocks {
    PairVec words[4];
  };
  HWY_INLINE Blocks start(PairVec counter) const {
    namespace hn = hwy::HWY_NAMESPACE;
    const Pair dp;
    return {{counter, hn::Set(dp, row_key_ & 0xFFFFFFFFu), hn::Set(dp, row_key_ >> 32),
             hn::Set(dp, site_)}};
  }
  static HWY_INLINE PairVec product(PairVec word, std::uint32_t factor) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Word dw;
    return hn::MulEven(hn::BitCast(dw, word), hn::Set(dw, factor));
  }
  static HWY_INLINE void step(Blocks& block, std::uint32_t key0, std::uint32_t key1) {
    namespace hn = hwy::HWY_NAMESPACE;
    const Pair dp;
    const PairVec product0 = product(block.words[0], 0xD2511F53u);
    const PairVec product1 = product(block.words[2], 0xCD9E8D57u);
    block.words[0] = hn::Xor3(hn::ShiftRight<32>(product1), block.words[1], hn::Set(dp, key0));
    block.words[1] = product1;
    block.words[2] = hn::Xor3(hn::ShiftRight<32>(product0), block.words[3], hn::Set(dp, key1));
    block.words[3] = product0;
  }
#endif

  std::int32_t threshold_;
  float scale_;
  std::uint64_t key_;
  std::uint64_t row_key_ = 0;
  std::uint32_t site_;
  HWY_ALIGN std::int32_t draws_[group_columns];
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_SIMD_DROPOUT_INL_H_
