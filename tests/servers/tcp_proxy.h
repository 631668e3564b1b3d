// Passes TCP connections on to a port of this machine, slowly, in part, or not at all.
//
// Threading: any thread may change how it behaves; it works in threads of its own. Errors: what cannot be started ends
// the program. Limits: a thread for each direction of a connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace mts::testing {

class TcpProxy {
 public:
  explicit TcpProxy(uint16_t target_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  uint64_t connections() const { return connections_.load(); }
  uint64_t cuts() const { return cuts_.load(); }

  // The next `count` connections that carry so many bytes of requests, or of answers, are cut there.
  void CutRequestsAfter(uint64_t bytes, uint64_t count);
  void CutAnswersAfter(uint64_t bytes, uint64_t count);
  // At most so many bytes a second in each direction; 0: as fast as it goes.
  void LimitRate(uint64_t bytes_per_second) { rate_ = bytes_per_second; }
  // Takes connections and passes nothing on.
  void Stall(bool stalled) { stalled_ = stalled; }
  // Refuses new connections and cuts those that are there.
  void Refuse(bool refused);

 private:
  struct Cut {
    std::atomic<uint64_t> after{UINT64_MAX};
    std::atomic<uint64_t> left{0};
  };

  void Accept();
  void Serve(int client);
  void Pass(int from, int to, Cut& cut);
  void CloseAll();

  const uint16_t target_port_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ends_{false};
  std::atomic<bool> stalled_{false};
  std::atomic<bool> refused_{false};
  std::atomic<uint64_t> rate_{0};
  std::atomic<uint64_t> connections_{0};
  std::atomic<uint64_t> cuts_{0};
  Cut requests_;
  Cut answers_;
  absl::Mutex mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);  // open ones
  std::thread accepting_;
};

}  // namespace mts::testing
