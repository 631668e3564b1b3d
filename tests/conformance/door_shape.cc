#include "door_shape.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "base/await.h"
#include "base/status.h"
#include "base/text.h"
#include "server/s3_keys.h"
#include "store/s3/s3_payloads.h"
#include "tests/servers/s3_server.h"

namespace mts::conformance {
namespace {

using testing::S3Kind;
using testing::S3Server;

bool IsSet(const char* variable, std::string_view value) {
  const char* const given = std::getenv(variable);
  return given != nullptr && value == given;
}

absl::Status UseMinio(server::Configuration& configuration) {
  static const absl::StatusOr<std::unique_ptr<S3Server>> minio = S3Server::Start(S3Kind::kMinio);
  if (!minio.ok()) return minio.status();
  static int buckets = 0;
  configuration.payload = "s3";
  configuration.s3_endpoint = (*minio)->endpoint();
  configuration.s3_access_key = S3Server::kAccessKey;
  configuration.s3_secret_key = S3Server::kSecretKey;
  configuration.s3_bucket = Concat("doors-", ++buckets);
  return absl::OkStatus();
}

using Stored = store::ObjectInventory::StoredObject;

bool IsSmaller(const Stored& one, const Stored& other) { return one.size < other.size; }

std::vector<Stored> PayloadFiles(const server::Configuration& configuration) {
  std::vector<Stored> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(configuration.data_dir + "/payloads")) {
    if (!entry.is_regular_file()) continue;
    Stored& file = files.emplace_back();
    file.key = entry.path().string();
    file.size = entry.file_size();
  }
  return files;
}

std::vector<Stored> Objects(store::S3Payloads& payloads) {
  std::vector<Stored> objects;
  std::string from;
  do {
    auto page = Await<absl::StatusOr<store::ObjectInventory::ObjectPage>>(
        [&](auto done) { payloads.ListObjects(from, std::move(done)); });
    if (!page.ok()) break;
    for (auto& object : page->objects) objects.push_back(std::move(object));
    from = page->next;
  } while (!from.empty());
  return objects;
}

}  // namespace

DoorShape::DoorShape()
    : messages_in_tarantool_(IsSet("MTS_DOOR_METADATA", "tarantool")),
      payloads_in_s3_(IsSet("MTS_DOOR_PAYLOAD", "s3")) {}

absl::Status DoorShape::Apply(server::Configuration& configuration) {
  if (messages_in_tarantool_) {
    MTS_ASSIGN_OR_RETURN(tarantool_, testing::TarantoolServer::Start());
    configuration.metadata = "tarantool";
    configuration.tarantool_addresses = tarantool_->address();
    configuration.tarantool_user = testing::TarantoolServer::kUser;
    configuration.tarantool_password = testing::TarantoolServer::kPassword;
  }
  return payloads_in_s3_ ? UseMinio(configuration) : absl::OkStatus();
}

size_t DoorShape::CountPayloads(const server::Configuration& configuration) const {
  if (!payloads_in_s3_) return PayloadFiles(configuration).size();
  const auto payloads = store::S3Payloads::Open(server::S3OptionsOf(configuration));
  return payloads.ok() ? Objects(**payloads).size() : 0;
}

void DoorShape::RemovePayload(const server::Configuration& configuration) const {
  if (!payloads_in_s3_) {
    const std::vector<Stored> files = PayloadFiles(configuration);
    std::filesystem::remove(std::max_element(files.begin(), files.end(), IsSmaller)->key);
    return;
  }
  const auto payloads = store::S3Payloads::Open(server::S3OptionsOf(configuration));
  if (!payloads.ok()) std::abort();
  const std::vector<Stored> objects = Objects(**payloads);
  const std::string key = std::max_element(objects.begin(), objects.end(), IsSmaller)->key;
  const absl::Status removed =
      Await<absl::Status>([&](auto done) { (*payloads)->RemoveObjects({key}, std::move(done)); });
  if (!removed.ok()) std::abort();
}

}  // namespace mts::conformance
