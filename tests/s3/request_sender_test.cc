// What is sent, and what is tried again, against a server that answers as the test says.
#include "store/s3/request_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "tests/s3/s3_fixture.h"
#include "tests/servers/scripted_http_server.h"

namespace mts::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RequestSenderTest : public ::testing::Test {
 protected:
  RequestSenderTest() : options_(OptionsFor(server_.endpoint())) {
    options_.bucket = "bucket";
    options_.request_timeout_micros = 5'000'000;
  }

  RawClient& Client() {
    if (client_ == nullptr) client_ = std::make_unique<RawClient>(options_);
    return *client_;
  }
  static std::string Error(const std::string& code) {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>m</Message></Error>";
  }

  ScriptedHttpServer server_;
  store::S3Options options_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(RequestSenderTest, SendsWhatTheDesignSays) {
  server_.Answer({{}});
  ASSERT_TRUE(Client().Put("a//b/./c d+e", "payload", Crc32c("payload")).ok());
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.line, "PUT /bucket/a//b/./c%20d%2Be HTTP/1.1");
  EXPECT_EQ(request.body, "payload");
  EXPECT_THAT(request.headers, HasSubstr("host: " + server_.host() + "\r\n"));
  EXPECT_THAT(request.headers, HasSubstr("x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
  EXPECT_THAT(request.headers, HasSubstr("x-amz-checksum-crc32c: "));
  EXPECT_THAT(request.headers, HasSubstr("content-length: 7\r\n"));
  EXPECT_THAT(request.headers, HasSubstr("authorization: AWS4-HMAC-SHA256 Credential=minioadmin/"));
  EXPECT_THAT(request.headers, Not(HasSubstr("expect:")));
  EXPECT_THAT(request.headers, Not(HasSubstr("x-amz-security-token")));
}

TEST_F(RequestSenderTest, VirtualHostedBucketsAndSessionTokens) {
  // The name has to lead here: *.localhost does, by libcurl itself.
  options_.endpoint = "http://localhost" + server_.host().substr(server_.host().find(':'));
  options_.virtual_hosted = true;
  options_.session_token = "token";
  server_.Answer({{}});
  ASSERT_TRUE(Client().Put("key", "x", Crc32c("x")).ok());
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.line, "PUT /key HTTP/1.1");
  EXPECT_THAT(request.headers, HasSubstr("host: bucket.localhost:"));
  EXPECT_THAT(request.headers, HasSubstr("x-amz-security-token: token\r\n"));
  EXPECT_THAT(request.headers, HasSubstr("x-amz-date;x-amz-security-token,"));
}

TEST_F(RequestSenderTest, TriesAgainAfterServerErrorsAndSlowDown) {
  server_.Answer({{.status = 503, .body = Error("SlowDown")}, {.status = 500}, {.lost = true}, {.status = 200}});
  EXPECT_TRUE(Client().Put("key", "payload", Crc32c("payload")).ok());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 4u);
  for (const auto& request : requests) EXPECT_EQ(request.body, "payload");
}

TEST_F(RequestSenderTest, DoesNotTryAgainWhatCannotHelp) {
  server_.Answer({{.status = 403, .body = Error("AccessDenied")}});
  EXPECT_TRUE(absl::IsPermissionDenied(Client().Put("key", "x", Crc32c("x"))));
  server_.Answer({{.status = 404, .body = Error("NoSuchKey")}});
  EXPECT_TRUE(absl::IsNotFound(Client().Get("key", 0, 10).status()));
  server_.Answer({{.status = 507, .body = Error("XMinioStorageFull")}});
  EXPECT_TRUE(absl::IsResourceExhausted(Client().Put("key", "x", Crc32c("x"))));
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(RequestSenderTest, GivesUpAtTheDeadline) {
  options_.request_timeout_micros = 200'000;
  const int64_t begin = SystemClock().MonotonicMicros();
  EXPECT_TRUE(absl::IsUnavailable(Client().Put("key", "x", Crc32c("x"))));  // 500 for ever
  EXPECT_LT(SystemClock().MonotonicMicros() - begin, 2'000'000);
  EXPECT_GT(server_.requests().size(), 1u);
}

TEST_F(RequestSenderTest, TakesTheServersTimeWhenTheClocksDiffer) {
  ManualClock clock(1'369'353'600'000'000);  // 2013-05-24
  options_.clock = &clock;
  const std::string date = "date: Sat, 25 May 2013 06:00:00 GMT\r\n";
  server_.Answer({{.status = 403, .headers = date, .body = Error("RequestTimeTooSkewed")}, {}, {}});
  ASSERT_TRUE(Client().Put("key", "x", Crc32c("x")).ok());
  ASSERT_TRUE(Client().Put("key", "x", Crc32c("x")).ok());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[0].headers, HasSubstr("x-amz-date: 20130524T000000Z"));
  EXPECT_THAT(requests[1].headers, HasSubstr("x-amz-date: 20130525T060000Z"));
  EXPECT_THAT(requests[1].headers, HasSubstr("/20130525/us-east-1/s3/aws4_request"));
  EXPECT_THAT(requests[2].headers, HasSubstr("x-amz-date: 20130525T060000Z"));
}

TEST_F(RequestSenderTest, ABodyThatBreaksOffIsTakenUpWhereItBroke) {
  const std::string etag = "etag: \"e\"\r\n";
  server_.Answer(
      {{.status = 206, .headers = etag + "content-range: bytes 5-14/100\r\n", .body = "0123456789", .cut_body_at = 4},
       {.status = 206, .headers = etag + "content-range: bytes 9-14/100\r\n", .body = "456789", .cut_body_at = 1},
       {.status = 206, .headers = etag + "content-range: bytes 10-14/100\r\n", .body = "56789"}});
  const auto range = Client().Get("key", 5, 10);
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(range->bytes, "0123456789");
  EXPECT_EQ(range->object_size, 100u);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[0].headers, HasSubstr("range: bytes=5-14\r\n"));
  EXPECT_THAT(requests[1].headers, HasSubstr("range: bytes=9-14\r\n"));
  EXPECT_THAT(requests[2].headers, HasSubstr("range: bytes=10-14\r\n"));
  EXPECT_THAT(requests[2].headers, HasSubstr("if-match: \"e\"\r\n"));
}

