#include "heed/tasks/masked_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "heed/base/error.h"
#include "heed/text/bert_tokenizer.h"

namespace heed {
namespace {

using testing::HasSubstr;

// [PAD] [UNK] [CLS] [SEP] [MASK], then w0 … w39, then ##p0 … ##p9.
std::shared_ptr<const Tokenizer> tokenizer() {
  BertPieces pieces;
  pieces.pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (int i = 0; i < 40; ++i) {
    pieces.pieces.push_back("w" + std::to_string(i));
  }
  for (int i = 0; i < 10; ++i) {
    pieces.pieces.push_back("##p" + std::to_string(i));
  }
  return make_bert_tokenizer(pieces, {}, "test");
}

constexpr std::int32_t cls = 2, sep = 3, mask = 4;

std::vector<std::int32_t> framed_ids(std::size_t count) {
  std::vector<std::int32_t> ids = {cls};
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(5 + static_cast<std::int32_t>(i * 7 % 50));
  }
  ids.push_back(sep);
  return ids;
}

TEST(Masking, TakesItsShareAndReplacesMostOfIt) {
  const auto pieces = tokenizer();
  const Masking masking({}, *pieces, 1);
  std::int64_t chosen = 0, masked = 0, kept = 0;
  std::set<std::int32_t> others;
  for (std::int64_t example = 0; example < 400; ++example) {
    const std::vector<std::int32_t> whole = framed_ids(100);
    std::vector<std::int32_t> ids = whole;
    const std::vector<std::int32_t> positions = masking.apply(ids, example, 3);
    ASSERT_EQ(positions.size(), 15u);
    ASSERT_TRUE(std::is_sorted(positions.begin(), positions.end()));
    const std::set<std::int32_t> set(positions.begin(), positions.end());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!set.contains(static_cast<std::int32_t>(i))) {
        ASSERT_EQ(ids[i], whole[i]);
        continue;
      }
      ASSERT_NE(whole[i], cls);
      ASSERT_NE(whole[i], sep);
      ++chosen;
      masked += ids[i] == mask ? 1 : 0;
      kept += ids[i] == whole[i] ? 1 : 0;
      if (ids[i] != mask && ids[i] != whole[i]) {
        others.insert(ids[i]);
        ASSERT_GE(ids[i], 5);
      }
    }
  }
  const auto share = [&](std::int64_t part) {
    return static_cast<double>(part) / static_cast<double>(chosen);
  };
  EXPECT_NEAR(share(masked), 0.8, 0.02);
  EXPECT_NEAR(share(kept), 0.1, 0.02);  // with what was drawn and is the same
  EXPECT_GT(others.size(), 45u);
}

TEST(Masking, IsAFunctionOfSeedEpochExampleAndPosition) {
  const auto pieces = tokenizer();
  const auto masked = [&](std::uint64_t seed, std::int64_t example, std::int64_t epoch) {
    std::vector<std::int32_t> ids = framed_ids(60);
    const Masking masking({}, *pieces, seed);
    std::vector<std::int32_t> positions = masking.apply(ids, example, epoch);
    positions.insert(positions.end(), ids.begin(), ids.end());
    return positions;
  };
  EXPECT_EQ(masked(1, 2, 3), masked(1, 2, 3));
  const std::set<std::vector<std::int32_t>> all = {masked(1, 2, 3), masked(2, 2, 3),
                                                   masked(1, 3, 3), masked(1, 2, 4)};
  EXPECT_EQ(all.size(), 4u);
}

TEST(Masking, HidesWholeWords) {
  const auto pieces = tokenizer();
  const Masking masking({.mask_share = 0.3, .whole_words = true}, *pieces, 1);
  for (std::int64_t example = 0; example < 50; ++example) {
    // w0 ##p0 ##p1, eight times.
    std::vector<std::int32_t> ids = {cls};
    for (int word = 0; word < 8; ++word) {
      ids.insert(ids.end(), {5, 45, 46});
    }
    ids.push_back(sep);
    const std::vector<std::int32_t> positions = masking.apply(ids, example, 0);
    ASSERT_EQ(positions.size(), 6u);  // of 24; another word would be too much
    for (std::size_t i = 0; i < positions.size(); i += 3) {
      EXPECT_EQ(positions[i] % 3, 1);
      EXPECT_EQ(positions[i + 2], positions[i] + 2);
    }
  }
}

