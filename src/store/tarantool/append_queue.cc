#include "store/tarantool/append_queue.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "model/msgpack_writer.h"
#include "store/tarantool/append_codec.h"

namespace mts::store {
namespace {

constexpr size_t kCallerBytes = 16;
// What a call has besides its batches.
constexpr uint64_t kCallOverhead = 1024;

// 96 random bits as text.
std::string RandomCaller() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  absl::BitGen random;
  std::string caller;
  for (size_t i = 0; i < kCallerBytes; ++i) caller += kAlphabet[absl::Uniform<size_t>(random, 0, 64)];
  return caller;
}

AppendOutcome Refused(absl::Status status) { return {std::move(status), std::nullopt, {}}; }

}  // namespace

AppendQueue::AppendQueue(iproto::Client* client, int64_t timeout_micros)
    : client_(client), timeout_micros_(timeout_micros), caller_(RandomCaller()) {}

// ---- Arriving

void AppendQueue::Append(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch, AppendDone done) {
  if (order != nullptr && order->broken()) return done(Refused(AppendOrder::Refusal()));
  Entry entry;
  entry.order = std::move(order);
  entry.messages = EncodeBatch(batch);
  entry.bytes = entry.messages.size();
  entry.count = batch.size();
  entry.deadline = SystemClock().MonotonicMicros() + timeout_micros_;
  entry.done = std::move(done);
  if (entry.bytes + kCallOverhead > kMaxBytesOfCall || entry.count > kMaxMessagesOfCall) {
    return entry.done(Refused(absl::InvalidArgumentError(
        Concat("the batch has ", entry.count, " messages and ", entry.bytes, " bytes with names and headers; at most ",
               kMaxMessagesOfCall, " messages and ", kMaxBytesOfCall / limits::kMiB, " MiB fit"))));
  }
  bool first = false;
  if (absl::Status refused = Admit(entry, first); !refused.ok()) {
    if (entry.order != nullptr) entry.order->Break();
    return entry.done(Refused(std::move(refused)));
  }
  if (first) client_->Post([this] { Dispatch(); });
}

absl::Status AppendQueue::Admit(Entry& entry, bool& first) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return absl::UnavailableError("shutting down");
  if (open_appends_ >= limits::kMaxQueuedAppends ||
      (open_appends_ > 0 && open_bytes_ + entry.bytes > limits::kMaxQueuedBytes)) {
    return absl::ResourceExhaustedError("too many publishes wait for Tarantool; try again");
  }
  ++open_appends_;
  open_bytes_ += entry.bytes;
  first = arrived_.empty();
  arrived_.push_back(std::move(entry));
  return absl::OkStatus();
}

void AppendQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  const auto answered = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_appends_ == 0; };
  mutex_.Await(absl::Condition(&answered));
}

void AppendQueue::TakeArrived() {
  std::vector<Entry> arrived;
  {
    absl::MutexLock lock(&mutex_);
    arrived.swap(arrived_);
  }
  for (Entry& entry : arrived) {
    next_deadline_ = std::min(next_deadline_, entry.deadline);
    std::unique_ptr<Lane>& lane = lanes_[entry.order.get()];
    if (lane == nullptr) {
      lane = std::make_unique<Lane>();
      lane->order = entry.order.get();
    }
    lane->waiting.push_back(std::move(entry));
    MakeReady(*lane);
  }
  client_->TickBy(next_deadline_);
}

void AppendQueue::MakeReady(Lane& lane) {
  if (lane.in_flight || lane.waiting.empty() || std::exchange(lane.ready, true)) return;
  ready_.push_back(&lane);
}

// ---- Leaving

void AppendQueue::Dispatch() {
  TakeArrived();
  while (client_->connected() && !ready_.empty() && flights_.size() < kMaxCallsInFlight) SendOne();
}

void AppendQueue::SendOne() {
  const auto flight = flights_.emplace(flights_.end());
  uint64_t messages = 0, bytes = 0;
  for (bool room = true; room && !ready_.empty();) {
    Lane& lane = *ready_.front();
    room = TakeFrom(lane, *flight, messages, bytes);
    ready_.pop_front();
    lane.ready = false;
    // What waits without an order goes on with the next call, behind those of others.
    MakeReady(lane);
    if (lane.order != nullptr && !lane.in_flight && lane.waiting.empty()) lanes_.erase(lane.order);
  }
  if (flight->entries.empty()) {
    flights_.erase(flight);
    return;
  }
  Send(flight);
}

