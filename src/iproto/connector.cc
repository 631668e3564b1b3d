#include "iproto/connector.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "iproto/address.h"
#include "iproto/client_packet.h"
#include "iproto/greeting.h"
#include "iproto/listen_socket.h"
#include "iproto/packet.h"
#include "iproto/protocol.h"

namespace mts::iproto {
namespace {

// Of the answers to authentication and hello.
constexpr uint64_t kMaxPacketBytes = 1024 * 1024;

// A non-blocking socket that is waited for until a deadline, or an interrupt.
class WaitingSocket {
 public:
  WaitingSocket(int fd, int interrupt, int64_t deadline) : fd_(fd), interrupt_(interrupt), deadline_(deadline) {}

  absl::Status Await(int16_t events) {
    while (true) {
      const int64_t left = deadline_ - SystemClock().MonotonicMicros();
      if (left <= 0) return absl::UnavailableError("no answer in time");
      pollfd polled[] = {{fd_, events, 0}, {interrupt_, POLLIN, 0}};
      const int count = poll(polled, 2, static_cast<int>((left + 999) / 1000));
      if (count < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
      if (count > 0 && polled[1].revents != 0) return absl::CancelledError("interrupted");
      if (count > 0 && polled[0].revents != 0) return absl::OkStatus();
    }
  }

  absl::Status Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count > 0) {
        bytes.remove_prefix(static_cast<size_t>(count));
      } else if (errno == EAGAIN || errno == EINTR) {
        MTS_RETURN_IF_ERROR(Await(POLLOUT));
      } else {
        return ErrnoStatus(errno, "send");
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReceiveMore() {
    char bytes[16 * 1024];
    while (true) {
      const ssize_t count = recv(fd_, bytes, sizeof(bytes), 0);
      if (count > 0) {
        input_.append(bytes, static_cast<size_t>(count));
        return absl::OkStatus();
      }
      if (count == 0) return absl::UnavailableError("the other side closed the connection");
      if (errno != EAGAIN && errno != EINTR) return ErrnoStatus(errno, "recv");
      MTS_RETURN_IF_ERROR(Await(POLLIN));
    }
  }

  absl::StatusOr<std::string> Greeting() {
    while (input_.size() < kGreetingBytes) MTS_RETURN_IF_ERROR(ReceiveMore());
    const std::optional<std::string> salt = SaltOfGreeting(input_.substr(0, kGreetingBytes));
    if (!salt.has_value()) return absl::UnavailableError("what answers there is not Tarantool");
    input_.erase(0, kGreetingBytes);
    return *salt;
  }

  // The values of the one reply that is awaited.
  absl::StatusOr<std::string> Reply() {
    while (true) {
      const Frame frame = NextFrame(input_, kMaxPacketBytes);
      if (frame.state == Frame::State::kPartial) {
        MTS_RETURN_IF_ERROR(ReceiveMore());
        continue;
      }
      ReplyView reply;
      if (frame.state != Frame::State::kWhole || !DecodeReply(frame.packet, reply)) {
        return absl::UnavailableError("its reply cannot be read");
      }
      if (reply.error != 0) return StatusOfError(reply.error, reply.error_text);
      std::string data(reply.data);
      input_.erase(0, frame.total_bytes);
      return data;
    }
  }

 private:
  const int fd_;
  const int interrupt_;
  const int64_t deadline_;
  std::string input_;
};

absl::Status WithAddress(const absl::Status& status, const std::string& address) {
  if (absl::IsCancelled(status)) return status;
  return absl::UnavailableError(Concat("Tarantool at ", address, ": ", status.message()));
}

}  // namespace

Connector::Connector(ConnectorOptions options)
    : options_(std::move(options)), interrupt_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Connector::~Connector() {
  if (interrupt_ >= 0) close(interrupt_);
}

void Connector::Interrupt() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(interrupt_, &one, sizeof(one));
}

absl::StatusOr<int> Connector::Open(const std::string& address, int64_t timeout_micros) {
  absl::StatusOr<int> fd = OpenBy(address, SystemClock().MonotonicMicros() + timeout_micros);
  if (!fd.ok()) return WithAddress(fd.status(), address);
  return fd;
}

absl::StatusOr<int> Connector::OpenBy(const std::string& address, int64_t deadline) {
  MTS_ASSIGN_OR_RETURN(const int fd, ConnectBy(address, deadline));
  if (absl::Status status = Introduce(fd, deadline); !status.ok()) {
    close(fd);
    return status;
  }
  return fd;
}

absl::StatusOr<int> Connector::ConnectBy(const std::string& address, int64_t deadline) {
  MTS_ASSIGN_OR_RETURN(const AddressList found, Resolve(address, false));
  absl::Status status = absl::UnavailableError("no such address");
  for (const addrinfo* where = found.get(); where != nullptr; where = where->ai_next) {
    const int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return ErrnoStatus(errno, "socket");
    status = absl::OkStatus();
    if (connect(fd, where->ai_addr, where->ai_addrlen) != 0) {
      int error = errno;
      if (error == EINPROGRESS) {
        status = WaitingSocket(fd, interrupt_, deadline).Await(POLLOUT);
        socklen_t size = sizeof(error);
        if (status.ok()) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      }
      if (status.ok() && error != 0) status = ErrnoStatus(error, "connect");
    }
    if (status.ok()) {
      SetConnectionOptions(fd);
      return fd;
    }
    close(fd);
  }
  return status;
}

absl::Status Connector::Introduce(int fd, int64_t deadline) {
  WaitingSocket socket(fd, interrupt_, deadline);
  MTS_ASSIGN_OR_RETURN(const std::string salt, socket.Greeting());
  std::string packet;
  if (!options_.user.empty()) {
    AppendAuth(packet, 0, options_.user, options_.password, salt);
    MTS_RETURN_IF_ERROR(socket.Send(packet));
    const absl::Status answer = socket.Reply().status();
    if (absl::IsPermissionDenied(answer)) return WithContext(answer, Concat("user ", options_.user, " is refused"));
    MTS_RETURN_IF_ERROR(answer);
  }
  packet.clear();
  AppendCallHead(packet, 0, options_.hello_function, options_.hello_arguments.size());
  packet += options_.hello_arguments;
  MTS_RETURN_IF_ERROR(socket.Send(packet));
  MTS_ASSIGN_OR_RETURN(const std::string data, socket.Reply());
  return options_.accept(data);
}

}  // namespace mts::iproto
