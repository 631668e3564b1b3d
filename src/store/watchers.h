// Who watches for news, by subject or pattern: the registry that every store tells of new messages.
//
// Threading: Add from any thread; Tell by one thread at a time, without a lock of the store held; destroying a watch
// waits for a call to it that is under way. Errors: none. Limits: the callers bound the number of watches.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "model/sequence.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::store {

class Watchers {
 public:
  // The registry outlives every watch.
  std::unique_ptr<Watch> Add(const Pattern& pattern, NewsCallback callback) {
    auto watcher = std::make_shared<Watcher>();
    watcher->pattern = pattern;
    {
      absl::MutexLock lock(&watcher->mutex);
      watcher->callback = std::move(callback);
    }
    {
      absl::MutexLock lock(&mutex_);
      watcher->id = next_id_++;
      if (pattern.exact()) {
        exact_[pattern.base()].emplace(watcher->id, watcher);
      } else {
        patterns_.emplace(watcher->id, watcher);
      }
    }
    watching_.fetch_add(1, std::memory_order_acq_rel);
    return std::make_unique<Handle>(*this, std::move(watcher));
  }

  // Sequences of one pattern's subjects must come in ascending order.
  void Tell(std::string_view subject, Sequence last) {
    std::vector<std::shared_ptr<Watcher>> interested;
    {
      absl::MutexLock lock(&mutex_);
      if (const auto found = exact_.find(std::string(subject)); found != exact_.end()) {
        for (const auto& [id, watcher] : found->second) interested.push_back(watcher);
      }
      for (const auto& [id, watcher] : patterns_) {
        if (watcher->pattern.Matches(subject)) interested.push_back(watcher);
      }
    }
    for (const std::shared_ptr<Watcher>& watcher : interested) {
      absl::MutexLock lock(&watcher->mutex);
      if (watcher->callback) watcher->callback(subject, last);
    }
  }

  bool empty() const { return watching_.load(std::memory_order_acquire) == 0; }

 private:
  struct Watcher {
    uint64_t id = 0;
    Pattern pattern = Pattern::All();
    absl::Mutex mutex;  // held during a call
    NewsCallback callback ABSL_GUARDED_BY(mutex);
  };
  using ById = std::map<uint64_t, std::shared_ptr<Watcher>>;

  class Handle : public Watch {
   public:
    Handle(Watchers& watchers, std::shared_ptr<Watcher> watcher) : watchers_(watchers), watcher_(std::move(watcher)) {}
    ~Handle() override {
      watchers_.Remove(*watcher_);
      absl::MutexLock lock(&watcher_->mutex);
      watcher_->callback = nullptr;
    }

   private:
    Watchers& watchers_;
    std::shared_ptr<Watcher> watcher_;
  };

  void Remove(const Watcher& watcher) {
    watching_.fetch_sub(1, std::memory_order_acq_rel);
    absl::MutexLock lock(&mutex_);
    if (!watcher.pattern.exact()) {
      patterns_.erase(watcher.id);
      return;
    }
    const auto found = exact_.find(watcher.pattern.base());
    found->second.erase(watcher.id);
    if (found->second.empty()) exact_.erase(found);
  }

  std::atomic<uint64_t> watching_{0};
  absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<std::string, ById> exact_ ABSL_GUARDED_BY(mutex_);
  ById patterns_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store
