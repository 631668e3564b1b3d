// One thread with one completion queue, and the connections that loads use. The thread that polls also handles: in a
// closed loop everything of a call happens on it, so that one call at a time costs no switch between threads.
//
// Threading: events run on the worker's thread; calls may be started from others. Errors: see Load.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/bench/recorder.h"
#include "cli/bench/settings.h"

namespace mts::cli {

using RawStub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;
using RawStream = grpc::ClientAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

// A tag of the completion queue.
class Event {
 public:
  virtual ~Event() = default;
  virtual void OnEvent(bool ok) = 0;
};

// An event that calls one method of its owner.
template <typename Owner>
class MethodEvent : public Event {
 public:
  MethodEvent(Owner* owner, void (Owner::*method)(bool)) : owner_(owner), method_(method) {}
  void OnEvent(bool ok) override { (owner_->*method_)(ok); }

 private:
  Owner* const owner_;
  void (Owner::*const method_)(bool);
};

// Each connection is a TCP connection of its own; stubs are given out in turn.
class RawConnections {
 public:
  RawConnections(const std::string& address, uint64_t count);
  RawStub& Next() { return *stubs_[next_.fetch_add(1, std::memory_order_relaxed) % stubs_.size()]; }
  // UNAVAILABLE unless every connection stands before the deadline.
  absl::Status WaitUntilConnected(absl::Duration timeout);
  const std::string& address() const { return address_; }

 private:
  const std::string address_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<RawStub>> stubs_;
  std::atomic<uint64_t> next_{0};
};

class Worker {
 public:
  explicit Worker(const MeasuredWindow& window) : recorder_(window), side_recorder_(window) {}
  ~Worker() { Join(); }

  void Start() {
    thread_ = std::thread([this] { Poll(); });
  }
  // After every call of this worker has ended.
  void Join();

  grpc::CompletionQueue* queue() { return &queue_; }
  Recorder& recorder() { return recorder_; }
  // For a second kind of operation that is measured beside the first.
  Recorder& side_recorder() { return side_recorder_; }

 private:
  void Poll();

  grpc::CompletionQueue queue_;
  Recorder recorder_;
  Recorder side_recorder_;
  std::thread thread_;
  bool joined_ = false;
};

// What a benchmark does on one worker.
class Load {
 public:
  virtual ~Load() = default;
  // Opens streams; in a closed loop also begins.
  virtual void Start() = 0;
  // Open loop: one operation that is to start at `intended`; it waits inside where too many are in flight.
  virtual void Issue(int64_t intended) = 0;
  // Begins nothing new; what is in flight may end.
  virtual void Stop() = 0;
  // Ends what is in flight.
  virtual void Cancel() = 0;
  // True when nothing is in flight any more.
  virtual bool Finished() = 0;
  // A failure that ends the whole run (a broken stream), or OK.
  virtual absl::Status Failure() { return absl::OkStatus(); }
};

}  // namespace mts::cli
