#include "log/news.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mts::log {

News::News(const Catalogue& catalogue) : catalogue_(catalogue), thread_([this] { Run(); }) {}

News::~News() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void News::Publish(absl::Span<const VisibleMessage> messages) {
  if (watchers_.empty()) return;
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < messages.size(); ++i) {
    // Only the last of a run of one subject counts.
    if (i + 1 < messages.size() && messages[i + 1].subject == messages[i].subject) continue;
    pending_[messages[i].subject.value()] = messages[i].sequence;
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
    for (const auto& [last, subject] : ascending) watchers_.Tell(catalogue_.Name(SubjectId(subject)), last);
  }
}

}  // namespace mts::log
