#include "cli/bench/unary_load.h"

namespace mts::cli {

class UnaryLoad::Slot : public Event {
 public:
  Slot(UnaryLoad& load, RawStub& stub, uint64_t number) : load_(load), stub_(stub), number_(number) {}

  void Begin(const std::string& method, const grpc::ByteBuffer& request, grpc::CompletionQueue* queue,
             int64_t intended) {
    intended_ = intended;
    answer_.Clear();
    {
      absl::MutexLock lock(&mutex_);
      context_.emplace();
    }
    call_ = stub_.PrepareUnaryCall(&*context_, method, request, queue);
    call_->StartCall();
    call_->Finish(&answer_, &status_, this);
  }
  void OnEvent(bool) override { load_.OnAnswer(*this); }
  void Cancel() {
    absl::MutexLock lock(&mutex_);
    if (context_) context_->TryCancel();
  }

  uint64_t number() const { return number_; }
  int64_t intended() const { return intended_; }
  const grpc::Status& status() const { return status_; }
  const grpc::ByteBuffer& answer() const { return answer_; }

 private:
  UnaryLoad& load_;
  RawStub& stub_;
  const uint64_t number_;
  absl::Mutex mutex_;  // the context against Cancel
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> call_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
  int64_t intended_ = 0;
};

UnaryLoad::UnaryLoad(const BenchSettings& settings, Worker& worker, RawConnections& connections, UnaryWork& work,
                     uint64_t first_slot, uint64_t slots)
    : settings_(settings), worker_(worker), connections_(connections), work_(work) {
  for (uint64_t i = 0; i < slots; ++i) {
    slots_.push_back(std::make_unique<Slot>(*this, connections.Next(), first_slot + i));
    free_.push_back(slots_.back().get());
  }
}

UnaryLoad::~UnaryLoad() = default;

void UnaryLoad::Start() {
  if (settings_.open_loop()) return;
  std::vector<Slot*> slots;
  {
    absl::MutexLock lock(&mutex_);
    slots.swap(free_);
  }
  for (Slot* slot : slots) Begin(*slot, NowNanos());
}

void UnaryLoad::Issue(int64_t intended) {
  Slot* slot = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    if (free_.empty()) {
      waiting_.push_back(intended);
      return;
    }
    slot = free_.back();
    free_.pop_back();
  }
  Begin(*slot, intended);
}

void UnaryLoad::Begin(Slot& slot, int64_t intended) {
  slot.Begin(work_.method(), work_.Request(slot.number()), worker_.queue(), intended);
}

void UnaryLoad::OnAnswer(Slot& slot) {
  const int64_t now = NowNanos();
  absl::Status status = StatusOf(slot.status(), connections_.address());
  if (status.ok()) {
    const auto counted = work_.Answered(slot.number(), slot.answer());
    status = counted.status();
    if (counted.ok()) worker_.recorder().Record(slot.intended(), now, counted->messages, counted->bytes);
  }
  if (!status.ok() && !stopped_) {
    worker_.recorder().RecordError(status);
    if (absl::IsUnavailable(status)) {
      absl::MutexLock lock(&mutex_);
      if (failure_.ok()) failure_ = status;
      stopped_ = true;
    }
  }
  Continue(slot);
}

void UnaryLoad::Continue(Slot& slot) {
  if (!settings_.open_loop() && !stopped_) return Begin(slot, NowNanos());
  int64_t intended = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (waiting_.empty() || stopped_) {
      free_.push_back(&slot);
      return;
    }
    intended = waiting_.front();
    waiting_.pop_front();
  }
  Begin(slot, intended);
}

void UnaryLoad::Stop() { stopped_ = true; }

void UnaryLoad::Cancel() {
  for (const auto& slot : slots_) slot->Cancel();
}

bool UnaryLoad::Finished() {
  absl::MutexLock lock(&mutex_);
  return free_.size() == slots_.size();
}

absl::Status UnaryLoad::Failure() {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

}  // namespace mts::cli
