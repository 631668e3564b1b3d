// Fetches payloads that lie in the payload store into deliveries, and says what is wrong with those that cannot be
// read.
//
// Threading: any; `done` from any thread, possibly before the call returns; the delivery needs to live until then.
// Errors: RESOURCE_EXHAUSTED (no memory within the budget), UNAVAILABLE; a missing or corrupt payload is no error with
// OnUnreadable::kMark and DATA_LOSS with kFail. Limits: the memory budget.
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "broker/delivery.h"
#include "broker/memory_budget.h"
#include "broker/options.h"
#include "store/payload_store.h"

namespace mts::broker {

class PayloadLoader {
 public:
  PayloadLoader(store::PayloadStore& payloads, OnUnreadable on_unreadable, MemoryBudget& budget)
      : payloads_(payloads), on_unreadable_(on_unreadable), budget_(budget) {}

  // A delivery with the status that is known without reading: inline, deferred, or `to_load`.
  static Delivery Prepare(const StoredMessage& message, uint64_t max_inline_bytes);

  using LoadDone = absl::AnyInvocable<void(absl::StatusOr<MemoryReservation>)>;
  // Loads a delivery that is `to_load`; afterwards it is not.
  void Load(Delivery& delivery, uint64_t max_inline_bytes, LoadDone done);

 private:
  void Get(Delivery& delivery, uint64_t size, LoadDone done);
  void Unreadable(Delivery& delivery, const absl::Status& status, LoadDone done);

  store::PayloadStore& payloads_;
  const OnUnreadable on_unreadable_;
  MemoryBudget& budget_;
};

}  // namespace mts::broker