TEST(Masking, OneTokenAtLeastIsHidden) {
  const auto pieces = tokenizer();
  const Masking masking({}, *pieces, 1);
  std::vector<std::int32_t> one = {cls, 9, sep}, none = {cls, sep};
  EXPECT_EQ(masking.apply(one, 0, 0), std::vector<std::int32_t>{1});
  EXPECT_TRUE(masking.apply(none, 0, 0).empty());
  EXPECT_THROW(check_masking_config({.mask_share = 0}), Error);
  EXPECT_THROW(check_masking_config({.masked = 0.9, .replaced = 0.2}), Error);
}

// Documents of the given numbers of tokens, each w`document`, between [CLS] and [SEP].
std::shared_ptr<const TokenText> documents(const std::vector<int>& lengths) {
  std::vector<std::int32_t> ids;
  std::vector<std::uint64_t> begins;
  for (std::size_t d = 0; d < lengths.size(); ++d) {
    begins.push_back(ids.size());
    ids.push_back(cls);
    ids.insert(ids.end(), static_cast<std::size_t>(lengths[d]), 5 + static_cast<std::int32_t>(d));
    ids.push_back(sep);
  }
  return std::make_shared<const TokenText>(ids, begins, true, TextCounts{}, TokenTextOrigin{});
}

MaskedSource source(const std::vector<int>& lengths, const MaskedWindows& windows) {
  const auto pieces = tokenizer();
  return {documents(lengths), windows,
          std::make_shared<const Masking>(MaskingConfig{.masked = 0, .replaced = 0}, *pieces, 1),
          *pieces, 1};
}

std::vector<std::vector<std::int32_t>> sequences(const MaskedBatch& batch) {
  std::vector<std::vector<std::int32_t>> result;
  const auto ids = batch.inputs.ids.values<std::int32_t>();
  const auto& offsets = batch.inputs.rows.offsets;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    result.emplace_back(ids.begin() + offsets[s], ids.begin() + offsets[s + 1]);
  }
  return result;
}

std::unique_ptr<MaskedBatch> all_of(const MaskedSource& source, std::int64_t epoch) {
  std::vector<std::uint32_t> examples(source.sizes().size());
  std::iota(examples.begin(), examples.end(), 0u);
  auto batch = source.make(examples, epoch);
  return std::unique_ptr<MaskedBatch>(static_cast<MaskedBatch*>(batch.release()));
}

TEST(MaskedSource, RunningTextIsCutIntoWindows) {
  const MaskedSource cut = source({10, 3}, {.window = 8});
  const auto batch = all_of(cut, 0);
  const auto texts = sequences(*batch);
  ASSERT_EQ(texts.size(), 3u);
  // Six of the text each: [CLS] of documents are left out, [SEP] between them stay.
  EXPECT_THAT(texts[0], testing::ElementsAre(cls, 5, 5, 5, 5, 5, sep));
  EXPECT_THAT(texts[1], testing::ElementsAre(cls, 5, 5, 5, 5, 5, sep, sep));
  EXPECT_THAT(texts[2], testing::ElementsAre(cls, 6, 6, 6, sep, sep));
  EXPECT_EQ(batch->predictions, batch->masked.element_count());
  EXPECT_EQ(batch->follows.element_count(), 0);
  const auto ids = batch->inputs.ids.values<std::int32_t>();
  const auto masked = batch->masked.values<std::int32_t>();
  const auto targets = batch->targets.values<std::int32_t>();
  for (std::size_t i = 0; i < masked.size(); ++i) {
    EXPECT_EQ(ids[static_cast<std::size_t>(masked[i])], targets[i]);  // all were kept
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_GE(cut.sizes()[i].first, static_cast<std::int32_t>(texts[i].size()));
  }
}

TEST(MaskedSource, DocumentsMayStayApart) {
  const auto batch = all_of(source({10, 3}, {.window = 8, .document_mask = true}), 0);
  const auto texts = sequences(*batch);
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_THAT(texts[1], testing::ElementsAre(cls, 5, 5, 5, 5, sep));
  EXPECT_THAT(texts[2], testing::ElementsAre(cls, 6, 6, 6, sep));
}

