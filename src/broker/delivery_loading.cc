#include "broker/delivery_loading.h"

#include <utility>

namespace mts::broker {

DeliveryLoading::DeliveryLoading(PayloadLoader& loader, Deliveries& deliveries, const FetchOptions& options, Done done)
    : loader_(loader),
      deliveries_(deliveries),
      options_(options),
      done_(std::move(done)),
      end_(deliveries.messages.size()) {}

bool DeliveryLoading::MayLoad() const {
  return under_way_ == 0 || (under_way_ < kMostAtATime && under_way_bytes_ < kBytesAtATime);
}

bool DeliveryLoading::Fits(size_t position) {
  const Delivery& delivery = deliveries_.messages[position];
  if (options_.encoded_size == nullptr) return true;
  bytes_ += options_.encoded_size(delivery, delivery.to_load ? delivery.message.size : delivery.data().size());
  return position == 0 || bytes_ <= options_.max_bytes;
}

void DeliveryLoading::LoadMore() {
  size_t complete = 0;
  absl::Status failure;
  {
    absl::MutexLock lock(&mutex_);
    if (loading_) return;
    loading_ = true;
    while (next_ < end_ && MayLoad()) {
      const size_t position = next_;
      if (!Fits(position)) {
        end_ = position;
        break;
      }
      ++next_;
      Delivery& delivery = deliveries_.messages[position];
      if (!delivery.to_load || !options_.load_payloads) continue;
      const uint64_t size = delivery.message.size;
      ++under_way_;
      under_way_bytes_ += size;
      mutex_.Unlock();  // the loader may answer before Load returns
      loader_.Load(delivery, options_.max_inline_bytes,
                   [self = shared_from_this(), position, size](absl::StatusOr<MemoryReservation> reservation) {
                     self->OnLoaded(position, size, std::move(reservation));
                   });
      mutex_.Lock();
    }
    loading_ = false;
    if (under_way_ > 0 || next_ < end_ || done_ == nullptr) return;
    complete = end_;
    failure = failure_;
  }
  std::exchange(done_, nullptr)(complete, std::move(failure));
}

void DeliveryLoading::OnLoaded(size_t position, uint64_t size, absl::StatusOr<MemoryReservation> reservation) {
  {
    absl::MutexLock lock(&mutex_);
    --under_way_;
    under_way_bytes_ -= size;
    if (reservation.ok()) {
      deliveries_.reserved.Add(*std::move(reservation));
    } else if (position < end_) {
      end_ = position;
      failure_ = reservation.status();
    }
  }
  LoadMore();
}

}  // namespace mts::broker
