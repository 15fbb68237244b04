#include "heed/data/text_windows.h"

#include <gmock/gmock.h>

#include <numeric>

#include "heed/base/error.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Sequence = std::pair<std::int64_t, std::int64_t>;

std::shared_ptr<const TokenText> text_of_size(std::int64_t tokens,
                                              std::vector<std::uint64_t> documents = {},
                                              bool starts = false) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens));
  std::iota(ids.begin(), ids.end(), 0);
  return std::make_shared<const TokenText>(std::move(ids), std::move(documents), starts,
                                           TextCounts(), TokenTextOrigin());
}

std::vector<TextWindow> all_of(const TextWindows& windows) {
  std::vector<TextWindow> all;
  for (std::int64_t i = 0; i < windows.size(); ++i) {
    all.push_back(windows[i]);
  }
  return all;
}

std::vector<Sequence> sequences_of(const TextWindows& windows, std::int64_t i) {
  std::vector<Sequence> sequences;
  windows.for_each_sequence(windows[i], [&](std::int64_t begin, std::int64_t end) {
    sequences.emplace_back(begin, end);
  });
  return sequences;
}

TEST(Windows, WithoutOverlapTheyLieOneBehindTheOther) {
  const TextWindows windows(text_of_size(15), {.window = 4, .stride = 4});
  EXPECT_THAT(all_of(windows), ElementsAre(TextWindow{0, 0, 4}, TextWindow{4, 4, 8},
                                           TextWindow{8, 8, 12}, TextWindow{12, 12, 14}));
}

TEST(Windows, WithAStrideEachAddsWhatIsNew) {
  const TextWindows windows(text_of_size(12), {.window = 6, .stride = 2});
  EXPECT_THAT(all_of(windows), ElementsAre(TextWindow{0, 0, 6}, TextWindow{2, 6, 8},
                                           TextWindow{4, 8, 10}, TextWindow{6, 10, 11}));
}

TEST(Windows, EveryPredictionCountsOnceWithItsContext) {
  for (const std::int64_t tokens : {2, 3, 7, 8, 9, 10, 30, 31}) {
    for (const std::int64_t window : {1, 2, 5, 8, 40}) {
      for (std::int64_t stride = 1; stride <= window; ++stride) {
        const TextWindows windows(text_of_size(tokens), {.window = window, .stride = stride});
        std::int64_t next = 0;
        for (const TextWindow& one : all_of(windows)) {
          EXPECT_EQ(one.counted, next);
          EXPECT_LT(one.counted, one.end);
          EXPECT_LE(one.end - one.begin, window);
          EXPECT_GE(one.counted - one.begin, one.begin == 0 ? 0 : window - stride);
          next = one.end;
        }
        EXPECT_EQ(next, tokens - 1);
      }
    }
  }
}

TEST(Windows, NoMoreThanAskedForIsPredicted) {
  const TextWindows windows(text_of_size(15), {.window = 4, .stride = 4, .most = 8});
  EXPECT_THAT(all_of(windows), ElementsAre(TextWindow{0, 0, 4}, TextWindow{4, 4, 8}));
  EXPECT_EQ(windows.predictions(), 8);
  EXPECT_EQ(TextWindows(text_of_size(3), {.window = 4, .stride = 4, .most = 8}).size(), 1);
}

// Tokens 0–2, 3, 4–9 and 10–11 are documents; the last of each is its end symbol.
TEST(Windows, DocumentsAreSequencesThatTheEndBeforeBegins) {
  const auto text = text_of_size(12, {0, 3, 4, 10});
  const TextWindows apart(text, {.window = 11, .stride = 11, .document_mask = true});
  EXPECT_THAT(sequences_of(apart, 0), ElementsAre(Pair(0, 2), Pair(2, 3), Pair(3, 9), Pair(9, 11)));
  const TextWindows together(text, {.window = 11, .stride = 11});
  EXPECT_THAT(sequences_of(together, 0), ElementsAre(Pair(0, 11)));
  // A window that begins with the end symbol, and one within a document.
  const TextWindows parts(text, {.window = 3, .stride = 3, .document_mask = true});
  EXPECT_THAT(sequences_of(parts, 1), ElementsAre(Pair(3, 6)));
  EXPECT_THAT(sequences_of(parts, 2), ElementsAre(Pair(6, 9)));
  EXPECT_THAT(sequences_of(parts, 3), ElementsAre(Pair(9, 11)));
}

// The same documents, the first token of each a start symbol, which nothing predicts.
TEST(Windows, StartSymbolsAreNotPredictedOfDocumentsApart) {
  const TextWindows windows(text_of_size(12, {0, 3, 5, 10}, true),
                            {.window = 11, .stride = 11, .document_mask = true});
  EXPECT_THAT(sequences_of(windows, 0),
              ElementsAre(Pair(0, 2), Pair(3, 4), Pair(5, 9), Pair(10, 11)));
}

TEST(Windows, WhatIsContextAloneOfAnotherDocumentIsLeftOut) {
  const TextWindows windows(text_of_size(12, {0, 3, 4, 10}),
                            {.window = 8, .stride = 2, .document_mask = true});
  EXPECT_THAT(windows[1], (TextWindow{2, 8, 10}));
  EXPECT_THAT(sequences_of(windows, 1), ElementsAre(Pair(3, 9), Pair(9, 10)));
}

TEST(Windows, WhatMakesNoSenseIsRefused) {
  const auto refused = [](const WindowConfig& config) {
    return error_of(ErrorKind::usage, [&] { TextWindows windows(text_of_size(9), config); });
  };
  EXPECT_THAT(refused({.window = 0}), HasSubstr("window: must be at least 1"));
  EXPECT_THAT(refused({.window = 4, .stride = 0}), HasSubstr("stride: must be 1 … 4"));
  EXPECT_THAT(refused({.window = 4, .stride = 5}), HasSubstr("got 5"));
}

}  // namespace
}  // namespace heed
