#include "log/news.h"

#include <algorithm>
#include <utility>

namespace mts::log {

struct News::Watcher {
  uint64_t id = 0;
  Pattern pattern = Pattern::All();
  absl::Mutex mutex;  // held during a call
  store::NewsCallback callback ABSL_GUARDED_BY(mutex);
};

class News::Handle : public store::Watch {
 public:
  Handle(News& news, std::shared_ptr<Watcher> watcher) : news_(news), watcher_(std::move(watcher)) {}
  ~Handle() override {
    news_.Remove(*watcher_);
    absl::MutexLock lock(&watcher_->mutex);
    watcher_->callback = nullptr;
  }

 private:
  News& news_;
  std::shared_ptr<Watcher> watcher_;
};

News::News(const Catalogue& catalogue) : catalogue_(catalogue), thread_([this] { Run(); }) {}

News::~News() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void News::Publish(absl::Span<const VisibleMessage> messages) {
  if (watching_.load(std::memory_order_acquire) == 0) return;
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < messages.size(); ++i) {
    // Only the last of a run of one subject counts.
    if (i + 1 < messages.size() && messages[i + 1].subject == messages[i].subject) continue;
    pending_[messages[i].subject.value()] = messages[i].sequence;
  }
}

std::unique_ptr<store::Watch> News::Watch(const Pattern& pattern, store::NewsCallback callback) {
  auto watcher = std::make_shared<Watcher>();
  watcher->pattern = pattern;
  {
    absl::MutexLock lock(&watcher->mutex);
    watcher->callback = std::move(callback);
  }
  {
    absl::MutexLock lock(&watchers_mutex_);
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

void News::Remove(const Watcher& watcher) {
  watching_.fetch_sub(1, std::memory_order_acq_rel);
  absl::MutexLock lock(&watchers_mutex_);
  if (!watcher.pattern.exact()) {
    patterns_.erase(watcher.id);
    return;
  }
  const auto found = exact_.find(watcher.pattern.base());
  found->second.erase(watcher.id);
  if (found->second.empty()) exact_.erase(found);
}

void News::Tell(std::string_view subject, Sequence last) {
  std::vector<std::shared_ptr<Watcher>> interested;
  {
    absl::MutexLock lock(&watchers_mutex_);
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

void News::Run() {
  for (;;) {
    absl::flat_hash_map<uint32_t, Sequence> changed;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](News* self)
               ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return !self->pending_.empty() || self->stop_; },
          this));
      if (stop_) return;
      changed.swap(pending_);
    }
    // Ascending, so that a watcher of a pattern never hears of a lower sequence after a higher one.
    std::vector<std::pair<Sequence, uint32_t>> ascending;
    for (const auto& [subject, last] : changed) ascending.emplace_back(last, subject);
    std::sort(ascending.begin(), ascending.end());
    for (const auto& [last, subject] : ascending) Tell(catalogue_.Name(SubjectId(subject)), last);
  }
}

}  // namespace mts::log
