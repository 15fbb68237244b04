#include "heed/base/phase.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "heed/base/out_of_resources.h"

namespace heed {
namespace {

TEST(PhaseText, NamesTheInnermostAndHowFarItIs) {
  EXPECT_EQ(while_text(), "");
  {
    Phase outer("training step");
    EXPECT_EQ(while_text(), " while training step");
    outer.at(12);
    {
      const Phase inner("validating");
      EXPECT_EQ(while_text(), " while validating");
    }
    EXPECT_EQ(while_text(), " while training step 12");
  }
  EXPECT_EQ(while_text(), "");
}

// Who catches an exception asks afterwards.
TEST(PhaseText, StaysWhereAnExceptionEndedIt) {
  {
    const Phase whole("running");
    try {
      Phase outer("training step");
      outer.at(3);
      const Phase inner("validating");
      throw std::runtime_error("no memory");
    } catch (const std::exception&) {
      EXPECT_EQ(while_text(), " while validating");
    }
    const Phase next("saving");
    EXPECT_EQ(while_text(), " while saving");
  }
  EXPECT_EQ(while_text(), "");
}

TEST(OutOfResources, IsAFailureAndNoRefusal) {
  const OutOfResources memory("out of memory");
  EXPECT_EQ(memory.kind(), ErrorKind::failure);
  EXPECT_FALSE(is_refusal(memory));
  EXPECT_TRUE(is_refusal(Error(ErrorKind::failure, "heads of size 3 cannot be rotated")));
  EXPECT_TRUE(is_refusal(Error(ErrorKind::usage, "no such kind")));
  EXPECT_FALSE(is_refusal(Error(ErrorKind::bad_data, "a damaged file")));
  EXPECT_FALSE(is_refusal(Error(ErrorKind::input_output, "a missing file")));
}

}  // namespace
}  // namespace heed
