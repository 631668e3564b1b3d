#include "base/crc32c.h"
#include "store_suite.h"

namespace mts::conformance {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PayloadStoreTest);

TEST_P(PayloadStoreTest, PayloadsComeBackWholeAndInRanges) {
  for (const size_t size : {size_t{1}, size_t{1000}, size_t{3} << 20}) {
    std::string payload(size, '\0');
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
    const auto reference = Put(payload);
    ASSERT_TRUE(reference.ok()) << reference.status();
    EXPECT_EQ(reference->kind, PayloadKind::kStored);
    EXPECT_EQ(reference->size, size);
    EXPECT_EQ(reference->crc32c, Crc32c(payload));
    EXPECT_FALSE(reference->key.empty());
    EXPECT_TRUE(*Get(*reference, 0, size) == payload);
    EXPECT_TRUE(*Get(*reference, size / 2, size) == payload.substr(size / 2));
    EXPECT_EQ(*Get(*reference, size - 1, 1), payload.substr(size - 1));
    EXPECT_EQ(*WaitFor<absl::StatusOr<uint64_t>>([&](auto done) { payloads().Size(*reference, std::move(done)); }),
              size);
  }
}

TEST_P(PayloadStoreTest, UploadsAreOnePayload) {
  auto upload = payloads().BeginUpload("a", 0);
  ASSERT_TRUE(upload.ok()) << upload.status();
  std::string payload;
  for (int i = 0; i < 20; ++i) {
    const std::string chunk(i * 20'000, static_cast<char>('a' + i));
    payload += chunk;
    ASSERT_TRUE(WaitFor<absl::Status>([&](auto done) { (*upload)->Write(chunk, std::move(done)); }).ok());
  }
  const auto reference =
      WaitFor<absl::StatusOr<PayloadReference>>([&](auto done) { (*upload)->Finish(std::move(done)); });
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(reference->size, payload.size());
  EXPECT_EQ(reference->crc32c, Crc32c(payload));
  EXPECT_TRUE(*Get(*reference, 0, payload.size()) == payload);
}

TEST_P(PayloadStoreTest, RemovedPayloadsAreNotFoundAndRemovingAgainSucceeds) {
  const auto reference = Put("payload");
  ASSERT_TRUE(reference.ok());
  payloads().Keep({*reference});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(WaitFor<absl::Status>([&](auto done) { payloads().Remove({*reference}, std::move(done)); }).ok());
    EXPECT_TRUE(absl::IsNotFound(Get(*reference, 0, 7).status()));
  }
}

TEST_P(PayloadStoreTest, PayloadsAreIndependent) {
  const auto first = Put("first"), second = Put("second");
  EXPECT_NE(first->key, second->key);
  EXPECT_TRUE(WaitFor<absl::Status>([&](auto done) { payloads().Remove({*first}, std::move(done)); }).ok());
  EXPECT_EQ(*Get(*second, 0, 6), "second");
}

}  // namespace mts::conformance
