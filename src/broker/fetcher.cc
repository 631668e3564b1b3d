#include "broker/fetcher.h"

#include <algorithm>
#include <vector>

#include "base/status.h"

namespace mts::broker {

CancelFetch Fetcher::Fetch(FetchOptions options, FetchDone done) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(options.subject);
  absl::Status status = pattern.status();
  if (status.ok() && !options.durable_name.empty()) status = ValidateDurableName(options.durable_name);
  if (!status.ok()) {
    done(std::move(status));
    return [] {};
  }
  options.max_messages =
      static_cast<uint32_t>(std::clamp<uint64_t>(options.max_messages, 1, limits_.max_batch_messages));
  if (options.wait_micros > 0) return FetchWaiting(std::move(options), *std::move(pattern), std::move(done));
  std::make_shared<FetchCall>(messages_, loader_, dispatcher_, std::move(options), *std::move(pattern), std::move(done))
      ->Start();
  return [] {};
}

CancelFetch Fetcher::FetchWaiting(FetchOptions options, Pattern pattern, FetchDone done) {
  uint64_t id = 0;
  std::shared_ptr<FetchCall> call;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) options.wait_micros = 0;
    id = next_call_++;
    call = std::make_shared<FetchCall>(messages_, loader_, dispatcher_, std::move(options), std::move(pattern),
                                       [this, id, done = std::move(done)](absl::StatusOr<Deliveries> result) mutable {
                                         {
                                           absl::MutexLock lock(&mutex_);
                                           waiting_.erase(id);
                                         }
                                         done(std::move(result));
                                       });
    waiting_.emplace(id, call);
  }
  call->Start();
  return [weak = std::weak_ptr<FetchCall>(call)] {
    if (const std::shared_ptr<FetchCall> waiting = weak.lock()) waiting->Cancel(absl::CancelledError("cancelled"));
  };
}

void Fetcher::GetMessage(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes, FetchDone done) {
  if (!subject.empty()) {
    if (absl::Status status = ValidateSubject(subject); !status.ok()) return done(std::move(status));
  }
  messages_.ReadOne(
      subject, sequence, max_inline_bytes,
      [this, max_inline_bytes, done = std::move(done)](absl::StatusOr<store::MessageBlockPtr> block) mutable {
        if (!block.ok()) return done(std::move(block).status());
        if ((*block)->messages.empty()) return done(absl::NotFoundError("there is no such message"));
        auto deliveries = std::make_unique<Deliveries>();
        deliveries->messages.push_back(PayloadLoader::Prepare((*block)->messages[0], max_inline_bytes));
        deliveries->blocks.push_back(*std::move(block));
        Delivery& delivery = deliveries->messages[0];
        if (!delivery.to_load) return done(std::move(*deliveries));
        loader_.Load(delivery, max_inline_bytes,
                     [deliveries = std::move(deliveries),
                      done = std::move(done)](absl::StatusOr<MemoryReservation> reservation) mutable {
                       if (!reservation.ok()) return done(std::move(reservation).status());
                       deliveries->reserved.Add(*std::move(reservation));
                       done(std::move(*deliveries));
                     });
      });
}

void Fetcher::Shutdown() {
  std::vector<std::shared_ptr<FetchCall>> waiting;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [id, weak] : waiting_) {
      if (std::shared_ptr<FetchCall> call = weak.lock()) waiting.push_back(std::move(call));
    }
  }
  for (const auto& call : waiting) call->Cancel(absl::UnavailableError("server is shutting down"));
}

}  // namespace mts::broker
