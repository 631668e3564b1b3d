// The keys of payload files that are being written. They lie among those that are whole, and the sweep must not take
// them for leftovers, however long an upload takes.
//
// Threading: any thread. Errors: none. Limits: one entry for each upload under way.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

namespace mts::store {

class FilesUnderWay {
 public:
  void Begin(const std::string& key) {
    absl::MutexLock lock(&mutex_);
    keys_.insert(key);
  }
  void End(const std::string& key) {
    absl::MutexLock lock(&mutex_);
    keys_.erase(key);
  }
  bool Contains(const std::string& key) const {
    absl::MutexLock lock(&mutex_);
    return keys_.contains(key);
  }

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_set<std::string> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store
