#include "broker/payload_loader.h"

#include <utility>

#include "base/text.h"

namespace mts::broker {

Delivery PayloadLoader::Prepare(const StoredMessage& message, uint64_t max_inline_bytes) {
  Delivery delivery;
  delivery.message = message;
  if (message.payload_included) {
    if (message.payload.size() > max_inline_bytes) {
      delivery.message.payload = {};
      delivery.status = PayloadStatus::kDeferred;
    }
    return delivery;
  }
  const bool loadable = message.reference.has_value() && max_inline_bytes > 0 && message.size <= max_inline_bytes;
  delivery.to_load = loadable;
  if (!loadable) delivery.status = PayloadStatus::kDeferred;
  return delivery;
}

void PayloadLoader::Load(Delivery& delivery, uint64_t max_inline_bytes, LoadDone done) {
  delivery.to_load = false;
  const PayloadReference& reference = *delivery.message.reference;
  if (reference.kind != PayloadKind::kNamed) {
    Get(delivery, reference.size, std::move(done));
    return;
  }
  payloads_.Size(reference,
                 [this, &delivery, max_inline_bytes, done = std::move(done)](absl::StatusOr<uint64_t> size) mutable {
                   if (!size.ok()) {
                     Unreadable(delivery, size.status(), std::move(done));
                     return;
                   }
                   delivery.message.size = *size;
                   if (*size > max_inline_bytes) {
                     delivery.status = PayloadStatus::kDeferred;
                     done(MemoryReservation());
                     return;
                   }
                   Get(delivery, *size, std::move(done));
                 });
}

void PayloadLoader::Get(Delivery& delivery, uint64_t size, LoadDone done) {
  std::optional<MemoryReservation> reservation = budget_.TryReserve(size);
  if (!reservation) {
    done(absl::ResourceExhaustedError("too many payloads are being fetched at once"));
    return;
  }
  payloads_.Get(*delivery.message.reference, 0, size,
                [this, &delivery, size, reservation = *std::move(reservation),
                 done = std::move(done)](absl::StatusOr<SharedBytes> payload) mutable {
                  if (payload.ok() && payload->size() != size) {
                    payload = absl::DataLossError("payload is shorter than its message says");
                  }
                  if (!payload.ok()) {
                    Unreadable(delivery, payload.status(), std::move(done));
                    return;
                  }
                  delivery.fetched = *std::move(payload);  // a string: a reader may be slow, and a block is large
                  done(std::move(reservation));
                });
}

void PayloadLoader::Unreadable(Delivery& delivery, const absl::Status& status, LoadDone done) {
  if (!store::IsPayloadLost(status)) {
    done(status);
    return;
  }
  if (on_unreadable_ == OnUnreadable::kFail) {
    done(absl::DataLossError(Concat("payload of message ", delivery.message.sequence.value(),
                                    absl::IsNotFound(status) ? " is missing" : " is corrupt")));
    return;
  }
  delivery.status = absl::IsNotFound(status) ? PayloadStatus::kMissing : PayloadStatus::kCorrupt;
  done(MemoryReservation());
}

}  // namespace mts::broker