bool AppendQueue::TakeFrom(Lane& lane, Flight& flight, uint64_t& messages, uint64_t& bytes) {
  while (!lane.waiting.empty()) {
    Entry& entry = lane.waiting.front();
    if (entry.done == nullptr) {
      lane.waiting.pop_front();
      continue;
    }
    if (lane.order != nullptr && lane.order->broken()) {
      Answer(entry, Refused(AppendOrder::Refusal()));
      lane.waiting.pop_front();
      continue;
    }
    const bool fits = messages + entry.count <= kMaxMessagesOfCall && bytes + entry.bytes <= kFullCallBytes;
    if (messages > 0 && !fits) return false;
    messages += entry.count;
    bytes += entry.bytes;
    if (lane.order != nullptr && !std::exchange(lane.in_flight, true)) flight.lanes.push_back(&lane);
    entry.stream = lane.order == nullptr ? 0 : flight.lanes.size();
    flight.deadline = std::max(flight.deadline, entry.deadline);
    flight.entries.push_back(std::move(entry));
    lane.waiting.pop_front();
  }
  return true;
}

void AppendQueue::Send(Flights::iterator flight) {
  std::vector<EncodedBatch> batches;
  batches.reserve(flight->entries.size());
  for (const Entry& entry : flight->entries) batches.push_back({entry.stream, entry.messages});
  std::string arguments = EncodeAppend(batches, caller_, ++last_call_);
  for (Entry& entry : flight->entries) std::string().swap(entry.messages);
  client_->Call("mts.append", std::move(arguments), flight->deadline, true,
                [this, flight](absl::StatusOr<iproto::Reply> reply) { OnAnswer(flight, std::move(reply)); });
}

// ---- Answering

void AppendQueue::OnAnswer(Flights::iterator flight, absl::StatusOr<iproto::Reply> reply) {
  absl::StatusOr<std::vector<AppendOutcome>> outcomes = absl::UnavailableError("no answer");
  if (reply.ok()) {
    outcomes = DecodeAppend(reply->data(), flight->entries.size());
  } else {
    outcomes = reply.status();
  }
  std::vector<Entry> entries = std::move(flight->entries);
  for (size_t i = 0; i < entries.size(); ++i) {
    const absl::Status& status = outcomes.ok() ? (*outcomes)[i].status : outcomes.status();
    if (entries[i].order != nullptr && IsRetryable(status)) entries[i].order->Break();
  }
  Release(*flight);
  flights_.erase(flight);
  // The next call leaves before the answers of this one are passed on.
  Dispatch();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].done == nullptr) continue;
    Answer(entries[i], outcomes.ok() ? std::move((*outcomes)[i]) : Refused(outcomes.status()));
  }
}

void AppendQueue::Release(Flight& flight) {
  for (Lane* lane : flight.lanes) {
    lane->in_flight = false;
    if (lane->waiting.empty()) {
      lanes_.erase(lane->order);
    } else {
      MakeReady(*lane);
    }
  }
}

void AppendQueue::Answer(Entry& entry, AppendOutcome outcome) {
  if (entry.order != nullptr && IsRetryable(outcome.status)) entry.order->Break();
  std::exchange(entry.done, nullptr)(std::move(outcome));
  absl::MutexLock lock(&mutex_);
  --open_appends_;
  open_bytes_ -= entry.bytes;
}

template <typename Entries>
void AppendQueue::Expire(Entries& entries, int64_t now, const absl::Status& status) {
  for (Entry& entry : entries) {
    if (entry.done == nullptr) continue;
    if (entry.deadline <= now) {
      Answer(entry, Refused(status));
    } else {
      next_deadline_ = std::min(next_deadline_, entry.deadline);
    }
  }
}

void AppendQueue::OnTick(int64_t now) {
  if (now >= next_deadline_) {
    next_deadline_ = INT64_MAX;
    const absl::Status connection = client_->status();
    const absl::Status late = absl::UnavailableError("Tarantool did not answer in time; whether it stored is unknown");
    for (Flight& flight : flights_) Expire(flight.entries, now, late);
    for (auto& [order, lane] : lanes_) Expire(lane->waiting, now, connection.ok() ? late : connection);
  }
  Dispatch();
  client_->TickBy(next_deadline_);
}

}  // namespace mts::store
