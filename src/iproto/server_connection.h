// One client's connection of a server: reads bursts of requests, hands them to its session, writes replies.
//
// Threading: made and run on its loop's thread; Send, Reserve and CloseWhenSent from any. Errors: what the client
// does wrong ends its own connection. Limits: requests in flight, bytes that wait to be read by the client, the length
// of a packet (the session's), and all connections together a MemoryBudget; a client that stalls in the middle of a
// packet or stops reading is dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "iproto/event_loop.h"
#include "iproto/memory_budget.h"
#include "iproto/packet.h"
#include "iproto/session.h"

namespace mts::iproto {

struct ConnectionLimits {
  uint32_t max_in_flight = 1024;                 // requests of one client that are not answered yet
  uint64_t max_waiting_bytes = 8 * 1024 * 1024;  // replies of one client, beyond which it gets no long ones
  int64_t stall_micros = 30'000'000;             // within a packet, or with replies that are not read
  int64_t anonymous_idle_micros = 60'000'000;
};

class ServerConnection : public ReplyChannel,
                         public EventLoop::Watcher,
                         public std::enable_shared_from_this<ServerConnection> {
 public:
  // Takes over the socket. `on_closed` is called once, on the loop's thread.
  ServerConnection(int fd, EventLoop* loop, std::shared_ptr<MemoryBudget> budget, const ConnectionLimits& limits,
                   absl::AnyInvocable<void(ServerConnection*)> on_closed);
  ~ServerConnection() override;

  // Sends the greeting and begins to read; the connection is closed when that fails.
  void Begin(std::unique_ptr<Session> session, std::string_view greeting);
  // No further request is read; closes when everything is answered and sent.
  void Drain();
  // At once.
  void Close();
  void OnTick(int64_t now_micros);

  void OnEvents(uint32_t events) override;

  void Send(std::string_view packets, uint32_t replies, uint64_t reserved) override;
  bool Reserve(uint64_t bytes) override;
  void CloseWhenSent() override;

 private:
  enum class After { kGoOn, kClose };

  After ReadBurst();
  // Handles the whole packets at the start of `bytes`; answers how many bytes were used.
  size_t Handle(std::string_view bytes);
  // As Handle, for what had to wait in input_.
  void HandleInput();
  // Tries requests that wait again, later on the loop.
  void Retry();
  // Retry when all connections together hold less.
  void WaitForBudget();
  // Collects whole packets; the end of each is in `ends_`.
  void Collect(std::string_view bytes, uint32_t max_requests);
  // A packet that cannot be read: says so, and closes once that is sent.
  void Refuse(uint64_t sync, const Error& error);
  // Bounds what input_ holds.
  void AccountInput();
  void SetInputCharge(uint64_t bytes);

  void BeginBurst(uint32_t requests);
  void EndBurst(uint32_t not_taken);
  // How many requests may be taken now. Whatever changes afterwards is noted in retry_.
  uint32_t FreeSlots();
  // Writes, goes on with requests that had to wait, and adapts what the loop waits for.
  After Progress();
  After Settle();
  void UpdateEvents();

  After Flush();
  After FlushLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ScheduleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t WaitingLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return out_.size() - out_offset_; }

  const int fd_;
  EventLoop* const loop_;
  const std::shared_ptr<MemoryBudget> budget_;
  const ConnectionLimits limits_;

  // The loop's thread only.
  absl::AnyInvocable<void(ServerConnection*)> on_closed_;
  std::unique_ptr<Session> session_;
  std::string input_;              // of packets that are not whole, or have to wait
  uint64_t input_charge_ = 0;      // what it takes of the budget
  std::vector<Request> requests_;  // of the burst under way
  std::vector<size_t> ends_;       // of their packets
  bool input_blocked_ = false;     // whole requests wait in input_
  bool refused_ = false;           // nothing more is taken
  bool draining_ = false;
  bool peer_ended_ = false;
  int64_t lingering_since_ = 0;
  bool open_ = true;
  uint32_t events_ = 0;
  int64_t last_input_ = 0;

  mutable absl::Mutex mutex_;
  std::string out_ ABSL_GUARDED_BY(mutex_);
  size_t out_offset_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;
  bool in_burst_ ABSL_GUARDED_BY(mutex_) = false;
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_for_loop_ ABSL_GUARDED_BY(mutex_) = false;  // something has to happen once replies are sent
  bool retry_ ABSL_GUARDED_BY(mutex_) = false;             // what kept requests waiting may have changed
  bool close_when_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // writing failed
  int64_t last_output_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace mts::iproto