TEST(MaskedSource, HalvesFollowEachOtherHalfOfTheTime) {
  const MaskedSource pairs = source({60, 70, 80, 40}, {.window = 23, .pairs = "next_sentence"});
  int follow = 0, all = 0;
  std::set<std::size_t> cuts;
  for (std::int64_t epoch = 0; epoch < 40; ++epoch) {
    const auto batch = all_of(pairs, epoch);
    const auto texts = sequences(*batch);
    const auto follows = batch->follows.values<std::int32_t>();
    const auto segments = batch->inputs.segments.values<std::int32_t>();
    for (std::size_t s = 0; s < texts.size(); ++s) {
      const auto middle = std::find(texts[s].begin(), texts[s].end(), sep);
      ASSERT_GE(middle - texts[s].begin(), 5);
      const std::int32_t first = texts[s][1], second = *(middle + 1);
      EXPECT_EQ(first == second, follows[s] == 0);
      EXPECT_EQ(segments[static_cast<std::size_t>(batch->inputs.rows.offsets[s + 1]) - 1], 1);
      cuts.insert(static_cast<std::size_t>(middle - texts[s].begin()));
      follow += follows[s] == 0 ? 1 : 0;
      ++all;
      EXPECT_LE(texts[s].size(), 23u);
    }
  }
  EXPECT_NEAR(static_cast<double>(follow) / all, 0.5, 0.08);
  EXPECT_GT(cuts.size(), 10u);
  EXPECT_EQ(sequences(*all_of(pairs, 7)), sequences(*all_of(pairs, 7)));
  EXPECT_NE(sequences(*all_of(pairs, 7)), sequences(*all_of(pairs, 8)));
}

TEST(MaskedSource, TheOrderOfHalvesMayBeAskedFor) {
  // One document whose tokens count up.
  std::vector<std::int32_t> ids(40);
  std::iota(ids.begin(), ids.end(), 5);
  const auto pieces = tokenizer();
  const MaskedSource order(
      std::make_shared<const TokenText>(ids, std::vector<std::uint64_t>{0}, false, TextCounts{},
                                        TokenTextOrigin{}),
      {.window = 23, .pairs = "order"},
      std::make_shared<const Masking>(MaskingConfig{.masked = 0, .replaced = 0}, *pieces, 1),
      *pieces, 1);
  int swapped = 0;
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    const auto batch = all_of(order, epoch);
    const auto texts = sequences(*batch);
    const auto follows = batch->follows.values<std::int32_t>();
    for (std::size_t s = 0; s < texts.size(); ++s) {
      const auto middle = std::find(texts[s].begin(), texts[s].end(), sep);
      EXPECT_EQ(follows[s] == 0, texts[s][1] < *(middle + 1));
      swapped += follows[s];
    }
  }
  EXPECT_GT(swapped, 15);
  EXPECT_LT(swapped, 45);
}

TEST(MaskedSource, WhatCannotBeCutIsRefused) {
  const auto refused = [](const std::vector<int>& lengths, const MaskedWindows& windows) {
    try {
      source(lengths, windows);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused({50}, {.window = 32, .pairs = "next_sentence"}), HasSubstr("one document"));
  EXPECT_THAT(refused({3, 4}, {.window = 32, .pairs = "order"}), HasSubstr("no window of 8"));
  EXPECT_THAT(refused({30}, {.window = 2}), HasSubstr("data.window"));
  EXPECT_THAT(refused({30}, {.pairs = "random"}), HasSubstr("data.pairs 'random'"));
  const auto pieces = tokenizer();
  const auto running = std::make_shared<const TokenText>(std::vector<std::int32_t>(60, 7),
                                                         std::vector<std::uint64_t>{}, false,
                                                         TextCounts{}, TokenTextOrigin{});
  EXPECT_THROW(
      MaskedSource(running, {.pairs = "order"},
                   std::make_shared<const Masking>(MaskingConfig{}, *pieces, 1), *pieces, 1),
      Error);
}

}  // namespace
}  // namespace heed
