// Puts small payloads that arrive together into one object.
//
// Threading: any thread may add; answers come from the thread that answers the PUT, or from Add. Errors: those of the
// PUT, for all payloads of a pack alike; RESOURCE_EXHAUSTED when too much waits. Limits: 128 MiB or 100,000 payloads
// wait, a pack has at most 8 MiB.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model/payload.h"
#include "store/s3/http.h"
#include "store/s3/pack_pacing.h"
#include "store/s3/statistics.h"
#include "store/s3/timers.h"

namespace mts::store::s3 {

class Packer {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)>;
  using TogetherDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<PayloadReference>>)>;
  using NewKey = absl::AnyInvocable<std::string(size_t payloads) const>;
  using PutObject = absl::AnyInvocable<void(std::string key, BodyPieces body, uint32_t crc32c,
                                            absl::AnyInvocable<void(absl::Status)> done) const>;

  // A payload that has waited longer than `patience_micros` is not tried any more after a PUT has failed.
  Packer(NewKey new_key, PutObject put, Timers& timers, Statistics& statistics, int64_t patience_micros);

  // `payload` needs to live until `done`.
  void Add(std::string_view payload, Done done);
  // Puts these into one object of their own, whatever else waits; a reference to each, in their order. At most
  // PackPacing::kMaxPackBytes, at least one. It does not wait for its turn, others wait for it.
  void AddTogether(const std::vector<std::string>& payloads, TogetherDone done);
  // What waits gets UNAVAILABLE, and so does what is added later. PUTs under way go on.
  void Shutdown();

 private:
  struct Item {
    std::string_view payload;
    uint32_t crc32c = 0;
    int64_t arrival = 0;
    Done done;
  };
  using Pack = std::vector<Item>;

  // Takes the item unless the answer is an error; `ready` is to be started then.
  absl::Status Enqueue(Item& item, std::vector<Pack>& ready);
  // Takes what may be put now; sees to it that this is asked again when there is more.
  std::vector<Pack> TakeReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Pack TakePack() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetTimer(int64_t now, int64_t at) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Pack TakeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTimer();
  void Start(std::vector<Pack> packs);
  static Pack MakePack(const std::vector<std::string>& payloads, TogetherDone done);
  void StartOne(Pack pack);
  void OnPut(Pack& pack, const std::string& key, int64_t started, const absl::Status& status);
  Pack TakeImpatient(int64_t now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void FailAll(Pack items, const absl::Status& status);

  const NewKey new_key_;
  const PutObject put_;
  Timers& timers_;
  Statistics& statistics_;
  const int64_t patience_micros_;

  absl::Mutex mutex_;
  PackPacing pacing_ ABSL_GUARDED_BY(mutex_);
  std::deque<Item> waiting_ ABSL_GUARDED_BY(mutex_);
  uint64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t timer_at_ ABSL_GUARDED_BY(mutex_) = INT64_MAX;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mts::store::s3
