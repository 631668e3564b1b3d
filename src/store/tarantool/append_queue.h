// Appends on their way to Tarantool: those that arrive together leave together in one call.
//
// Batches of one AppendOrder keep their order: they leave behind each other in the same call, or the later ones wait
// for the answer to the earlier ones. A refusal that may be tried again breaks the order, and what waits behind it is
// refused too. A call whose connection was lost is asked again under its number, by which Tarantool knows what it
// stored already.
//
// Threading: Append and Close from any thread; the others on the client's thread. Answers come from there, and from
// Append's caller when the queue has no room. Errors: as MessageStore::Append. Limits: see below; every append is
// answered within `timeout_micros`.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "base/limits.h"
#include "iproto/client.h"
#include "model/message.h"
#include "store/message_store.h"

namespace mts::store {

class AppendQueue {
 public:
  // Of one call, as SCHEMA.md bounds it.
  static constexpr uint64_t kMaxMessagesOfCall = limits::kMaxBatchMessages;
  static constexpr uint64_t kMaxBytesOfCall = 32 * limits::kMiB;
  // A call that has so many bytes is not filled up further, but one batch may be longer.
  static constexpr uint64_t kFullCallBytes = 4 * limits::kMiB;
  static constexpr size_t kMaxCallsInFlight = 4;

  // `client` outlives the queue's last call.
  AppendQueue(iproto::Client* client, int64_t timeout_micros);

  // `order` may be null.
  void Append(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch, AppendDone done);
  // Refuses what comes from now on, and waits until everything is answered.
  void Close();

  // Sends what waits, as far as may be in flight. To be called when the connection is made.
  void Dispatch();
  void OnTick(int64_t now);

 private:
  struct Entry {
    std::shared_ptr<AppendOrder> order;
    std::string messages;  // encoded
    uint64_t bytes = 0;    // of `messages`, also when these are gone
    uint64_t count = 0;
    uint64_t stream = 0;  // in its call
    int64_t deadline = 0;
    AppendDone done;  // empty once answered
  };
  // The appends of one order, or all that have none.
  struct Lane {
    const AppendOrder* order = nullptr;
    std::deque<Entry> waiting;
    bool in_flight = false;  // never for those without an order
    bool ready = false;      // stands in ready_
  };
  struct Flight {
    std::vector<Entry> entries;
    std::vector<Lane*> lanes;  // of orders
    int64_t deadline = 0;
  };
  using Flights = std::list<Flight>;

  // Puts the entry among those that arrived; `first` says that there was none. Leaves it as it is when it is refused.
  absl::Status Admit(Entry& entry, bool& first);
  void TakeArrived();
  void MakeReady(Lane& lane);
  // Fills a call from the lanes that are ready, and sends it.
  void SendOne();
  // False when the call is full.
  bool TakeFrom(Lane& lane, Flight& flight, uint64_t& messages, uint64_t& bytes);
  void Send(Flights::iterator flight);
  void OnAnswer(Flights::iterator flight, absl::StatusOr<iproto::Reply> reply);
  void Release(Flight& flight);
  void Answer(Entry& entry, AppendOutcome outcome);
  // Answers those of `entries` whose time is over.
  template <typename Entries>
  void Expire(Entries& entries, int64_t now, const absl::Status& status);

  iproto::Client* const client_;
  const int64_t timeout_micros_;
  const std::string caller_;

  // The client's thread only.
  absl::flat_hash_map<const AppendOrder*, std::unique_ptr<Lane>> lanes_;
  std::deque<Lane*> ready_;
  Flights flights_;
  uint64_t last_call_ = 0;
  int64_t next_deadline_ = INT64_MAX;  // nothing that is not answered has an earlier one

  absl::Mutex mutex_;
  std::vector<Entry> arrived_ ABSL_GUARDED_BY(mutex_);
  uint64_t open_appends_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t open_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace mts::store
