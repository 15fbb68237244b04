#include "heed/data/encoded_corpus.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

constexpr std::size_t block_size = 4096;  // pairs encoded in one go
constexpr std::int64_t tile_size = 64;    // pairs to a thread at a time

std::uint64_t identity_of(const ParallelCorpus& corpus, const TokenizerPair& tokenizers,
                          const LengthConfig& lengths) {
  Fingerprint identity;
  identity.add(corpus.fingerprint());
  identity.add(tokenizers.source->fingerprint());
  identity.add(tokenizers.target->fingerprint());
  identity.add(static_cast<std::uint64_t>(lengths.longest));
  identity.add(lengths.too_long);
  return identity.value();
}

class CorpusEncoder {
 public:
  CorpusEncoder(TokenStoreWriter& writer, const TokenizerPair& tokenizers,
                const LengthConfig& lengths, ThreadPool& pool)
      : writer_(writer),
        tokenizers_(tokenizers),
        room_(static_cast<std::size_t>(lengths.longest - 1)),
        cut_(lengths.too_long == "cut"),
        pool_(pool) {}

  void add(const SentencePair& pair) {
    block_.push_back({std::string(pair.source), std::string(pair.target), pair.number, {}, {}});
    if (block_.size() == block_size) {
      flush();
    }
  }

  PairCounts finish() {
    flush();
    return counts_;
  }

 private:
  struct Entry {
    std::string source;
    std::string target;
    std::int64_t number;
    std::vector<int> source_ids;
    std::vector<int> target_ids;
  };

  void flush() {
    const auto count = static_cast<std::int64_t>(block_.size());
    pool_.run((count + tile_size - 1) / tile_size, [&](std::int64_t tile) {
      const std::int64_t end = std::min(count, (tile + 1) * tile_size);
      for (std::int64_t i = tile * tile_size; i < end; ++i) {
        Entry& entry = block_[static_cast<std::size_t>(i)];
        entry.source_ids = tokenizers_.source->encode(entry.source);
        entry.target_ids = tokenizers_.target->encode(entry.target);
      }
    });
    for (Entry& entry : block_) {
      write(entry);
    }
    block_.clear();
  }

  void write(Entry& entry) {
    ++counts_.read;
    if (entry.source_ids.empty() || entry.target_ids.empty()) {
      ++counts_.empty;
      return;
    }
    if (entry.source_ids.size() > room_ || entry.target_ids.size() > room_) {
      if (!cut_) {
        ++counts_.skipped;
        return;
      }
      ++counts_.cut;
      entry.source_ids.resize(std::min(room_, entry.source_ids.size()));
      entry.target_ids.resize(std::min(room_, entry.target_ids.size()));
    }
    ++counts_.kept;
    writer_.add(entry.source_ids, entry.target_ids, entry.number);
  }

  TokenStoreWriter& writer_;
  const TokenizerPair& tokenizers_;
  std::size_t room_;  // tokens beside </s>
  bool cut_;
  ThreadPool& pool_;
  std::vector<Entry> block_;
  PairCounts counts_;
};

}  // namespace

EncodedCorpus open_encoded_corpus(const std::filesystem::path& path, const ParallelCorpus& corpus,
                                  const TokenizerPair& tokenizers, const LengthConfig& lengths,
                                  ThreadPool& pool) {
  check_usage(lengths.longest >= 2, "longest: {} leaves no room for a token beside </s>",
              lengths.longest);
  check_usage(lengths.too_long == "skip" || lengths.too_long == "cut",
              "too_long: '{}' is unknown; known are skip and cut", lengths.too_long);
  const std::uint64_t identity = identity_of(corpus, tokenizers, lengths);
  if (auto store = open_store_of(path, identity)) {
    return {std::move(store), true};
  }
  TokenStoreWriter writer(path, identity, tokenizers.source->size(), tokenizers.target->size());
  CorpusEncoder encoder(writer, tokenizers, lengths, pool);
  corpus.for_each([&](const SentencePair& pair) { encoder.add(pair); });
  const PairCounts counts = encoder.finish();
  check_data(
      counts.kept > 0, "{}: no usable pair: of {} pairs, {} are empty and {} longer than {} tokens",
      corpus.files().table.empty() ? corpus.files().source.front() : corpus.files().table.front(),
      counts.read, counts.empty, counts.skipped, lengths.longest);
  writer.finish(counts);
  return {std::make_shared<const TokenStore>(path), false};
}

}  // namespace heed
