// Dropout masks of a tile of attention weights. The lanes are queries, and one block of random
// numbers serves eight heads (AttentionPlan::dropout), so masks are drawn once for eight heads.
#include <cstddef>
#include <cstdint>

#include "heed/backends/cpu/attention/work.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_DROPOUT_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_DROPOUT_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_DROPOUT_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

class AttentionMasks {
#if HWY_TARGET != HWY_SCALAR
  using Word = hn::CappedTag<std::uint32_t, 16>;
  using Pair = hn::Repartition<std::uint64_t, Word>;
  using PairVec = hn::Vec<Pair>;
#endif

 public:
  AttentionMasks(const DropoutStream& stream, int heads)
      : stream_(stream), head_groups_(static_cast<std::uint32_t>((heads + 7) / 8)) {}

  // The queries of the tiles that follow: rows of the whole batch.
  void start_queries(std::int64_t row_begin, std::int64_t queries) {
    for (std::int64_t i = 0; i < attention_tile; ++i) {
      const std::uint64_t key = i < queries ? stream_.row_key(row_begin + i) : 0;
      low_[i] = static_cast<std::uint32_t>(key);
      high_[i] = static_cast<std::uint32_t>(key >> 32);
    }
  }

  // Draws for heads head_begin … head_end-1, of one group of eight, and the keys of the tile, which
  // begin at key_begin of the sequence.
  void draw(const TileShape& shape, int head_begin, int head_end, std::int64_t key_begin) {
#if HWY_TARGET == HWY_SCALAR
    constexpr std::int64_t lanes = 1;
#else
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(Word()));
#endif
    for (int head = head_begin; lanes < 8 && head < head_end; ++head) {
      std::fill_n(keep_[head % 8], shape.keys, std::uint64_t{0});
    }
    for (std::int64_t column = 0; column < shape.columns; column += lanes) {
      const RowWords rows(stream_, low_ + column, high_ + column);
      const std::int64_t seen = shape.seen[column / attention_lanes];
      for (std::int64_t j = 0; j < seen; ++j) {
        const std::int64_t key = key_begin + j;
        const auto group = static_cast<std::uint32_t>(key / 16) * head_groups_ +
                           static_cast<std::uint32_t>(head_begin / 8);
        const auto counter = group * 16 + static_cast<std::uint32_t>(key % 16);
        draw_key(rows, counter, head_begin % 8, head_begin % 8 + head_end - head_begin, column, j);
      }
    }
  }

  // Bit i of entry j: whether head keeps the weight of query i for key j of the tile.
  const std::uint64_t* keep(int head) const {
    return keep_[head % 8];
  }
  float scale() const {
    return stream_.scale();
  }

 private:
#if HWY_TARGET == HWY_SCALAR
  struct RowWords {
    const DropoutStream& stream;
    std::uint32_t low, high;
    RowWords(const DropoutStream& draws, const std::uint32_t* low_word,
             const std::uint32_t* high_word)
        : stream(draws), low(*low_word), high(*high_word) {}
  };
  void draw_key(const RowWords& row, std::uint32_t counter, int slot_begin, int slot_end,
                std::int64_t column, std::int64_t key) {
    const PhiloxBlock block = philox(
        {counter, row.low, row.high, stream_.site},
        {static_cast<std::uint32_t>(stream_.key), static_cast<std::uint32_t>(stream_.key >> 32)});
    for (int slot = slot_begin; slot < slot_end; ++slot) {
      const std::uint32_t draw = block[static_cast<std::size_t>(slot / 2)] >> (16 * (slot % 2));
      store_bits(std::uint64_t{(draw & 0xFFFFu) >= stream_.threshold()}, &keep_[slot][key], column);
    }
  }
