// Gives operations their answers. A few are answered at once by the caller, so that a single publisher does not wait
// for another thread; many are answered by a thread of its own, so that the next commit does not wait for them. Order
// is kept.
//
// Threading: Answer by one thread (the commit thread). Limits: what it holds is bounded by the committer's groups in
// flight.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "log/operation.h"

namespace mts::log {

class Answerer {
 public:
  Answerer();
  ~Answerer();  // answers everything first

  void Answer(std::vector<std::unique_ptr<Operation>> operations, const absl::Status& status);
  // Waits until everything is answered.
  void Drain();

 private:
  struct Due {
    std::vector<std::unique_ptr<Operation>> operations;
    absl::Status status;
  };
  void Run();

  absl::Mutex mutex_;
  std::vector<Due> due_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mts::log
