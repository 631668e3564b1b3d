// What a simulation found that must not be.
//
// Threading: any thread. Limits: keeps the first ones.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace mts::sim {

class Violations {
 public:
  void Add(std::string what) {
    absl::MutexLock lock(&mutex_);
    if (list_.size() < kKept) list_.push_back(std::move(what));
  }
  std::vector<std::string> list() const {
    absl::MutexLock lock(&mutex_);
    return list_;
  }
  bool empty() const {
    absl::MutexLock lock(&mutex_);
    return list_.empty();
  }

 private:
  static constexpr size_t kKept = 10;
  mutable absl::Mutex mutex_;
  std::vector<std::string> list_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::sim
