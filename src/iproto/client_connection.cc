#include "iproto/client_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "iproto/packet.h"

namespace mts::iproto {
namespace {

// A packet this long gets its memory at once and is received in place.
constexpr uint64_t kLongPacketBytes = 64 * 1024;
// Pieces written by one system call.
constexpr size_t kMaxPieces = 256;
// Reads before others on the loop get their turn.
constexpr int kReadsInARow = 8;

}  // namespace

ClientConnection::ClientConnection(int fd, EventLoop* loop, Owner* owner)
    : fd_(fd), loop_(loop), owner_(owner), last_received_(SystemClock().MonotonicMicros()) {}

ClientConnection::~ClientConnection() {
  if (open_) loop_->Remove(fd_, this);
  close(fd_);
}

void ClientConnection::Begin() {
  events_ = EPOLLIN;
  if (absl::Status status = loop_->Add(fd_, events_, this); !status.ok()) Close(status);
}

void ClientConnection::Close(const absl::Status& status) {
  if (!std::exchange(open_, false)) return;
  loop_->Remove(fd_, this);
  shutdown(fd_, SHUT_RDWR);
  owner_->OnClosed(status);
}

void ClientConnection::OnEvents(uint32_t events) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read();
  if (open_ && (events & EPOLLOUT) != 0) Flush();
}

// ---- Writing

void ClientConnection::Send(std::shared_ptr<ClientCall> call) {
  call->state = ClientCall::State::kQueued;
  out_.push_back(std::move(call));
}

void ClientConnection::Flush() {
  while (open_ && !out_.empty() && WriteSome()) {
  }
  if (open_) UpdateEvents();
}

bool ClientConnection::WriteSome() {
  std::array<iovec, kMaxPieces> pieces;
  size_t count = 0;
  size_t skip = out_offset_;
  for (const auto& call : out_) {
    if (count + 2 > kMaxPieces) break;
    for (std::string* part : {&call->head, &call->arguments}) {
      const size_t skipped = std::min(skip, part->size());
      skip -= skipped;
      if (skipped < part->size()) pieces[count++] = {part->data() + skipped, part->size() - skipped};
    }
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const ssize_t written = sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (written < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) Close(ErrnoStatus(errno, "send"));
    return false;
  }
  Advance(static_cast<size_t>(written));
  return true;
}

void ClientConnection::Advance(size_t written) {
  out_offset_ += written;
  while (!out_.empty()) {
    ClientCall& first = *out_.front();
    // Also one of which only a part has left cannot be taken back.
    if (out_offset_ > 0) first.state = ClientCall::State::kSent;
    const size_t size = first.head.size() + first.arguments.size();
    if (out_offset_ < size) return;
    out_offset_ -= size;
    out_.pop_front();
  }
}

void ClientConnection::UpdateEvents() {
  const uint32_t wanted = EPOLLIN | (out_.empty() ? 0u : static_cast<uint32_t>(EPOLLOUT));
  if (wanted != std::exchange(events_, wanted)) loop_->Modify(fd_, wanted, this);
}

// ---- Reading

void ClientConnection::Read() {
  for (int i = 0; i < kReadsInARow && open_; ++i) {
    if (!ReadOnce()) return;
  }
}

bool ClientConnection::ReadOnce() {
  const bool in_place = !long_input_.empty();
  char* const to = in_place ? long_input_.data() + long_received_ : loop_->read_buffer();
  const size_t room = in_place ? long_input_.size() - long_received_ : EventLoop::kReadBufferBytes;
  const ssize_t count = recv(fd_, to, room, 0);
  if (count < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) Close(ErrnoStatus(errno, "recv"));
    return false;
  }
  if (count == 0) {
    Close(absl::UnavailableError("Tarantool closed the connection"));
    return false;
  }
  last_received_ = SystemClock().MonotonicMicros();
  const auto received = static_cast<size_t>(count);
  if (!in_place) {
    Take(std::string_view(to, received));
  } else if ((long_received_ += received) == long_input_.size()) {
    Deliver(std::exchange(long_input_, {}));
  }
  // A short read means that there is no more.
  return open_ && received == room;
}

void ClientConnection::Take(std::string_view bytes) {
  if (!input_.empty()) {
    input_.append(bytes);
    const std::string whole = std::exchange(input_, {});
    std::string_view rest = whole;
    while (open_ && TakeWhole(rest)) {
    }
    return;
  }
  while (open_ && TakeWhole(bytes)) {
  }
}

// True when one was taken; what is left of one that is not whole is kept.
bool ClientConnection::TakeWhole(std::string_view& bytes) {
  const Frame frame = NextFrame(bytes, kMaxReplyBytes);
  if (frame.state == Frame::State::kWhole) {
    bytes.remove_prefix(frame.total_bytes);
    return Deliver(std::string(frame.packet));
  }
  if (frame.state != Frame::State::kPartial) {
    Close(absl::UnavailableError("a reply cannot be read"));
    return false;
  }
  if (frame.total_bytes < kLongPacketBytes) {
    input_.assign(bytes);
    return false;
  }
  bytes.remove_prefix(frame.head_bytes);
  long_input_.resize(frame.total_bytes - frame.head_bytes);
  std::copy(bytes.begin(), bytes.end(), long_input_.begin());
  long_received_ = bytes.size();
  return false;
}

bool ClientConnection::Deliver(std::string packet) {
  ReplyView view;
  if (!DecodeReply(packet, view)) {
    Close(absl::UnavailableError("a reply cannot be read"));
    return false;
  }
  // By its place: a short string's bytes move with it.
  const size_t offset = view.data.empty() ? 0 : static_cast<size_t>(view.data.data() - packet.data());
  const size_t size = view.data.size();
  const std::string error_text(view.error_text);
  owner_->OnReply(view.sync, view.error, error_text, Reply(std::move(packet), offset, size));
  return open_;
}

}  // namespace mts::iproto
