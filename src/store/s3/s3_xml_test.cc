#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "store/s3/failure.h"
#include "store/s3/xml.h"

namespace mts::store::s3 {
namespace {

TEST(Xml, ReadsAListWithEncodedNames) {
  const auto page = ParseList(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;k</"
      "NextContinuationToken>"
      "<Contents><Key>a%2Bb+c/%C3%A9%</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><Size>7</Size></"
      "Contents>"
      "<Contents><Key>b</Key><LastModified>nonsense</LastModified><Size>0</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, "a+b c/\xC3\xA9%");
  EXPECT_EQ(page->objects[0].size, 7u);
  EXPECT_EQ(page->objects[0].modified.value(), 1'767'323'045'678'000);
  EXPECT_EQ(page->next_token, "t&k");
}

TEST(Xml, RefusesWhatIsNotTheAnswerExpected) {
  EXPECT_FALSE(ParseList("").ok());
  EXPECT_FALSE(ParseList("<html>proxy error</html>").ok());
  EXPECT_FALSE(ParseList("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>").ok());
  EXPECT_FALSE(ParseUploadId("<InitiateMultipartUploadResult/>").ok());
  EXPECT_FALSE(ParseDeleteResult("<a").ok());
}

TEST(Xml, WritesNamesWithMarkup) {
  EXPECT_EQ(DeleteBody({"a&b<c>\"'"}),
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
            "<Object><Key>a&amp;b&lt;c&gt;\"'</Key></Object></Delete>");
}

TEST(Xml, DeletingWhatIsGoneIsNoError) {
  const auto errors = ParseDeleteResult(
      "<DeleteResult><Error><Key>a</Key><Code>NoSuchKey</Code></Error>"
      "<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>");
  ASSERT_TRUE(errors.ok());
  ASSERT_EQ(errors->size(), 1u);
  EXPECT_EQ(errors->front().code, "AccessDenied");
}

TEST(Xml, ChecksumsAreBigEndianBase64) {
  EXPECT_EQ(Crc32cText(Crc32c("123456789")), "4waSgw==");  // E3069283
}

TEST(Failure, SaysWhatCanBeTriedAgain) {
  EXPECT_EQ(FailureOf(503, {"SlowDown", ""}, "put").kind, FailureKind::kSlowDown);
  EXPECT_EQ(FailureOf(503, {}, "put").kind, FailureKind::kSlowDown);
  EXPECT_EQ(FailureOf(500, {}, "put").kind, FailureKind::kRetry);
  EXPECT_EQ(FailureOf(200, {"InternalError", ""}, "complete").kind, FailureKind::kRetry);
  EXPECT_EQ(FailureOf(403, {"RequestTimeTooSkewed", ""}, "put").kind, FailureKind::kClockSkew);
  EXPECT_TRUE(absl::IsNotFound(FailureOf(404, {"NoSuchKey", ""}, "get").status));
  EXPECT_TRUE(absl::IsNotFound(FailureOf(404, {}, "head").status));
  EXPECT_TRUE(absl::IsFailedPrecondition(FailureOf(404, {"NoSuchBucket", ""}, "get").status));
  EXPECT_TRUE(absl::IsPermissionDenied(FailureOf(403, {"AccessDenied", "no"}, "put").status));
  EXPECT_TRUE(absl::IsResourceExhausted(FailureOf(507, {"XMinioStorageFull", ""}, "put").status));
  EXPECT_EQ(FailureOf(absl::UnavailableError("reset"), "get").kind, FailureKind::kRetry);
  EXPECT_EQ(FailureOf(absl::DeadlineExceededError("late"), "get").kind, FailureKind::kFinal);
  EXPECT_TRUE(absl::IsUnavailable(FailureOf(absl::DeadlineExceededError("late"), "get").status));
}

}  // namespace
}  // namespace mts::store::s3
