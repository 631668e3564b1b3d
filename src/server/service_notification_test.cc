#include "server/service_notification.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace mts::server {
namespace {

// A service manager's end: a datagram socket with that name.
class Listener {
 public:
  explicit Listener(const std::string& name) : name_(name), descriptor_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length), 0) << std::strerror(errno);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Listener() {
    unsetenv("NOTIFY_SOCKET");
    close(descriptor_);
    if (name_[0] == '/') unlink(name_.c_str());
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // What has arrived, or nothing.
  std::string Received() {
    char buffer[256];
    const ssize_t size = recv(descriptor_, buffer, sizeof(buffer), MSG_DONTWAIT);
    return size < 0 ? std::string() : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  std::string name_;
  int descriptor_;
};

std::string Unique() { return "mts-notify-" + std::to_string(getpid()); }

TEST(ServiceNotificationTest, ASocketInTheFileSystemIsTold) {
  Listener listener(testing::TempDir() + Unique());
  EXPECT_TRUE(NotifyServiceManager(kServiceReady).ok());
  EXPECT_EQ(listener.Received(), "READY=1");
  EXPECT_TRUE(NotifyServiceManager(kServiceStopping).ok());
  EXPECT_EQ(listener.Received(), "STOPPING=1");
}

TEST(ServiceNotificationTest, ASocketOfTheAbstractNamespaceIsTold) {
  Listener listener("@" + Unique());
  EXPECT_TRUE(NotifyServiceManager(kServiceReady).ok());
  EXPECT_EQ(listener.Received(), "READY=1");
}

TEST(ServiceNotificationTest, WithoutAServiceManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(NotifyServiceManager(kServiceReady).ok());
  setenv("NOTIFY_SOCKET", "", 1);
  EXPECT_TRUE(NotifyServiceManager(kServiceReady).ok());
}

TEST(ServiceNotificationTest, AWrongSocketIsAnErrorThatNamesIt) {
  setenv("NOTIFY_SOCKET", "relative/name", 1);
  EXPECT_EQ(NotifyServiceManager(kServiceReady).code(), absl::StatusCode::kInvalidArgument);
  const std::string too_long = "/" + std::string(200, 'x');
  setenv("NOTIFY_SOCKET", too_long.c_str(), 1);
  EXPECT_EQ(NotifyServiceManager(kServiceReady).code(), absl::StatusCode::kInvalidArgument);
  setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
  const absl::Status status = NotifyServiceManager(kServiceReady);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("/no/such/socket"), absl::string_view::npos);
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace mts::server
