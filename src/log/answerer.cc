#include "log/answerer.h"

namespace mts::log {
namespace {

// Up to so many answers cost less than waking a thread.
constexpr size_t kAnsweredAtOnce = 2;

void AnswerAll(std::vector<std::unique_ptr<Operation>>& operations, const absl::Status& status) {
  for (std::unique_ptr<Operation>& operation : operations) operation->Answer(status);
}

}  // namespace

Answerer::Answerer() : thread_([this] { Run(); }) {}

Answerer::~Answerer() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Answerer::Answer(std::vector<std::unique_ptr<Operation>> operations, const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (operations.size() > kAnsweredAtOnce || busy_ || !due_.empty()) {
      due_.push_back({std::move(operations), status});
      return;
    }
  }
  AnswerAll(operations, status);
}

void Answerer::Drain() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](Answerer* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->due_.empty() && !self->busy_; },
      this));
}

void Answerer::Run() {
  for (;;) {
    std::vector<Due> due;
    {
      absl::MutexLock lock(&mutex_);
      busy_ = false;
      mutex_.Await(absl::Condition(
          +[](Answerer* self)
               ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return !self->due_.empty() || self->stop_; },
          this));
      if (due_.empty()) return;
      due.swap(due_);
      busy_ = true;
    }
    for (Due& group : due) AnswerAll(group.operations, group.status);
  }
}

}  // namespace mts::log
