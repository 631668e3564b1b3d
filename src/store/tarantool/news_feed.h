// Feeds all watches of the process from one call that waits in Tarantool for news; no call while nobody watches.
//
// Threading: Watch, SetFloor and Stop from any thread; callbacks come on the client's thread. Errors: a call that fails
// is asked again, when Tarantool is back or a moment later. Limits: one call at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "iproto/client.h"
#include "store/message_store.h"
#include "store/watchers.h"

namespace mts::store {

class NewsFeed {
 public:
  NewsFeed(iproto::Client* client, int64_t call_timeout_micros)
      : client_(client), call_timeout_micros_(call_timeout_micros) {}

  std::unique_ptr<store::Watch> Watch(const Pattern& pattern, NewsCallback callback);
  // What was visible some time ago: who begins to watch hears of everything after it at the latest.
  void SetFloor(Sequence visible);
  // No further call.
  void Stop() { stopped_ = true; }

  // On the client's thread: asks again what failed.
  void OnTick() { Ask(); }

 private:
  void Ask();
  void OnAnswer(const absl::StatusOr<iproto::Reply>& reply);
  absl::Status Tell(std::string_view data);

  iproto::Client* const client_;
  const int64_t call_timeout_micros_;
  Watchers watchers_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> floor_{0};
  std::atomic<bool> has_floor_{false};

  // The client's thread only.
  bool waiting_ = false;  // the call is under way
  bool active_ = false;   // there were watches all the time since known_
  uint64_t known_ = 0;    // everything up to it was told, or was there before anybody watched
};

}  // namespace mts::store
