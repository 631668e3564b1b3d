// A client of Tarantool: calls over one pipelined connection to the instance that accepts it, among several addresses.
// When the connection is lost it finds the instance again, with growing pauses that differ from process to process.
//
// A call waits for a connection within its time. One that was under way when the connection was lost is asked again
// when the caller says that this is sound, else it fails: its outcome is unknown. One that an instance refused because
// it is read-only, or still starting, was not executed and waits for the right instance.
//
// Threading: Call and status from any thread; answers come from the client's own thread and must not block. Errors:
// UNAVAILABLE (lost, or no answer in time), RESOURCE_EXHAUSTED (a bound of the client, and Tarantool's own), and
// StatusOfError. Limits: max_calls and max_bytes of calls that are not answered.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "iproto/client_connection.h"
#include "iproto/connector.h"
#include "iproto/event_loop.h"

namespace mts::iproto {

struct ClientOptions {
  std::vector<std::string> addresses;
  ConnectorOptions connector;
  int64_t connect_timeout_micros = 3'000'000;
  // How often hello is asked again on the connection. It ends when the instance is not the right one any more, or
  // nothing at all came from it for connect_timeout_micros.
  int64_t probe_interval_micros = 2'000'000;
  // What a reply says when the instance did not execute the call because it is not the right one; else OK. May be
  // empty.
  std::function<absl::Status(std::string_view data)> misdirected;
  uint64_t max_calls = 10'000;
  uint64_t max_bytes = 256ull * 1024 * 1024;
  // Each time that status() changes between OK and an error; on the client's thread.
  std::function<void(const absl::Status&)> on_status;
  // About once a second, and when TickBy says; on the client's thread. May be empty.
  std::function<void(int64_t now_micros)> on_tick;
};

class Client : public ClientConnection::Owner {
 public:
  // INVALID_ARGUMENT for an address that is none.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  // Begins to connect, and does not wait for it. To be called once, before any other call.
  absl::Status Begin();
  ~Client() override;

  // `arguments` is an encoded array; `deadline` of SystemClock's running time. `done` is called exactly once.
  void Call(std::string_view function, std::string arguments, int64_t deadline, bool again, CallDone done);

  // For those who work on the client's thread: brings them there, and asks for a tick. TickBy and connected: there
  // only.
  void Post(EventLoop::Task task) { loop_.Post(std::move(task)); }
  void TickBy(int64_t monotonic_micros) { loop_.TickBy(monotonic_micros); }
  bool connected() const { return connection_ != nullptr; }

  // OK while connected; else why not.
  absl::Status status() const;
  // How often a connection was made.
  uint64_t connections() const;

  // Answers what is not answered with UNAVAILABLE, and everything that comes later. Blocks; must not be called from an
  // answer.
  void Shutdown();

 private:
  using CallPtr = std::shared_ptr<ClientCall>;

  explicit Client(ClientOptions options);

  // ---- The connecting thread
  void RunConnecting();
  absl::StatusOr<int> OpenAny();
  void Pause(int64_t micros);

  // Numbers the call and puts it among those that arrived; `first` says that there was none. Refuses what is too much.
  absl::Status Admit(const CallPtr& call, std::string_view function, bool& first);

  // ---- The loop's thread
  void TakeCalls();
  void Adopt(int fd);
  void OnReply(uint64_t sync, uint32_t error, std::string_view error_text, Reply reply) override;
  void OnClosed(const absl::Status& status) override;
  void OnTick();
  void Probe(int64_t now);
  void Expire(int64_t now);
  // It was not executed: it waits for the right instance, which is looked for.
  void Redirect(const CallPtr& call, const absl::Status& reason);
  // Takes the call out of the books and answers it; `call` must not lie in them.
  void Answer(const CallPtr& call, absl::StatusOr<Reply> answer);
  void AnswerAll(const absl::Status& status);

  void SetStatus(const absl::Status& status);
  static uint64_t BytesOf(const ClientCall& call) { return call.head.size() + call.arguments.size(); }

  const ClientOptions options_;
  Connector connector_;
  EventLoop loop_;
  std::thread connecting_;
  size_t next_address_ = 0;  // the connecting thread only
  absl::BitGen random_;      // the same

  // The loop's thread only.
  std::unique_ptr<ClientConnection> connection_;
  std::vector<std::unique_ptr<ClientConnection>> closed_;  // until nothing of them runs any more
  absl::flat_hash_map<uint64_t, CallPtr> calls_;           // not answered, by sync
  std::deque<CallPtr> waiting_;                            // of these: for a connection
  int64_t next_deadline_ = INT64_MAX;                      // no call has an earlier one
  int64_t next_probe_ = 0;
  bool probing_ = false;

  mutable absl::Mutex mutex_;
  std::vector<CallPtr> arrived_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_sync_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t open_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t open_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::iproto
