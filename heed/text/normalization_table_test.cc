// What the table of normalisations in a SentencePiece model may look like.
#include "heed/text/normalization_table.h"

#include <gtest/gtest.h>

#include "heed/base/error.h"

namespace heed {
namespace {

using namespace std::string_literals;

std::string message_of(const std::string& table) {
  try {
    check_normalization_table(table, "model");
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
}

TEST(NormalizationTable, MayBeMissing) {
  EXPECT_EQ(message_of(""), "accepted");
}

TEST(NormalizationTable, RefusesSizesThatDoNotFit) {
  const std::string wrong_size = "model: the normalisation table is damaged: its size does not fit";
  EXPECT_EQ(message_of("\0\0\0"s), wrong_size);
  EXPECT_EQ(message_of("\0\0\0\0"s), wrong_size);
  EXPECT_EQ(message_of("\xFF\xFF\xFF\xFFx"s), wrong_size);
  EXPECT_EQ(message_of("\x02\0\0\0abc"s), wrong_size);
}

TEST(NormalizationTable, RefusesTriesWithoutNodes) {
  EXPECT_EQ(message_of("\0\0\0\0x"s), "model: the normalisation table is damaged: it has no nodes");
}

}  // namespace
}  // namespace heed
