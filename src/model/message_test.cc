#include "model/message.h"

#include <gtest/gtest.h>

namespace mts {
namespace {

TEST(ObjectNameTest, IsTheKeyOfAReferenceElseSubjectAndSequence) {
  const PayloadReference reference{.kind = PayloadKind::kStored, .key = "abc"};
  EXPECT_EQ(ObjectName("orders", Sequence(7), &reference), "abc");
  EXPECT_EQ(ObjectName("orders", Sequence(7), nullptr), "orders_7");
  const PayloadReference without_key;
  EXPECT_EQ(ObjectName("orders", Sequence(7), &without_key), "orders_7");
}

}  // namespace
}  // namespace mts
