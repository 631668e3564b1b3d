#include "iproto/server_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.h"

namespace mts::iproto {
namespace {

// Shorter input and empty buffers are not worth counting or keeping.
constexpr size_t kSmallBytes = 16 * 1024;
// A reply this short is written by whoever made it, so that a lone caller does not wait for the loop to wake.
constexpr size_t kDirectSendBytes = 16 * 1024;
// An anonymous client gets answers to so many requests, and the next ones when it has read them.
constexpr uint32_t kAnonymousRequests = 16;
// How long the client of a refused packet has to read why and to close.
constexpr int64_t kLingerMicros = 1'000'000;

int64_t Now() { return SystemClock().MonotonicMicros(); }

void FreeIfLarge(std::string& text) {
  if (text.capacity() > kSmallBytes) std::string().swap(text);
}

}  // namespace

ServerConnection::ServerConnection(int fd, EventLoop* loop, std::shared_ptr<MemoryBudget> budget,
                                   const ConnectionLimits& limits,
                                   absl::AnyInvocable<void(ServerConnection*)> on_closed)
    : fd_(fd),
      loop_(loop),
      budget_(std::move(budget)),
      limits_(limits),
      on_closed_(std::move(on_closed)),
      last_input_(Now()),
      last_output_(Now()) {}

ServerConnection::~ServerConnection() { close(fd_); }

void ServerConnection::Begin(std::unique_ptr<Session> session, std::string_view greeting) {
  session_ = std::move(session);
  events_ = EPOLLIN;
  if (!loop_->Add(fd_, events_, this).ok()) return Close();
  Send(greeting, 0, 0);
}

void ServerConnection::Drain() {
  refused_ = true;
  draining_ = true;
  CloseWhenSent();
}

void ServerConnection::Close() {
  if (!std::exchange(open_, false)) return;
  const std::shared_ptr<ServerConnection> self = shared_from_this();
  loop_->Remove(fd_, this);
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    budget_->Return(WaitingLocked() + reserved_);
    reserved_ = 0;
    out_offset_ = 0;
    std::string().swap(out_);
  }
  shutdown(fd_, SHUT_RDWR);
  SetInputCharge(0);
  session_.reset();
  on_closed_(this);
}

void ServerConnection::OnTick(int64_t now_micros) {
  const bool input_stalled = !input_.empty() && !input_blocked_ && now_micros - last_input_ > limits_.stall_micros;
  const bool idle = session_->anonymous() && now_micros - last_input_ > limits_.anonymous_idle_micros;
  bool output_stalled = false;
  {
    absl::MutexLock lock(&mutex_);
    output_stalled = WaitingLocked() > 0 && now_micros - last_output_ > limits_.stall_micros;
  }
  const bool lingered = lingering_since_ != 0 && now_micros - lingering_since_ > kLingerMicros;
  if (input_stalled || idle || output_stalled || lingered) Close();
}

// ---- Reading

void ServerConnection::OnEvents(uint32_t events) {
  const std::shared_ptr<ServerConnection> self = shared_from_this();
  After after = After::kGoOn;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) after = After::kClose;
  if (after == After::kGoOn && (events & EPOLLIN) != 0) after = ReadBurst();
  if (after == After::kGoOn) after = Progress();
  if (after == After::kClose) Close();
}

