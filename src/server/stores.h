// The stores that the configuration names: the only place that knows implementations.
//
// Threading: from one thread. Errors: FAILED_PRECONDITION when another process has the data directory or it is of a
// later version, and those of recovery; PERMISSION_DENIED and FAILED_PRECONDITION when S3 refuses us.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "server/configuration.h"
#include "store/key_index.h"
#include "store/message_store.h"
#include "store/object_inventory.h"
#include "store/pack_store.h"
#include "store/payload_references.h"
#include "store/payload_store.h"

namespace mts::server {

struct Stores {
  // Of the data directory; null where a store holds it itself, or there is none.
  std::unique_ptr<io::DirectoryLock> lock = nullptr;
  // In this order: the message store tells the payload store what to keep and to remove until its end.
  std::unique_ptr<store::PayloadStore> payloads = nullptr;
  std::unique_ptr<store::MessageStore> messages = nullptr;
  // Of `payloads`, for the sweep; null where the payloads need none.
  store::ObjectInventory* objects = nullptr;
  // Of `messages`; null where it has none.
  store::KeyIndex* keys = nullptr;
  // For the rewriting of packs, of `payloads` and `messages`; both null where there are no packs, or references to them
  // cannot change.
  store::PackStore* packs = nullptr;
  store::PayloadReferences* references = nullptr;
  // Whether `messages` can be used now; null: always.
  std::function<absl::Status()> messages_ready = nullptr;
};

absl::StatusOr<Stores> OpenStores(const Configuration& configuration);

}  // namespace mts::server
