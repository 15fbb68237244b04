#include "heed/data/token_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/base/random.h"
#include "heed/data/encoded_corpus.h"
#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TokenizerPair byte_tokenizers() {
  TokenizerConfig config;
  config.kind = "byte";
  return train_tokenizers(config, 1, {});
}

using TokenStoreTest = FileTest;

TEST_F(TokenStoreTest, GivesBackWhatWasWritten) {
  TokenStoreWriter writer(path("store"), 42, 100, 200);
  writer.add(std::vector<int>{1, 2, 99}, std::vector<int>{199}, 1);
  writer.add(std::vector<int>{}, std::vector<int>{0, 5, 6, 7}, 3);
  writer.add(std::vector<int>{8}, std::vector<int>{}, 1000000);
  EXPECT_FALSE(std::filesystem::exists(path("store")));
  const PairCounts counts{.read = 4, .kept = 3, .empty = 1};
  writer.finish(counts);
  const TokenStore store(path("store"));
  ASSERT_EQ(store.size(), 3);
  EXPECT_THAT(store.source(0), ElementsAre(1, 2, 99));
  EXPECT_THAT(store.target(0), ElementsAre(199));
  EXPECT_TRUE(store.source(1).empty());
  EXPECT_THAT(store.target(1), ElementsAre(0, 5, 6, 7));
  EXPECT_EQ(store.pair_number(2), 1000000);
  EXPECT_EQ(store.source_token_count(), 4);
  EXPECT_EQ(store.target_token_count(), 5);
  EXPECT_EQ(store.identity(), 42u);
  EXPECT_EQ(store.counts(), counts);
  EXPECT_THROW(store.source(3), Error);
  EXPECT_THROW(store.target(-1), Error);
}

TEST_F(TokenStoreTest, LeavesNothingBehindWhenNotFinished) {
  {
    TokenStoreWriter writer(path("store"), 42, 100, 200);
    writer.add(std::vector<int>{1}, std::vector<int>{2}, 1);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  EXPECT_THROW(TokenStoreWriter(path("no/such/folder"), 1, 1, 1), Error);
}

TEST_F(TokenStoreTest, AFullDiskIsAnError) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "needs /dev/full";
  }
  std::filesystem::create_symlink("/dev/full", path("store.tmp"));
  TokenStoreWriter writer(path("store"), 42, 100, 200);
  const std::vector<int> ids(100000, 1);
  EXPECT_THAT(error_of(ErrorKind::input_output, [&] { writer.add(ids, ids, 1); }),
              HasSubstr("store: cannot write: No space left"));
}

TEST_F(TokenStoreTest, NoticesIdsOutsideTheVocabulary) {
  TokenStoreWriter writer(path("store"), 42, 100, 200);
  writer.add(std::vector<int>{100}, std::vector<int>{1}, 1);
  writer.finish({});
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { TokenStore store(path("store")); }),
              HasSubstr("outside the vocabulary"));
}

TEST_F(TokenStoreTest, NoticesEveryDamage) {
  Random random(1);
  TokenStoreWriter writer(path("store"), 42, 1000, 1000);
  for (int i = 0; i < 50; ++i) {
    std::vector<int> ids(1 + random.below(20));
    for (int& id : ids) {
      id = static_cast<int>(random.below(1000));
    }
    writer.add(ids, ids, i + 1);
  }
  writer.finish({});
  const std::string good = read_file(path("store"));
  const auto refused = [&](const std::string& content) {
    write("damaged", content);
    try {
      TokenStore store(path("damaged"));
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::bad_data;
    }
  };
  ASSERT_FALSE(refused(good));
  constexpr std::size_t header_bytes = sizeof(TokenStoreHeader);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = good;
    std::size_t place = random.below(round % 2 == 0 ? header_bytes : damaged.size());
    if (place >= header_bytes && place < 128) {
      place = 128;  // between header and payload lies unused room
    }
    damaged[place] ^= static_cast<char>(1 + random.below(255));
    EXPECT_TRUE(refused(damaged)) << place;
    EXPECT_TRUE(refused(good.substr(0, random.below(good.size()))));
  }
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(good + "x"));
  EXPECT_TRUE(refused(std::string(1000, '\xff')));
}