ServerConnection::After ServerConnection::ReadBurst() {
  const ssize_t count = recv(fd_, loop_->read_buffer(), EventLoop::kReadBufferBytes, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? After::kGoOn : After::kClose;
  if (count == 0) {
    // The client says that it sends nothing more; what it asked for is still answered.
    refused_ = peer_ended_ = true;
    CloseWhenSent();
    return After::kGoOn;
  }
  if (refused_) return After::kGoOn;
  last_input_ = Now();
  const std::string_view bytes(loop_->read_buffer(), static_cast<size_t>(count));
  if (input_.empty()) {
    input_.assign(bytes.substr(Handle(bytes)));
    AccountInput();
  } else {
    input_.append(bytes);
    HandleInput();
  }
  return After::kGoOn;
}

void ServerConnection::HandleInput() {
  input_.erase(0, Handle(input_));
  AccountInput();
}

size_t ServerConnection::Handle(std::string_view bytes) {
  input_blocked_ = false;
  size_t used = 0;
  while (!refused_) {
    const uint32_t slots = FreeSlots();
    if (slots == 0) {
      input_blocked_ = NextFrame(bytes.substr(used), session_->max_packet_bytes()).state == Frame::State::kWhole;
      break;
    }
    Collect(bytes.substr(used), slots);
    if (requests_.empty()) break;
    BeginBurst(static_cast<uint32_t>(requests_.size()));
    const size_t taken = session_->OnRequests(requests_);
    EndBurst(static_cast<uint32_t>(requests_.size() - taken));
    if (taken > 0) used += ends_[taken - 1];
    if (taken < requests_.size()) {
      input_blocked_ = true;
      break;
    }
  }
  return used;
}

void ServerConnection::Collect(std::string_view bytes, uint32_t max_requests) {
  requests_.clear();
  ends_.clear();
  size_t offset = 0;
  while (requests_.size() < max_requests) {
    const Frame frame = NextFrame(bytes.substr(offset), session_->max_packet_bytes());
    if (frame.state == Frame::State::kPartial) return;
    Request request;
    if (frame.state == Frame::State::kWhole && DecodeHeader(frame.packet, request)) {
      offset += frame.total_bytes;
      requests_.push_back(request);
      ends_.push_back(offset);
      continue;
    }
    // What came before a packet that cannot be read is answered first.
    if (!requests_.empty()) return;
    switch (frame.state) {
      case Frame::State::kTooLong:
        return Refuse(0, {ErrorCode::kInvalidMsgpack, "Invalid MsgPack - packet is too long"});
      case Frame::State::kInvalid:
        return Refuse(0, {ErrorCode::kInvalidMsgpack, "Invalid MsgPack - packet length"});
      default:
        return Refuse(request.sync, {ErrorCode::kInvalidMsgpack, "Invalid MsgPack - packet header"});
    }
  }
}

void ServerConnection::Refuse(uint64_t sync, const Error& error) {
  refused_ = true;
  std::string packet;
  AppendError(packet, sync, 0, error);
  Send(packet, 0, 0);
  CloseWhenSent();
}

void ServerConnection::AccountInput() {
  if (refused_) input_.clear();
  if (input_.empty()) FreeIfLarge(input_);
  if (input_.size() <= kSmallBytes) return SetInputCharge(0);
  // Counted by what has arrived, so a length that lies costs nothing.
  if (input_.size() <= input_charge_) return;
  if (budget_->Take(input_.size() - input_charge_)) {
    input_charge_ = input_.size();
    return;
  }
  Refuse(0, {ErrorCode::kMemoryIssue, "too many long requests are arriving at once"});
  std::string().swap(input_);
  SetInputCharge(0);
}

void ServerConnection::SetInputCharge(uint64_t bytes) {
  if (bytes < input_charge_) budget_->Return(input_charge_ - bytes);
  input_charge_ = bytes;
}

// ---- Bursts

uint32_t ServerConnection::FreeSlots() {
  const bool anonymous = session_->anonymous();
  uint64_t held = 0;
  uint32_t slots = 0;
  {
    absl::MutexLock lock(&mutex_);
    retry_ = false;
    held = WaitingLocked() + reserved_;
    slots = limits_.max_in_flight - std::min(limits_.max_in_flight, in_flight_);
  }
  if (anonymous) slots = std::min(slots, kAnonymousRequests);
  if (held == 0) return slots;
  if (anonymous || held > limits_.max_waiting_bytes) return 0;
  if (budget_->HasRoom()) return slots;
  WaitForBudget();
  return budget_->HasRoom() ? slots : 0;
}

void ServerConnection::BeginBurst(uint32_t requests) {
  absl::MutexLock lock(&mutex_);
  in_flight_ += requests;
  in_burst_ = true;
}

void ServerConnection::EndBurst(uint32_t not_taken) {
  absl::MutexLock lock(&mutex_);
  in_flight_ -= not_taken;
  in_burst_ = false;
}

ServerConnection::After ServerConnection::Progress() {
  if (Flush() == After::kClose) return After::kClose;
  if (input_blocked_ && !refused_) {
    HandleInput();
    if (Flush() == After::kClose) return After::kClose;
  }
  return Settle();
}

// After everything that can be done now: what has to happen for more?
ServerConnection::After ServerConnection::Settle() {
  bool finished = false;
  {
    absl::MutexLock lock(&mutex_);
    if (broken_) return After::kClose;
    finished = close_when_sent_ && WaitingLocked() == 0 && in_flight_ == 0;
    const bool blocked = input_blocked_ && !refused_;
    waiting_for_loop_ = blocked || close_when_sent_;
    // Replies may have left between the last look and now: then the loop comes round again.
    if (blocked && retry_) ScheduleLocked();
  }
  if (finished) {
    if (peer_ended_ || draining_) return After::kClose;
    // Closing with input unread would destroy the answer on its way.
    if (lingering_since_ == 0) shutdown(fd_, SHUT_WR);
    if (lingering_since_ == 0) lingering_since_ = Now();
  }
  UpdateEvents();
  return After::kGoOn;
}

void ServerConnection::UpdateEvents() {
  uint32_t events = 0;
  if (!peer_ended_ && (refused_ || !input_blocked_)) events |= EPOLLIN;
  {
    absl::MutexLock lock(&mutex_);
    if (WaitingLocked() > 0) events |= EPOLLOUT;
  }
  if (events == events_) return;
  events_ = events;
  loop_->Modify(fd_, events, this);
}

// ---- Writing

void ServerConnection::Send(std::string_view packets, uint32_t replies, uint64_t reserved) {
  absl::MutexLock lock(&mutex_);
  in_flight_ -= replies;
  if (closed_) return;
  retry_ = true;
  reserved_ -= reserved;
  budget_->Return(reserved);
  if (WaitingLocked() == 0) last_output_ = Now();
  budget_->Add(packets.size());
  if (out_offset_ > out_.size() / 2) {
    out_.erase(0, out_offset_);
    out_offset_ = 0;
  }
  out_.append(packets);
  if (in_burst_) return;
  const bool was_waiting = WaitingLocked() > packets.size();
  if (in_flight_ == 0 && !was_waiting && packets.size() <= kDirectSendBytes && !waiting_for_loop_) {
    if (FlushLocked() == After::kGoOn && WaitingLocked() == 0) return;
  }
  ScheduleLocked();
}

void ServerConnection::ScheduleLocked() {
  if (closed_ || std::exchange(scheduled_, true)) return;
  loop_->Post([self = shared_from_this()] {
    {
      absl::MutexLock lock(&self->mutex_);
      self->scheduled_ = false;
    }
    if (self->open_ && self->Progress() == After::kClose) self->Close();
  });
}

bool ServerConnection::Reserve(uint64_t bytes) {
  {
    absl::MutexLock lock(&mutex_);
    const uint64_t held = WaitingLocked() + reserved_;
    // A later Send brings the request up again; when nothing is held, the client gets one answer however long.
    if (closed_ || (held > 0 && held + bytes > limits_.max_waiting_bytes)) return false;
    reserved_ += bytes;
  }
  if (budget_->Take(bytes)) return true;
  WaitForBudget();
  if (budget_->Take(bytes)) return true;
  absl::MutexLock lock(&mutex_);
  reserved_ -= bytes;
  return false;
}

void ServerConnection::WaitForBudget() {
  budget_->Wait([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Retry();
  });
}

void ServerConnection::Retry() {
  // Memory may be returned with the lock of any connection held, this one's too: only the loop may take it.
  loop_->Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || !self->open_) return;
    if (self->Progress() == After::kClose) self->Close();
  });
}

void ServerConnection::CloseWhenSent() {
  absl::MutexLock lock(&mutex_);
  close_when_sent_ = true;
  ScheduleLocked();
}

ServerConnection::After ServerConnection::Flush() {
  absl::MutexLock lock(&mutex_);
  return FlushLocked();
}

ServerConnection::After ServerConnection::FlushLocked() {
  while (WaitingLocked() > 0 && !broken_) {
    const ssize_t count = send(fd_, out_.data() + out_offset_, WaitingLocked(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return After::kGoOn;
      broken_ = true;
      return After::kClose;
    }
    budget_->Return(static_cast<uint64_t>(count));
    out_offset_ += static_cast<size_t>(count);
    last_output_ = Now();
  }
  if (broken_) return After::kClose;
  out_.clear();
  out_offset_ = 0;
  FreeIfLarge(out_);
  return After::kGoOn;
}

}  // namespace mts::iproto
