// The figures are those that AWS published: the examples of "Authenticating Requests" in the S3 API reference and the
// Signature Version 4 test suite.
#include "store/s3/sigv4.h"

#include <gtest/gtest.h>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace mts::store::s3 {
namespace {

constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string SignatureOf(std::string_view authorization) {
  return std::string(authorization.substr(authorization.rfind('=') + 1));
}

std::string SignS3(std::string_view method, std::string_view path, const Query& query, Headers headers,
                   std::string_view hash = kEmptyHash) {
  const SigV4 signer({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}, "us-east-1");
  headers.push_back({"host", "examplebucket.s3.amazonaws.com"});
  headers.push_back({"x-amz-date", "20130524T000000Z"});
  headers.push_back({"x-amz-content-sha256", std::string(hash)});
  return SignatureOf(signer.Authorization({method, path, EncodeQuery(query), headers, hash}, "20130524T000000Z"));
}

std::string SignSuite(std::string_view path, const Query& query, Headers headers) {
  const SigV4 signer({"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""}, "us-east-1", "service");
  headers.push_back({"host", "example.amazonaws.com"});
  headers.push_back({"x-amz-date", "20150830T123600Z"});
  return SignatureOf(signer.Authorization({"GET", path, EncodeQuery(query), headers, kEmptyHash}, "20150830T123600Z"));
}

TEST(SigV4, SignsTheExamplesOfTheS3Reference) {
  EXPECT_EQ(SignS3("GET", "/test.txt", {}, {{"range", "bytes=0-9"}}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(SignS3("PUT", "/" + PercentEncode("test$file.text", true), {},
                   {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                   Sha256Hex("Welcome to Amazon S3.")),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(SignS3("GET", "/", {{"lifecycle", ""}}, {}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignS3("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, SignsTheTestSuite) {
  EXPECT_EQ(SignSuite("/", {}, {}), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(SignSuite("/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(SignSuite("/", {}, {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}}),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  EXPECT_EQ(SignSuite("/", {}, {{"my-header1", "value2"}, {"my-header1", "value2"}, {"my-header1", "value1"}}),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  EXPECT_EQ(SignSuite("/" + PercentEncode("\xE1\x88\xB4", true), {}, {}),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(SigV4, OrdersHeadersByNameEvenWhereOneIsAPrefixOfAnother) {
  const SigV4 signer({"id", "secret", ""}, "r");
  const Headers one = {{"host", "h"}, {"x-amz-copy", "1"}, {"x-amz-copy-source", "2"}, {"x-amz-copy0", "3"}};
  const Headers other = {{"x-amz-copy0", "3"}, {"x-amz-copy-source", "2"}, {"x-amz-copy", "1"}, {"host", "h"}};
  const std::string signed_one = signer.Authorization({"GET", "/", "", one, kUnsignedPayload}, "20260101T000000Z");
  EXPECT_NE(signed_one.find("SignedHeaders=host;x-amz-copy;x-amz-copy-source;x-amz-copy0,"), std::string::npos);
  EXPECT_EQ(signed_one, signer.Authorization({"GET", "/", "", other, kUnsignedPayload}, "20260101T000000Z"));
}

TEST(SigV4, TakesANewKeyEachDay) {
  const SigV4 kept({"id", "secret", ""}, "r");
  const Headers headers = {{"host", "h"}};
  const auto sign = [&](const SigV4& signer, std::string_view date) {
    return signer.Authorization({"GET", "/", "", headers, kUnsignedPayload}, date);
  };
  for (const std::string_view date : {"20260101T235959Z", "20260102T000000Z", "20260101T235959Z"}) {
    EXPECT_EQ(sign(kept, date), sign(SigV4({"id", "secret", ""}, "r"), date));
  }
}

TEST(SigV4, EncodesQueriesWhollyAndSorted) {
  EXPECT_EQ(EncodeQuery({{"prefix", "a+b c/%"}, {"list-type", "2"}, {"delete", ""}}),
            "delete=&list-type=2&prefix=a%2Bb%20c%2F%25");
  EXPECT_EQ(PercentEncode("a b/\xC3\xA9~+=&", true), "a%20b/%C3%A9~%2B%3D%26");
}

TEST(SigV4, WritesTheDateInUtc) {
  const absl::Time time = absl::FromCivil(absl::CivilSecond(2013, 5, 24, 0, 0, 0), absl::UTCTimeZone());
  EXPECT_EQ(AmzDate(Timestamp(absl::ToUnixMicros(time))), "20130524T000000Z");
}

}  // namespace
}  // namespace mts::store::s3
