#include "store/s3/packer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"

namespace mts::store::s3 {
namespace {

absl::Status Ended() { return absl::UnavailableError("the payload store is shut down"); }

}  // namespace

Packer::Packer(NewKey new_key, PutObject put, Timers& timers, Statistics& statistics, int64_t patience_micros)
    : new_key_(std::move(new_key)),
      put_(std::move(put)),
      timers_(timers),
      statistics_(statistics),
      patience_micros_(patience_micros) {}

void Packer::Add(std::string_view payload, Done done) {
  Item item{payload, Crc32c(payload), 0, std::move(done)};
  std::vector<Pack> packs;
  if (absl::Status refusal = Enqueue(item, packs); !refusal.ok()) return item.done(std::move(refusal));
  Start(std::move(packs));
}

void Packer::AddTogether(const std::vector<std::string>& payloads, TogetherDone done) {
  Pack pack = MakePack(payloads, std::move(done));
  bool ends = false;
  {
    absl::MutexLock lock(&mutex_);
    ends = ends_;
    // None of its callers comes back with another payload.
    if (!ends) pacing_.OnStart(timers_.NowMicros(), /*payloads=*/0);
  }
  ends ? FailAll(std::move(pack), Ended()) : StartOne(std::move(pack));
}

// The items of a pack are answered one after the other on one thread: the last one tells.
Packer::Pack Packer::MakePack(const std::vector<std::string>& payloads, TogetherDone done) {
  struct Gathered {
    std::vector<PayloadReference> references;
    TogetherDone done;
  };
  const auto gathered = std::make_shared<Gathered>();
  gathered->done = std::move(done);
  Pack pack;
  for (const std::string& payload : payloads) {
    const bool last = pack.size() + 1 == payloads.size();
    auto answer = [gathered, last](absl::StatusOr<PayloadReference> reference) {
      if (reference.ok()) gathered->references.push_back(*reference);
      if (!last) return;
      if (!reference.ok()) return gathered->done(reference.status());
      gathered->done(std::move(gathered->references));
    };
    pack.push_back({payload, Crc32c(payload), 0, std::move(answer)});
  }
  return pack;
}

absl::Status Packer::Enqueue(Item& item, std::vector<Pack>& ready) {
  absl::MutexLock lock(&mutex_);
  if (ends_) return Ended();
  if (waiting_bytes_ + item.payload.size() > limits::kMaxQueuedBytes || waiting_.size() >= limits::kMaxQueuedAppends) {
    return absl::ResourceExhaustedError("too many payloads wait for S3");
  }
  item.arrival = timers_.NowMicros();
  pacing_.OnArrival(item.arrival);
  waiting_bytes_ += item.payload.size();
  waiting_.push_back(std::move(item));
  ready = TakeReady();
  return absl::OkStatus();
}

std::vector<Packer::Pack> Packer::TakeReady() {
  std::vector<Pack> packs;
  while (!waiting_.empty()) {
    const int64_t now = timers_.NowMicros();
    const int64_t start = pacing_.NextStart(now, waiting_bytes_, waiting_.front().arrival);
    if (start > now) {
      if (start != PackPacing::kNotYet) SetTimer(now, start);
      break;
    }
    packs.push_back(TakePack());
    pacing_.OnStart(now, packs.back().size());
  }
  return packs;
}

Packer::Pack Packer::TakePack() {
  Pack pack;
  uint64_t bytes = 0;
  while (!waiting_.empty() && (pack.empty() || bytes + waiting_.front().payload.size() <= PackPacing::kMaxPackBytes)) {
    bytes += waiting_.front().payload.size();
    pack.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  return pack;
}

void Packer::SetTimer(int64_t now, int64_t at) {
  if (timer_at_ <= at) return;
  timer_at_ = at;
  // Without a timer the end has begun: Shutdown fails what waits.
  static_cast<void>(timers_.PostAfter(at - now, [this] { OnTimer(); }));
}

void Packer::OnTimer() {
  std::vector<Pack> packs;
  {
    absl::MutexLock lock(&mutex_);
    timer_at_ = INT64_MAX;
    if (!ends_) packs = TakeReady();
  }
  Start(std::move(packs));
}

void Packer::Start(std::vector<Pack> packs) {
  for (Pack& pack : packs) StartOne(std::move(pack));
}

void Packer::StartOne(Pack pack) {
  BodyPieces body;
  body.reserve(pack.size());
  uint32_t crc32c = 0;
  for (const Item& item : pack) {
    body.push_back(item.payload);
    crc32c = pack.size() == 1 ? item.crc32c : ExtendCrc32c(crc32c, item.payload);
  }
  statistics_.packs.fetch_add(1, std::memory_order_relaxed);
  statistics_.packed_payloads.fetch_add(pack.size(), std::memory_order_relaxed);
  const int64_t started = timers_.NowMicros();
  std::string key = new_key_(pack.size());
  auto on_put = [this, key, started, pack = std::move(pack)](const absl::Status& status) mutable {
    OnPut(pack, key, started, status);
  };
  put_(std::move(key), std::move(body), crc32c, std::move(on_put));
}

void Packer::OnPut(Pack& pack, const std::string& key, int64_t started, const absl::Status& status) {
  std::vector<Pack> packs;
  Pack impatient;
  {
    absl::MutexLock lock(&mutex_);
    const int64_t now = timers_.NowMicros();
    pacing_.OnFinish(now, now - started);
    if (!status.ok()) impatient = TakeImpatient(now);
    if (!ends_) packs = TakeReady();
  }
  Start(std::move(packs));  // before the answers, which take a while
  uint64_t offset = 0;
  for (Item& item : pack) {
    if (!status.ok()) {
      item.done(status);
      continue;
    }
    PayloadReference reference;
    reference.kind = PayloadKind::kStored;
    reference.offset = offset;
    reference.size = item.payload.size();
    reference.crc32c = item.crc32c;
    reference.key = key;
    offset += item.payload.size();
    item.done(std::move(reference));
  }
  FailAll(std::move(impatient), status);
}

Packer::Pack Packer::TakeImpatient(int64_t now) {
  Pack taken;
  while (!waiting_.empty() && waiting_.front().arrival + patience_micros_ <= now) {
    waiting_bytes_ -= waiting_.front().payload.size();
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

Packer::Pack Packer::TakeAll() {
  Pack taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  waiting_bytes_ = 0;
  return taken;
}

void Packer::Shutdown() {
  Pack waiting;
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
    waiting = TakeAll();
  }
  FailAll(std::move(waiting), Ended());
}

void Packer::FailAll(Pack items, const absl::Status& status) {
  for (Item& item : items) item.done(status);
}

}  // namespace mts::store::s3
