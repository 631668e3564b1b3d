// Tells watchers of new messages, from a thread of its own: the greatest visible sequence of each changed subject,
// coalesced while a callback is slow.
//
// Threading: Publish by the commit thread, quick; Watch from any thread; destroying a watch waits for a call to it that
// is under way. Limits: at most one pending entry for each subject that is being watched.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "log/catalogue.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::log {

class News {
 public:
  explicit News(const Catalogue& catalogue);
  ~News();  // every watch is gone by then

  void Publish(absl::Span<const VisibleMessage> messages);
  std::unique_ptr<store::Watch> Watch(const Pattern& pattern, store::NewsCallback callback);

 private:
  struct Watcher;
  class Handle;
  using Watchers = std::map<uint64_t, std::shared_ptr<Watcher>>;

  void Run();
  void Tell(std::string_view subject, Sequence last);
  void Remove(const Watcher& watcher);

  const Catalogue& catalogue_;
  std::atomic<uint64_t> watching_{0};

  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, Sequence> pending_ ABSL_GUARDED_BY(mutex_);  // by subject id
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  absl::Mutex watchers_mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(watchers_mutex_) = 1;
  absl::flat_hash_map<std::string, Watchers> exact_ ABSL_GUARDED_BY(watchers_mutex_);
  Watchers patterns_ ABSL_GUARDED_BY(watchers_mutex_);

  std::thread thread_;
};

}  // namespace mts::log
