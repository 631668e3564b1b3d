#include "tests/servers/scripted_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "tests/servers/program.h"

namespace mts::testing {
namespace {

bool Receive(int fd, std::string& buffer) {
  char data[64 * 1024];
  const ssize_t got = ::recv(fd, data, sizeof(data), 0);
  if (got <= 0) return false;
  buffer.append(data, static_cast<size_t>(got));
  return true;
}

std::string LowerNames(std::string headers) {
  bool in_name = true;
  for (char& c : headers) {
    if (c == ':') in_name = false;
    if (c == '\n') in_name = true;
    if (in_name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return headers;
}

void SendAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    data.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

ScriptedHttpServer::ScriptedHttpServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

ScriptedHttpServer::~ScriptedHttpServer() {
  ends_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(listener_);
}

void ScriptedHttpServer::Answer(std::vector<ScriptedAnswer> answers) {
  absl::MutexLock lock(&mutex_);
  for (ScriptedAnswer& answer : answers) answers_.push_back(std::move(answer));
}

std::vector<RecordedRequest> ScriptedHttpServer::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

void ScriptedHttpServer::Accept() {
  while (!ends_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    absl::MutexLock lock(&mutex_);
    sockets_.push_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void ScriptedHttpServer::Serve(int fd) {
  std::string buffer;
  RecordedRequest request;
  while (!ends_ && ReadRequest(fd, buffer, request)) {
    const bool has_body = !request.line.starts_with("HEAD ");
    const ScriptedAnswer answer = NextAnswer(std::move(request));
    request = {};
    if (answer.lost) break;
    SendAll(fd, "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\ncontent-length: " +
                    std::to_string(answer.body.size()) + "\r\n" + answer.headers + "\r\n");
    if (has_body) SendAll(fd, std::string_view(answer.body).substr(0, answer.cut_body_at));
    if (answer.cut_body_at < answer.body.size()) break;
  }
  absl::MutexLock lock(&mutex_);
  sockets_.erase(std::find(sockets_.begin(), sockets_.end(), fd));
  ::shutdown(fd, SHUT_RDWR);
  ::close(fd);
}

bool ScriptedHttpServer::ReadRequest(int fd, std::string& buffer, RecordedRequest& request) {
  size_t head_end = 0;
  while ((head_end = buffer.find("\r\n\r\n")) == buffer.npos) {
    if (!Receive(fd, buffer)) return false;
  }
  const size_t line_end = buffer.find("\r\n");
  request.line = buffer.substr(0, line_end);
  request.headers = LowerNames(buffer.substr(line_end + 2, head_end - line_end));
  size_t length = 0;
  if (const size_t at = request.headers.find("content-length: "); at != request.headers.npos) {
    length = std::strtoul(request.headers.c_str() + at + 16, nullptr, 10);
  }
  buffer.erase(0, head_end + 4);
  while (buffer.size() < length) {
    if (!Receive(fd, buffer)) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

ScriptedAnswer ScriptedHttpServer::NextAnswer(RecordedRequest request) {
  absl::MutexLock lock(&mutex_);
  requests_.push_back(std::move(request));
  if (answers_.empty()) return {.status = 500, .headers = {}, .body = "the script has ended"};
  ScriptedAnswer answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

}  // namespace mts::testing