TEST_F(RequestSenderTest, AnswersThatMakeNoSenseAreErrors) {
  server_.Answer({{.status = 206, .body = "0123456789"}});  // no content-range
  EXPECT_TRUE(absl::IsInternal(Client().Get("key", 0, 10).status()));
  server_.Answer({{.status = 200, .body = "0123456789"}});  // the whole object for a range
  EXPECT_TRUE(absl::IsInternal(Client().Get("key", 5, 10).status()));
  server_.Answer({{.status = 200, .body = std::string(1000, 'x')}});  // more than was asked for
  EXPECT_TRUE(absl::IsInternal(Client().Get("key", 0, 10).status()));
  server_.Answer({{.status = 200, .body = "<html>"}});
  EXPECT_FALSE(Client().List({.prefix = "a", .after = {}, .token = {}}).ok());
}

TEST_F(RequestSenderTest, AnUploadWhoseCompletionGotLostIsFound) {
  const auto complete = [&](uint64_t size) {
    return Wait<absl::Status>([&](auto done) {
      Client().client.CompleteUpload("key", "id", {{2, "\"b\"", 7}, {1, "\"a\"", 8}}, size, std::move(done));
    });
  };
  server_.Answer({{.lost = true},
                  {.status = 404, .body = Error("NoSuchUpload")},
                  {.status = 206, .headers = "content-range: bytes 0-0/1234\r\n", .body = "x"}});
  EXPECT_TRUE(complete(1234).ok());
  EXPECT_THAT(server_.requests()[0].body,
              ::testing::MatchesRegex(".*<PartNumber>1</PartNumber>.*<PartNumber>2</PartNumber>.*"));
  server_.Answer({{.status = 404, .body = Error("NoSuchUpload")}, {.status = 404, .body = Error("NoSuchKey")}});
  EXPECT_TRUE(absl::IsUnavailable(complete(1234)));
  // An error that comes with status 200, after the server kept the connection alive.
  server_.Answer({{.status = 200, .body = "   " + Error("InternalError")},
                  {.status = 200, .body = "<CompleteMultipartUploadResult/>"}});
  EXPECT_TRUE(complete(1234).ok());
}

TEST_F(RequestSenderTest, DeletesThatFailInPartAreErrors) {
  server_.Answer({{.body = "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>"}});
  EXPECT_TRUE(absl::IsPermissionDenied(Client().Remove({"a", "b"})));
  server_.Answer({{.body = "<DeleteResult/>"}});
  EXPECT_TRUE(Client().Remove({"a", "b"}).ok());
  EXPECT_THAT(server_.requests()[1].headers, HasSubstr("content-md5: "));
  EXPECT_EQ(server_.requests()[1].line, "POST /bucket?delete= HTTP/1.1");
  server_.Answer({{.status = 204}, {.body = "<DeleteResult/>"}});
  EXPECT_TRUE(Client()
                  .Remove({"a",
                           "with\x01"
                           "control"})
                  .ok());
  EXPECT_EQ(server_.requests()[2].line, "DELETE /bucket/with%01control HTTP/1.1");
}

TEST_F(RequestSenderTest, MakesTheBucketInItsRegion) {
  options_.region = "eu-central-1";
  server_.Answer({{.status = 404, .body = Error("NoSuchBucket")}, {}, {}});
  EXPECT_TRUE(Client().Put("key", "x", Crc32c("x")).ok());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].line, "PUT /bucket HTTP/1.1");
  EXPECT_THAT(requests[1].body, HasSubstr("<LocationConstraint>eu-central-1</LocationConstraint>"));
}

}  // namespace
}  // namespace mts::testing
