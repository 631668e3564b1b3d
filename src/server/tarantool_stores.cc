#include "server/tarantool_stores.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "broker/named_keys.h"
#include "io/file_system.h"
#include "server/payload_stores.h"
#include "server/tarantool_keys.h"
#include "store/tarantool/tarantool_store.h"

namespace mts::server {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

// Of these keys those that messages name; waits for Tarantool.
absl::StatusOr<broker::KeySet> AskForNames(store::TarantoolStore& messages, const std::vector<std::string>& keys) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    absl::StatusOr<broker::KeySet> named = broker::FindNamedKeys(messages, &messages, keys);
    if (named.ok() || !IsRetryable(named.status()) || absl::Now() >= deadline) return named;
    spdlog::warn("waiting for Tarantool, which knows whose the payload files of an unclean stop are: {}",
                 std::string(named.status().message()));
  }
}

// Files that nobody moved to their place yet stay only if a message names them.
absl::Status RecoverFiles(store::PayloadFiles& files, store::TarantoolStore& messages) {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> keys, files.Incoming());
  MTS_ASSIGN_OR_RETURN(const broker::KeySet found, AskForNames(messages, keys));
  std::vector<PayloadReference> named;
  for (const std::string& key : found) {
    PayloadReference reference;
    reference.kind = PayloadKind::kStored;
    reference.key = key;
    named.push_back(std::move(reference));
  }
  return files.Recover(named);
}

Stores WithTarantool(std::unique_ptr<store::PayloadStore> payloads, std::unique_ptr<store::TarantoolStore> messages,
                     store::ObjectInventory* objects) {
  Stores stores;
  stores.objects = objects;
  stores.keys = messages.get();
  stores.references = messages.get();
  stores.messages_ready = [&tarantool = *messages] { return tarantool.Ready(); };
  stores.payloads = std::move(payloads);
  stores.messages = std::move(messages);
  return stores;
}

}  // namespace

absl::StatusOr<Stores> OpenTarantoolWithS3(const Configuration& configuration) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::S3Payloads> payloads, OpenS3Payloads(configuration));
  store::TarantoolOptions options = TarantoolOptionsOf(configuration);
  store::S3Payloads& objects = *payloads;
  options.remove_payloads = [&objects](const auto& references, auto done) {
    objects.Remove(references, std::move(done));
  };
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::TarantoolStore> messages,
                       store::TarantoolStore::Open(std::move(options)));
  Stores stores = WithTarantool(std::move(payloads), std::move(messages), &objects);
  // In the plain layout no pack is made, and none that an earlier one left is touched.
  if (configuration.s3_layout == "packed") stores.packs = &objects;
  return stores;
}

absl::StatusOr<Stores> OpenTarantoolWithFiles(const Configuration& configuration) {
  // Files that another process writes would be taken for leftovers.
  io::FileSystem& file_system = io::PosixFileSystem();
  MTS_RETURN_IF_ERROR(file_system.CreateDirectories(configuration.data_dir));
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<io::DirectoryLock> lock,
                       file_system.Lock(io::JoinPath(configuration.data_dir, "LOCK")));
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::PayloadFiles> payloads, OpenPayloadFiles(configuration));
  store::TarantoolOptions options = TarantoolOptionsOf(configuration);
  store::PayloadFiles& files = *payloads;
  options.remove_payloads = [&files](const auto& references, auto done) { files.Remove(references, std::move(done)); };
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::TarantoolStore> messages,
                       store::TarantoolStore::Open(std::move(options)));
  MTS_RETURN_IF_ERROR(RecoverFiles(files, *messages));
  Stores stores = WithTarantool(std::move(payloads), std::move(messages), &files);
  stores.lock = std::move(lock);
  return stores;
}

}  // namespace mts::server
