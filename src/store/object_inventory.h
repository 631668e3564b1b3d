// The third part of the waist, for the cleaner's sweep: what lies in a payload store whose messages are in no log that
// is replayed at a restart, so that nobody knows then what a crash left behind.
//
// Threading: any thread may call; `done` is called exactly once from any thread and must not block. Errors: as
// PayloadStore. Limits: a page of S3 has 1,000 objects, one of files those of a 256th of the directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"

namespace mts::store {

class ObjectInventory {
 public:
  virtual ~ObjectInventory() = default;

  struct StoredObject {
    std::string key;
    uint64_t size = 0;                 // 0 and no times: the store does not tell them, and has no packs
    Timestamp modified;                // as the server says; some date a multipart object from its start
    std::optional<Timestamp> started;  // when writing began, as the key says
    bool pack = false;
  };
  struct ObjectPage {
    std::vector<StoredObject> objects;
    std::string next;  // for the next call; empty: this was the last page
  };
  // Payload objects that we made. `from`: empty, or a page's `next`.
  virtual void ListObjects(std::string from, absl::AnyInvocable<void(absl::StatusOr<ObjectPage>)> done) = 0;
  // Refuses a key that is not one of ours with INVALID_ARGUMENT; what is gone already counts as removed.
  virtual void RemoveObjects(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) = 0;
  // Ends uploads that began before `before` and were never finished; answers how many.
  virtual void AbortUploads(Timestamp before, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) = 0;

  // Objects that clients put themselves and named in messages that are removed now. PayloadStore::Remove notes them;
  // they go when no message is left that names them.
  struct Release {
    std::string note;  // for ForgetRelease
    std::vector<std::string> names;
  };
  virtual void ListReleases(absl::AnyInvocable<void(absl::StatusOr<std::vector<Release>>)> done) = 0;
  virtual void RemoveNamed(std::vector<std::string> names, absl::AnyInvocable<void(absl::Status)> done) = 0;
  virtual void ForgetRelease(std::string note, absl::AnyInvocable<void(absl::Status)> done) = 0;
};

}  // namespace mts::store
