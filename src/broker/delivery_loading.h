// Brings the payloads of one fetch into its deliveries, several at a time: in an object store each takes a while.
//
// Threading: Start once; `done` exactly once, from any thread, possibly before Start returns. It keeps itself alive
// until then; the deliveries and options need to live as long. Errors: those of PayloadLoader. Limits: kMostAtATime
// payloads of kBytesAtATime together (one is always loaded), and the loader's budget.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/limits.h"
#include "broker/delivery.h"
#include "broker/payload_loader.h"

namespace mts::broker {

class DeliveryLoading : public std::enable_shared_from_this<DeliveryLoading> {
 public:
  static constexpr uint32_t kMostAtATime = 32;
  static constexpr uint64_t kBytesAtATime = 4 * limits::kMiB;

  // The first `complete` deliveries are loaded and fit into max_bytes; `failure` is why those after them are not, OK
  // when it is only their size.
  using Done = absl::AnyInvocable<void(size_t complete, absl::Status failure)>;

  DeliveryLoading(PayloadLoader& loader, Deliveries& deliveries, const FetchOptions& options, Done done);
  void Start() { LoadMore(); }

 private:
  void LoadMore();
  bool MayLoad() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False when the message does not fit any more.
  bool Fits(size_t position) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnLoaded(size_t position, uint64_t size, absl::StatusOr<MemoryReservation> reservation);

  PayloadLoader& loader_;
  Deliveries& deliveries_;
  const FetchOptions& options_;
  Done done_;

  absl::Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t end_ ABSL_GUARDED_BY(mutex_);          // what comes from here on is not delivered
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of the deliveries so far
  uint32_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t under_way_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool loading_ ABSL_GUARDED_BY(mutex_) = false;  // some thread is in LoadMore
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::broker
