// One established connection of a client: writes calls as they are given, reads replies as they come.
//
// Threading: the loop's thread. Errors: what ends the connection is told once to the owner; nothing after that. Limits:
// the owner bounds what it sends; a reply of more than kMaxReplyBytes ends the connection.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "iproto/client_packet.h"
#include "iproto/event_loop.h"

namespace mts::iproto {

// The values that a call answered.
class Reply {
 public:
  Reply() = default;
  // `packet` has the encoded array of values at `offset`.
  Reply(std::string packet, size_t offset, size_t size) : packet_(std::move(packet)), offset_(offset), size_(size) {}
  // An encoded array; empty when there is none.
  std::string_view data() const { return std::string_view(packet_).substr(offset_, size_); }

 private:
  std::string packet_;
  size_t offset_ = 0;
  size_t size_ = 0;
};

using CallDone = absl::AnyInvocable<void(absl::StatusOr<Reply>)>;

struct ClientCall {
  enum class State { kWaiting, kQueued, kSent };

  uint64_t sync = 0;
  std::string head;       // the packet before its arguments
  std::string arguments;  // an encoded array
  int64_t deadline = 0;   // of SystemClock's running time
  bool again = false;     // may be asked again when the connection was lost before the answer
  State state = State::kWaiting;
  CallDone done;  // empty once answered
};

class ClientConnection : public EventLoop::Watcher {
 public:
  static constexpr uint64_t kMaxReplyBytes = 256ull * 1024 * 1024;

  class Owner {
   public:
    virtual ~Owner() = default;
    // `error` and its text: as in ReplyView.
    virtual void OnReply(uint64_t sync, uint32_t error, std::string_view error_text, Reply reply) = 0;
    // The connection must stay until the call returns, and may go afterwards.
    virtual void OnClosed(const absl::Status& status) = 0;
  };

  // Takes over the socket.
  ClientConnection(int fd, EventLoop* loop, Owner* owner);
  ~ClientConnection() override;

  void Begin();
  // The call's packet is written by the next Flush, or as soon as the socket takes it.
  void Send(std::shared_ptr<ClientCall> call);
  void Flush();
  // Tells the owner.
  void Close(const absl::Status& status);
  int64_t last_received() const { return last_received_; }

  void OnEvents(uint32_t events) override;

 private:
  void Read();
  // False when the connection has ended.
  bool ReadOnce();
  void Take(std::string_view bytes);
  bool TakeWhole(std::string_view& bytes);
  bool Deliver(std::string packet);
  // Writes once; false when the socket takes no more now.
  bool WriteSome();
  void Advance(size_t written);
  void UpdateEvents();

  const int fd_;
  EventLoop* const loop_;
  Owner* const owner_;
  bool open_ = true;
  uint32_t events_ = 0;
  int64_t last_received_ = 0;

  std::deque<std::shared_ptr<ClientCall>> out_;
  size_t out_offset_ = 0;  // of the first call's packet

  std::string input_;       // the head of a packet that is not whole
  std::string long_input_;  // a long packet, in its full size from the beginning
  size_t long_received_ = 0;
};

}  // namespace mts::iproto
