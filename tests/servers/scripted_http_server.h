// Answers HTTP requests as a test says, one after the other, and keeps what was asked.
//
// Threading: the script and the record may be used from any thread. Errors: what cannot be started ends the program.
// Limits: a thread for each connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace mts::testing {

struct RecordedRequest {
  std::string line;     // "PUT /bucket/key HTTP/1.1"
  std::string headers;  // as they came, names in lower case
  std::string body;
};

struct ScriptedAnswer {
  int status = 200;
  std::string headers = {};  // each with \r\n at its end; content-length is added
  std::string body = {};
  bool lost = false;                  // the request is taken, and the connection ends without an answer
  uint64_t cut_body_at = UINT64_MAX;  // the connection ends after so many bytes of the body
};

class ScriptedHttpServer {
 public:
  ScriptedHttpServer();
  ~ScriptedHttpServer();
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

  std::string endpoint() const { return "http://" + host(); }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  // The next answers; when there are no more, every request gets status 500.
  void Answer(std::vector<ScriptedAnswer> answers);
  std::vector<RecordedRequest> requests() const;

 private:
  void Accept();
  void Serve(int fd);
  bool ReadRequest(int fd, std::string& buffer, RecordedRequest& request);
  ScriptedAnswer NextAnswer(RecordedRequest request);

  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ends_{false};
  mutable absl::Mutex mutex_;
  std::deque<ScriptedAnswer> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<RecordedRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);
  std::thread accepting_;
};

}  // namespace mts::testing
