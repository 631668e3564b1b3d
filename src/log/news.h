// Tells watchers of new messages, from a thread of its own: the greatest visible sequence of each changed subject,
// coalesced while a callback is slow.
//
// Threading: Publish by the commit thread, quick; Watch from any thread; destroying a watch waits for a call to it that
// is under way. Limits: at most one pending entry for each subject that is being watched.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "log/catalogue.h"
#include "model/subject.h"
#include "store/watchers.h"

namespace mts::log {

class News {
 public:
  explicit News(const Catalogue& catalogue);
  ~News();  // every watch is gone by then

  void Publish(absl::Span<const VisibleMessage> messages);
  std::unique_ptr<store::Watch> Watch(const Pattern& pattern, store::NewsCallback callback) {
    return watchers_.Add(pattern, std::move(callback));
  }

 private:
  void Run();

  const Catalogue& catalogue_;
  store::Watchers watchers_;

  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, Sequence> pending_ ABSL_GUARDED_BY(mutex_);  // by subject id
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace mts::log
