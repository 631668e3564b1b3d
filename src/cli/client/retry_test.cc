#include "cli/client/retry.h"

#include <gtest/gtest.h>

#include "cli/client/connection.h"

namespace mts::cli {
namespace {

TEST(Retry, PausesGrowUpToAnEnd) {
  absl::BitGen random;
  for (int round = 0; round < 100; ++round) {
    EXPECT_GE(PauseBefore(0, random), absl::Milliseconds(50));
    EXPECT_LE(PauseBefore(0, random), absl::Milliseconds(100));
    EXPECT_GE(PauseBefore(3, random), absl::Milliseconds(400));
    EXPECT_LE(PauseBefore(1000, random), absl::Seconds(5));
  }
}

TEST(Retry, WhatCannotSucceedEndsAtOnce) {
  std::atomic<bool> reached = false;
  Retry retry({.retry_for = absl::Minutes(5), .wait_for_first = true}, reached);
  EXPECT_EQ(retry.After(absl::InvalidArgumentError("no")), absl::InvalidArgumentError("no"));
}

TEST(Retry, AServerNeverReachedFailsAtOnceUnlessWaitedFor) {
  std::atomic<bool> reached = false;
  Retry impatient({.retry_for = absl::Minutes(5)}, reached);
  EXPECT_TRUE(absl::IsUnavailable(impatient.After(absl::UnavailableError("away"))));
  Retry patient({.retry_for = absl::Minutes(5), .wait_for_first = true}, reached);
  EXPECT_TRUE(patient.After(absl::UnavailableError("away")).ok());
}

TEST(Retry, AServerThatWasThereIsWaitedForUntilTheTimeIsOver) {
  std::atomic<bool> reached = false;
  Retry({}, reached).Succeeded();
  Retry retry({.retry_for = absl::Milliseconds(150)}, reached);
  int attempts = 0;
  absl::Status status;
  while ((status = retry.After(absl::UnavailableError("away"))).ok()) ++attempts;
  EXPECT_GE(attempts, 1);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(), "gave up after 150 ms: away");
}

TEST(Connection, AddressesAreCheckedBeforeUse) {
  for (const char* good : {"localhost:50051", "10.0.0.1:1", "[::1]:50051", "unix:/run/x.sock", "host.example:65535"}) {
    EXPECT_TRUE(ValidateAddress(good).ok()) << good;
  }
  for (const char* bad : {"", "localhost", "localhost:", ":50051", "localhost:0", "localhost:65536", "a:b", "::1:50051",
                          "http://localhost:50051", "a b:1", "unix:"}) {
    EXPECT_FALSE(ValidateAddress(bad).ok()) << bad;
  }
}

TEST(Connection, ABrokenConnectionIsUnavailable) {
  using grpc::StatusCode;
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(grpc::Status(StatusCode::CANCELLED, "CANCELLED"), "here:1")));
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(grpc::Status(StatusCode::INTERNAL, "Received RST_STREAM"), "here:1")));
  EXPECT_EQ(StatusOf(grpc::Status(StatusCode::INTERNAL, "disk"), "here:1").code(), absl::StatusCode::kInternal);
  const absl::Status refused =
      StatusOf(grpc::Status(StatusCode::UNAVAILABLE,
                            "failed to connect to all addresses; last error: UNKNOWN: Connection refused"),
               "here:1");
  EXPECT_EQ(refused.message(), "cannot reach the server at here:1 (Connection refused)");
}

}  // namespace
}  // namespace mts::cli
