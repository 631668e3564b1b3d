// A payload store on a real server, and calls that wait for their answers.
//
// Threading: the test's thread. Errors: a server that is not installed skips the test. Limits: one server for a test
// program and kind.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "store/s3/endpoint.h"
#include "store/s3/http_transport.h"
#include "store/s3/object_client.h"
#include "store/s3/object_keys.h"
#include "store/s3/request_sender.h"
#include "store/s3/s3_payloads.h"
#include "tests/servers/s3_server.h"

namespace mts::testing {

// What `call(done)` answers.
template <typename T, typename Call>
T Wait(Call&& call) {
  std::unique_ptr<T> result;
  absl::Notification answered;
  call([&](auto&& value) {
    result = std::make_unique<T>(std::forward<decltype(value)>(value));
    answered.Notify();
  });
  answered.WaitForNotification();
  return std::move(*result);
}

inline std::string RandomBytes(size_t size, uint32_t seed) {
  std::mt19937 generator(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i += 4) {
    const uint32_t word = generator();
    for (size_t k = i; k < std::min(size, i + 4); ++k) bytes[k] = static_cast<char>(word >> (8 * (k - i)));
  }
  return bytes;
}

// The server of this kind that all tests of the program share; null when it could not be started (`status` says why).
// Both start at the first call, the slower one beside the tests of the other.
inline S3Server* SharedServer(S3Kind kind, absl::Status* status) {
  static absl::StatusOr<std::unique_ptr<S3Server>> servers[] = {S3Server::Launch(S3Kind::kMinio),
                                                                S3Server::Launch(S3Kind::kSeaweedFs)};
  const auto& server = servers[static_cast<size_t>(kind)];
  *status = server.ok() ? (*server)->WaitUntilReady() : server.status();
  return status->ok() ? server->get() : nullptr;
}

inline store::S3Options OptionsFor(const std::string& endpoint) {
  static int buckets = 0;
  store::S3Options options;
  options.endpoint = endpoint;
  options.bucket = absl::StrCat("bucket-", ++buckets);
  options.access_key = S3Server::kAccessKey;
  options.secret_key = S3Server::kSecretKey;
  return options;
}

inline absl::StatusOr<PayloadReference> Put(store::PayloadStore& store, std::string_view payload,
                                            std::string_view subject = "test") {
  return Wait<absl::StatusOr<PayloadReference>>([&](auto done) { store.Put(subject, payload, std::move(done)); });
}

inline absl::StatusOr<std::string> Get(store::PayloadStore& store, const PayloadReference& reference,
                                       uint64_t offset = 0, uint64_t length = UINT64_MAX) {
  return Wait<absl::StatusOr<std::string>>([&](auto done) { store.Get(reference, offset, length, std::move(done)); });
}

inline absl::Status Remove(store::PayloadStore& store, const std::vector<PayloadReference>& references) {
  return Wait<absl::Status>([&](auto done) { store.Remove(references, std::move(done)); });
}

// Writes `payload` in chunks; the error of the first call that fails.
inline absl::StatusOr<PayloadReference> Upload(store::PayloadStore& store, std::string_view payload, size_t chunk,
                                               uint64_t expected_size = 0) {
  auto upload = store.BeginUpload("test", expected_size);
  if (!upload.ok()) return upload.status();
  for (std::string_view rest = payload; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) {
    absl::Status written =
        Wait<absl::Status>([&](auto done) { (*upload)->Write(std::string(rest.substr(0, chunk)), std::move(done)); });
    if (!written.ok()) return written;
  }
  return Wait<absl::StatusOr<PayloadReference>>([&](auto done) { (*upload)->Finish(std::move(done)); });
}

// All payload objects below the store's prefix.
inline std::vector<store::S3Payloads::StoredObject> List(store::S3Payloads& store) {
  std::vector<store::S3Payloads::StoredObject> objects;
  std::string from;
  do {
    auto page = Wait<absl::StatusOr<store::S3Payloads::ObjectPage>>(
        [&](auto done) { store.ListObjects(from, std::move(done)); });
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (auto& object : page->objects) objects.push_back(std::move(object));
    from = page->next;
  } while (!from.empty());
  return objects;
}

inline PayloadReference Named(std::string key) {
  PayloadReference reference;
  reference.kind = PayloadKind::kNamed;
  reference.key = std::move(key);
  return reference;
}

// The client below the store, for what a client of the bucket does itself.
struct RawClient {
  explicit RawClient(store::S3Options given)
      : options(std::move(given)),
        transport({.ca_file = options.ca_file}),
        sender(options, *store::s3::ParseEndpoint(options.endpoint), transport, statistics),
        client(sender) {}
  ~RawClient() { transport.Shutdown(); }

  absl::Status Put(const std::string& key, std::string_view body, uint32_t crc32c) {
    return Wait<absl::Status>([&](auto done) { client.Put(key, {body}, crc32c, false, std::move(done)); });
  }
  absl::StatusOr<store::s3::ObjectRange> Get(const std::string& key, uint64_t offset, uint64_t length) {
    return Wait<absl::StatusOr<store::s3::ObjectRange>>(
        [&](auto done) { client.Get(key, offset, length, std::move(done)); });
  }
  absl::StatusOr<store::s3::ListPage> List(store::s3::ListRequest request) {
    return Wait<absl::StatusOr<store::s3::ListPage>>(
        [&](auto done) { client.List(std::move(request), std::move(done)); });
  }
  absl::Status Remove(std::vector<std::string> keys) {
    return Wait<absl::Status>([&](auto done) { client.Remove(std::move(keys), std::move(done)); });
  }

  const store::S3Options options;
  store::s3::Statistics statistics;
  store::s3::HttpTransport transport;
  store::s3::RequestSender sender;
  store::s3::ObjectClient client;
};

}  // namespace mts::testing
