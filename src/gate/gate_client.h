// A client of the Tarantool protocol, for tests: it can send anything, right or wrong, and shows replies as text
// (iproto/msgpack_text.h).
//
// Threading: one thread. Errors: a reply that does not come within 10 s, or a connection that ends, is "<closed>".
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <string_view>

#include "base/text.h"
#include "iproto/greeting.h"
#include "iproto/msgpack_text.h"
#include "iproto/msgpack_values.h"
#include "iproto/packet.h"
#include "iproto/scramble.h"

namespace mts::gate {

class GateClient {
 public:
  struct Answer {
    uint64_t sync = 0;
    uint32_t error = 0;  // the error's number; 0: none
    std::string text;    // of `data` or of the error
  };

  explicit GateClient(int port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
    if (ReadAtLeast(iproto::kGreetingBytes)) {
      greeting_ = input_.substr(0, iproto::kGreetingBytes);
      input_.erase(0, iproto::kGreetingBytes);
    }
  }
  ~GateClient() {
    if (fd_ >= 0) close(fd_);
  }
  GateClient(const GateClient&) = delete;
  GateClient& operator=(const GateClient&) = delete;

  const std::string& greeting() const { return greeting_; }
  int fd() const { return fd_; }

  // True when everything was taken by the system.
  bool SendBytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }

  static std::string Packet(uint32_t type, uint64_t sync, std::string_view body) {
    const std::string header = iproto::Map(0, type, 1, sync).bytes;
    std::string packet;
    msgpack::AppendByte(packet, 0xCE);
    msgpack::AppendBigEndian(packet, static_cast<uint32_t>(header.size() + body.size()));
    return packet.append(header).append(body);
  }
  uint64_t Send(uint32_t type, std::string_view body) {
    SendBytes(Packet(type, ++sync_, body));
    return sync_;
  }

  // The next reply that comes.
  Answer Receive() {
    while (true) {
      const iproto::Frame frame = iproto::NextFrame(input_, UINT32_MAX);
      if (frame.state == iproto::Frame::State::kWhole) return Take(frame);
      if (!ReadAtLeast(input_.size() + 1)) return Answer{.text = "<closed>"};
    }
  }
  // The reply to one request, whatever comes before it.
  Answer Wait(uint64_t sync) {
    while (true) {
      if (const auto found = early_.find(sync); found != early_.end()) {
        Answer answer = found->second;
        early_.erase(found);
        return answer;
      }
      Answer answer = Receive();
      if (answer.sync == sync || answer.text == "<closed>") return answer;
      early_[answer.sync] = std::move(answer);
    }
  }
  Answer Request(uint32_t type, std::string_view body) { return Wait(Send(type, body)); }

  bool Authenticate(std::string_view user, std::string_view password) {
    const std::string salt = iproto::SaltOfGreeting(greeting_).value_or(std::string(20, ' '));
    const auto proof = iproto::Array("chap-sha1", iproto::ChapSha1Scramble(password, salt));
    return Request(7, iproto::Map(0x23, std::string(user), 0x21, proof).bytes).text == "";
  }

  template <typename... Arguments>
  static std::string CallBody(std::string_view function, const Arguments&... arguments) {
    return iproto::Map(0x22, std::string(function), 0x21, iproto::Array(arguments...)).bytes;
  }
  // Data as text, or the error as "#33: text".
  template <typename... Arguments>
  std::string Call(std::string_view function, const Arguments&... arguments) {
    return Shown(Request(10, CallBody(function, arguments...)));
  }
  template <typename... Arguments>
  std::string Call16(std::string_view function, const Arguments&... arguments) {
    return Shown(Request(6, CallBody(function, arguments...)));
  }
  std::string Select(uint64_t space, uint64_t index, uint64_t iterator, const iproto::Raw& key, uint64_t limit = 100,
                     uint64_t offset = 0) {
    return Shown(
        Request(1, iproto::Map(0x10, space, 0x11, index, 0x12, limit, 0x13, offset, 0x14, iterator, 0x20, key).bytes));
  }
  static std::string Shown(const Answer& answer) {
    return answer.error == 0 ? answer.text : Concat("#", answer.error, ": ", answer.text);
  }

  // True when the server has ended the connection.
  bool IsClosed() {
    while (ReadAtLeast(input_.size() + 1)) {
    }
    return ended_;
  }

 private:
  static constexpr int kWaitMillis = 10'000;

  bool ReadAtLeast(size_t size) {
    char buffer[65536];
    while (input_.size() < size) {
      pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, kWaitMillis) <= 0) return false;
      const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
      ended_ = count <= 0;
      if (ended_) return false;
      input_.append(buffer, static_cast<size_t>(count));
    }
    return true;
  }

  Answer Take(const iproto::Frame& frame) {
    iproto::Request header;
    Answer answer;
    if (!iproto::DecodeHeader(frame.packet, header)) return Answer{.text = "<no header>"};
    answer.sync = header.sync;
    const auto type = static_cast<uint32_t>(header.type);
    if (type >= iproto::kErrorReply) answer.error = type - iproto::kErrorReply;
    answer.text = TextOfBody(header.body);
    input_.erase(0, frame.total_bytes);
    return answer;
  }

  // The value of the first key, of `data` without its brackets.
  static std::string TextOfBody(std::string_view body) {
    MsgpackReader reader(body);
    MsgpackReader::Value head, key;
    if (!reader.Next(head) || head.number == 0 || !reader.Next(key)) return "";
    if (head.number > 1) return iproto::MsgpackText(body);
    std::string text = iproto::MsgpackText(reader);
    return text.size() >= 2 ? text.substr(1, text.size() - 2) : text;
  }

  int fd_ = -1;
  bool ended_ = false;
  std::string greeting_;
  std::string input_;
  uint64_t sync_ = 0;
  std::map<uint64_t, Answer> early_;
};

}  // namespace mts::gate
