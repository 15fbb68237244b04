#include "heed/data/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/data/test_files.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TableReaderTest : public FileTest {
 protected:
  std::vector<std::string> rows_of(const std::string& file, const TableFormat& format) {
    TableReader rows(file, format);
    std::vector<std::string> result;
    while (const auto row = rows.next()) {
      result.push_back(row->dump());
      places_.push_back(rows.place().substr(rows.place().rfind('/') + 1));
    }
    return result;
  }
  std::string refusal(const std::string& content, const TableFormat& format) {
    const std::string file = write("bad", content);
    return error_of(ErrorKind::bad_data, [&] { rows_of(file, format); });
  }

  std::vector<std::string> places_;
};

const TableFormat csv = {.kind = "csv"};
const TableFormat tsv = {.kind = "csv", .delimiter = "\t", .quoting = false};

TEST_F(TableReaderTest, CellsMayHoldWhatWouldPartThem) {
  EXPECT_THAT(
      rows_of(write("a", "a,b\r\n\"x, \"\"y\"\"\",1\r\n\r\n\"two\r\nlines\",\"\"\r\nit's \"z\",\n"),
              csv),
      ElementsAre(R"({"a":"x, \"y\"","b":"1"})", R"({"a":"two\nlines","b":""})",
                  R"({"a":"it's \"z\"","b":""})"));
  EXPECT_THAT(places_, ElementsAre("a:2", "a:4", "a:6"));
}

TEST_F(TableReaderTest, QuotationMarksAreSignsWhereTheyMeanNothing) {
  TableFormat format = tsv;
  format.columns = {"a", "b"};
  EXPECT_THAT(rows_of(write("a", "\"he said\t1\nx\"\t\"\n"), format),
              ElementsAre(R"({"a":"\"he said","b":"1"})", R"({"a":"x\"","b":"\""})"));
}

TEST_F(TableReaderTest, ByteOrderMarksAndOtherEncodings) {
  EXPECT_THAT(rows_of(write("a", "\xEF\xBB\xBFQuality\t#1 ID\r\n1\tü\r\n"), tsv),
              ElementsAre(R"({"Quality":"1","#1 ID":"ü"})"));
  TableFormat format = tsv;
  format.encoding = LineEncoding::latin1;
  EXPECT_THAT(rows_of(write("b", "a\tb\nQu\xE9 ?\t\xDF\n"), format),
              ElementsAre(R"({"a":"Qué ?","b":"ß"})"));
  EXPECT_THAT(error_of(ErrorKind::bad_data, [&] { rows_of(path("b"), tsv); }),
              HasSubstr("b:2: invalid UTF-8 at byte 2"));
}

TEST_F(TableReaderTest, SurplusCells) {
  TableFormat format{.kind = "csv", .delimiter = " ", .quoting = false, .columns = {"a", "b"}};
  EXPECT_THAT(refusal("x y z\n", format), HasSubstr("bad:1: 3 columns, expected 2"));
  EXPECT_THAT(refusal("x y\nx\n", format), HasSubstr("bad:2: 1 columns, expected 2"));
  format.surplus = SurplusCells::join;
  EXPECT_THAT(rows_of(write("a", "x y  z\n"), format), ElementsAre(R"({"a":"x","b":"y  z"})"));
  format.surplus = SurplusCells::drop;
  EXPECT_THAT(rows_of(path("a"), format), ElementsAre(R"({"a":"x","b":"y"})"));
}

TEST_F(TableReaderTest, UnbalancedQuotationMarksAreFound) {
  EXPECT_THAT(refusal("a,b\nx,1\n\"y,2\nz,3\n", csv),
              HasSubstr("bad:3: the quotation mark that opens a cell here is not closed"));
  // It closes where the next cell opens.
  EXPECT_THAT(refusal("a,b\nx,\"1\nz,\"3\"\n", csv),
              HasSubstr("bad:3: text behind the quotation mark that closes cell 2"));
  EXPECT_THAT(refusal("a,b\nx,1\n\"y" + std::string(2'000'000, '\n') + "\",2\n", csv),
              HasSubstr("bad:3: the quotation mark that opens a cell here is not closed within "));
}

TEST_F(TableReaderTest, HeadersNameColumns) {
  EXPECT_THAT(refusal("a,,b\n", csv), HasSubstr("bad:1: column 2 has no name"));
  EXPECT_THAT(refusal("a,b,a\n", csv), HasSubstr("two columns are called 'a'"));
  EXPECT_THAT(rows_of(write("empty", ""), csv), ElementsAre());
}

TEST_F(TableReaderTest, JsonLines) {
  EXPECT_THAT(rows_of(write_gzip("a.gz", "{\"a\": [1, true]}\n \n{\"b\": \"x\"}"), {}),
              ElementsAre(R"({"a":[1,true]})", R"({"b":"x"})"));
  EXPECT_THAT(places_, ElementsAre("a.gz:1", "a.gz:3"));
  EXPECT_THAT(refusal("{}\n[1]\n", {}), HasSubstr("bad:2: expected an object"));
  EXPECT_THAT(refusal("{}\n{\"a\": 1, \"a\": 2}\n", {}), HasSubstr("bad:2"));
}

}  // namespace
}  // namespace heed