class EncodedCorpusTest : public FileTest {
 protected:
  EncodedCorpus open(const LengthConfig& lengths = {}) {
    CorpusFiles files;
    files.source = {path("en")};
    files.target = {path("de")};
    return open_encoded_corpus(path("store"), ParallelCorpus(files), byte_tokenizers(), lengths,
                               pool);
  }
  ThreadPool pool{2};
};

TEST_F(EncodedCorpusTest, IsMadeOnceAndAgainWhenSomethingChanges) {
  write("en", "ab\n\nabcdefgh\nx\n");
  write("de", "c\nd\ne\nyz\n");
  EncodedCorpus corpus = open();
  EXPECT_FALSE(corpus.reused);
  EXPECT_EQ(corpus.store->counts(), (PairCounts{.read = 4, .kept = 3, .empty = 1}));
  EXPECT_THAT(corpus.store->source(0), ElementsAre(2 + 'a', 2 + 'b'));
  EXPECT_EQ(corpus.store->pair_number(1), 3);
  EXPECT_TRUE(open().reused);

  LengthConfig lengths;
  lengths.longest = 5;
  corpus = open(lengths);
  EXPECT_FALSE(corpus.reused);
  EXPECT_EQ(corpus.store->counts(), (PairCounts{.read = 4, .kept = 2, .empty = 1, .skipped = 1}));
  lengths.too_long = "cut";
  corpus = open(lengths);
  EXPECT_FALSE(corpus.reused);
  EXPECT_EQ(corpus.store->counts(), (PairCounts{.read = 4, .kept = 3, .empty = 1, .cut = 1}));
  EXPECT_EQ(corpus.store->source(1).size(), 4u);  // and </s>
  EXPECT_TRUE(open(lengths).reused);

  write("de", "c\nd\nE\nyz\n");
  EXPECT_FALSE(open(lengths).reused);
  std::string damaged = read_file(path("store"));
  damaged[150] ^= 1;
  write("store", damaged);
  EXPECT_FALSE(open(lengths).reused);
  EXPECT_TRUE(open(lengths).reused);
}

TEST_F(EncodedCorpusTest, TheBytesAreTheSameForAnyThreadCount) {
  std::string source, target;
  for (int i = 0; i < 10000; ++i) {
    source += std::to_string(i * 17) + "\n";
    target += std::to_string(i) + "\n";
  }
  write("en", source);
  write("de", target);
  EXPECT_EQ(open().store->size(), 10000);
  const std::string two = read_file(path("store"));
  std::filesystem::remove(path("store"));
  CorpusFiles files;
  files.source = {path("en")};
  files.target = {path("de")};
  ThreadPool one(1);
  open_encoded_corpus(path("store"), ParallelCorpus(files), byte_tokenizers(), {}, one);
  EXPECT_EQ(read_file(path("store")), two);
}

TEST_F(EncodedCorpusTest, RefusesWhatLeavesNoPair) {
  write("en", "abc\n\n");
  write("de", "abc\nd\n");
  LengthConfig lengths;
  lengths.longest = 3;
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { open(lengths); }),
              HasSubstr("of 2 pairs, 1 are empty and 1 longer than 3 tokens"));
  EXPECT_FALSE(std::filesystem::exists(path("store")));
  lengths.longest = 1;
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { open(lengths); }), HasSubstr("longest: 1"));
  lengths = {.longest = 10, .too_long = "drop"};
  EXPECT_THAT(error_of(ErrorKind::usage, [&] { open(lengths); }), HasSubstr("'drop' is unknown"));
  write("de", "abc\n");
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { open(); }), HasSubstr("has 2 lines"));
  EXPECT_FALSE(std::filesystem::exists(path("store.tmp")));
}

}  // namespace
}  // namespace heed
