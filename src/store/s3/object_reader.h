// Reads ranges of objects that never change: neighbouring ranges are fetched together, at least 128 KiB at a time and
// more for those that read on, and kept within a budget.
//
// Threading: any thread; `done` is called before Read returns when everything is in memory, else from the transport's
// thread. Errors: those of ObjectClient::Get. Limits: the budget, beyond it only what callers wait for. Ranges of 8 MiB
// and more are read directly.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/shared_bytes.h"
#include "store/s3/object_client.h"
#include "store/s3/statistics.h"

namespace mts::store::s3 {

class ObjectReader {
 public:
  static constexpr uint64_t kUnknownSize = UINT64_MAX;
  using Done = absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)>;
  using GetRange = absl::AnyInvocable<void(const std::string& key, uint64_t offset, uint64_t length,
                                           ObjectClient::ResultDone<ObjectRange> done) const>;

  ObjectReader(GetRange get, uint64_t budget_bytes, Statistics& statistics);

  // Shorter than `length` only when the object ends before; empty behind its end. What lies in one range fetched is a
  // part of it. `object_size`: if it is known.
  void Read(const std::string& key, uint64_t object_size, uint64_t offset, uint64_t length, Done done);
  // Drops what is kept of the object, so that the next read asks the server.
  void Forget(const std::string& key);
  uint64_t cached_bytes() const;

 private:
  struct Piece {
    uint64_t begin = 0;
    std::shared_ptr<const std::string> bytes;
  };
  struct PendingRead {
    uint64_t begin = 0;
    uint64_t end = 0;
    std::vector<Piece> pieces;
    size_t missing = 0;  // extents that are being fetched
    absl::Status status;
    Done done;
  };
  using PendingReadPtr = std::shared_ptr<PendingRead>;
  struct Extent {
    std::string key;
    uint64_t begin = 0;
    uint64_t end = 0;
    bool read_on = false;                      // it follows another one, or begins the object
    std::shared_ptr<const std::string> bytes;  // null: being fetched
    std::vector<PendingReadPtr> waiting;
    std::list<std::shared_ptr<Extent>>::iterator recent;
  };
  using ExtentPtr = std::shared_ptr<Extent>;
  struct Object {
    uint64_t size = kUnknownSize;
    std::map<uint64_t, ExtentPtr> extents;  // by begin; they do not overlap
  };

  ExtentPtr Find(const Object& object, uint64_t position) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Cover(const std::string& key, Object& object, const PendingReadPtr& read, std::vector<ExtentPtr>& to_fetch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ExtentPtr AddExtent(const std::string& key, Object& object, uint64_t position, uint64_t needed_end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadAhead(const std::string& key, Object& object, uint64_t read_end, std::vector<ExtentPtr>& to_fetch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Evict() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(const ExtentPtr& extent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Uncount(const Extent& extent) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Holds(const ExtentPtr& extent) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(const ExtentPtr& extent, std::shared_ptr<const std::string> bytes, uint64_t object_size)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Fetch(const ExtentPtr& extent);
  void OnFetched(const ExtentPtr& extent, absl::StatusOr<ObjectRange> range);
  void ReadDirectly(const std::string& key, uint64_t offset, uint64_t length, Done done);
  static void Answer(PendingRead& read);
  static SharedBytes PartOf(const Piece& piece, uint64_t begin, uint64_t end);

  const GetRange get_;
  const uint64_t budget_bytes_;
  Statistics& statistics_;

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Object>> objects_ ABSL_GUARDED_BY(mutex_);
  std::list<ExtentPtr> recent_ ABSL_GUARDED_BY(mutex_);  // those with bytes, the last used first
  uint64_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t fetching_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace mts::store::s3