#else
  struct Words {
    PairVec word[4];  // in the low halves of lanes; the high ones hold rubbish
  };
  static constexpr std::uint64_t weyl0 = 0x9E3779B9u;
  static constexpr std::uint64_t weyl1 = 0xBB67AE85u;
  static constexpr std::uint64_t factor0 = 0xD2511F53u;
  static constexpr std::uint64_t factor1 = 0xCD9E8D57u;
  static constexpr std::uint64_t low_word = 0xFFFFFFFFu;

  static HWY_INLINE PairVec product(PairVec word, std::uint64_t factor) {
    return hn::MulEven(hn::BitCast(Word(), word),
                       hn::Set(Word(), static_cast<std::uint32_t>(factor)));
  }

  // The part of the first two rounds that depends on the rows alone (words 1 and 2 of the counter):
  // of every second query, first the even ones.
  struct RowWords {
    const DropoutStream& stream;
    std::uint64_t key0, key1;
    PairVec round1[2];  // word 1 after round 1
    PairVec round2[2];  // word 0 of the product of round 2

    HWY_INLINE RowWords(const DropoutStream& draws, const std::uint32_t* low,
                        const std::uint32_t* high)
        : stream(draws), key0(draws.key & low_word), key1(draws.key >> 32) {
      const Pair dp;
      const auto lows = hn::BitCast(dp, hn::LoadU(Word(), low));
      const auto highs = hn::BitCast(dp, hn::LoadU(Word(), high));
      start(0, lows, highs);
      start(1, hn::ShiftRight<32>(lows), hn::ShiftRight<32>(highs));
    }
    HWY_INLINE void start(std::size_t half, PairVec low, PairVec high) {
      round1[half] = product(high, factor1);
      const auto word0 = hn::Xor3(hn::ShiftRight<32>(round1[half]), low, hn::Set(Pair(), key0));
      round2[half] = product(word0, factor0);
    }
  };

  HWY_INLINE void draw_key(const RowWords& rows, std::uint32_t counter, int slot_begin,
                           int slot_end, std::int64_t column, std::int64_t key) {
    const Pair dp;
    // Rounds 1 and 2 of the words that are the same for all rows.
    const std::uint64_t product1 = factor0 * counter;
    const std::uint64_t word2 = (product1 >> 32) ^ stream_.site ^ rows.key1;
    const std::uint64_t product2 = factor1 * word2;
    std::uint64_t key0 = (rows.key0 + weyl0) & low_word;
    std::uint64_t key1 = (rows.key1 + weyl1) & low_word;
    Words halves[2];
    for (std::size_t half = 0; half < 2; ++half) {
      halves[half].word[0] = hn::Xor(rows.round1[half], hn::Set(dp, (product2 >> 32) ^ key0));
      halves[half].word[1] = hn::Set(dp, product2);
      halves[half].word[2] =
          hn::Xor(hn::ShiftRight<32>(rows.round2[half]), hn::Set(dp, (product1 & low_word) ^ key1));
      halves[half].word[3] = rows.round2[half];
    }
    for (int round = 2; round < 10; ++round) {
      key0 = (key0 + weyl0) & low_word;
      key1 = (key1 + weyl1) & low_word;
      step(halves[0], key0, key1);
      step(halves[1], key0, key1);
    }
    const Word dw;
    const hn::RebindToSigned<Word> di;
    const auto below = hn::Set(di, static_cast<std::int32_t>(stream_.threshold()) - 1);
    for (int slot = slot_begin; slot < slot_end; ++slot) {
      const auto word = static_cast<std::size_t>(slot / 2);
      const auto both = hn::OddEven(hn::BitCast(dw, hn::ShiftLeft<32>(halves[1].word[word])),
                                    hn::BitCast(dw, halves[0].word[word]));
      const auto draws =
          slot % 2 == 0 ? hn::And(both, hn::Set(dw, 0xFFFFu)) : hn::ShiftRight<16>(both);
      store_bits(hn::Gt(hn::BitCast(di, draws), below), &keep_[slot][key], column);
    }
  }

  static HWY_INLINE void step(Words& words, std::uint64_t key0, std::uint64_t key1) {
    const Pair dp;
    const PairVec product0 = product(words.word[0], factor0);
    const PairVec product1 = product(words.word[2], factor1);
    words.word[0] = hn::Xor3(hn::ShiftRight<32>(product1), words.word[1], hn::Set(dp, key0));
    words.word[1] = product1;
    words.word[2] = hn::Xor3(hn::ShiftRight<32>(product0), words.word[3], hn::Set(dp, key1));
    words.word[3] = product0;
  }

  static HWY_INLINE void store_bits(hn::Mask<hn::RebindToSigned<Word> > mask, std::uint64_t* bits,
                                    std::int64_t column) {
    const hn::RebindToSigned<Word> di;
    if constexpr (hn::MaxLanes(Word()) >= 8) {
      hn::StoreMaskBits(di, mask, reinterpret_cast<std::uint8_t*>(bits) + column / 8);
    } else {
      std::uint8_t stored[8] = {};
      hn::StoreMaskBits(di, mask, stored);
      store_bits(stored[0] & ((std::uint64_t{1} << hn::Lanes(di)) - 1), bits, column);
    }
  }
#endif

  static void store_bits(std::uint64_t lanes, std::uint64_t* bits, std::int64_t column) {
    *bits |= lanes << column;
  }

  const DropoutStream stream_;
  const std::uint32_t head_groups_;
  std::uint32_t low_[attention_tile];
  std::uint32_t high_[attention_tile];
  std::uint64_t keep_[8][attention_tile];
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_DROPOUT_INL_H_
