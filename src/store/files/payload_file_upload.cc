#include "store/files/payload_file_upload.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace mts::store {
namespace {

// Chunks gathered before a write; also bounds how deep a caller that writes from within `done` can get.
constexpr size_t kGatherChunks = 128;

absl::Status QueueIsFull() { return absl::ResourceExhaustedError("too many payload files are being written"); }

// Shared by the upload and its tasks, so that an upload may be destroyed while a task is under way.
class UploadState {
 public:
  explicit UploadState(std::unique_ptr<PayloadFileWriter> writer) : writer_(std::move(writer)) {}

  // True when it is time to write.
  bool Gather(std::string chunk) {
    absl::MutexLock lock(&mutex_);
    gathered_bytes_ += chunk.size();
    if (!chunk.empty()) gathered_.push_back(std::move(chunk));
    return gathered_bytes_ >= kGatherBytes || gathered_.size() >= kGatherChunks;
  }
  absl::Status WriteGathered() {
    absl::MutexLock lock(&mutex_);
    return WriteGatheredLocked();
  }
  absl::StatusOr<PayloadReference> Finish() {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = WriteGatheredLocked(); !status.ok()) return status;
    return writer_->Finish();
  }
  void Abandon(const absl::Status& why) {
    absl::MutexLock lock(&mutex_);
    gathered_.clear();
    writer_->Abandon(why);
  }

 private:
  absl::Status WriteGatheredLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::vector<std::string> chunks = std::move(gathered_);
    gathered_.clear();
    gathered_bytes_ = 0;
    const std::vector<std::string_view> parts(chunks.begin(), chunks.end());
    return writer_->Append(parts);
  }

  absl::Mutex mutex_;
  const std::unique_ptr<PayloadFileWriter> writer_ ABSL_PT_GUARDED_BY(mutex_);
  std::vector<std::string> gathered_ ABSL_GUARDED_BY(mutex_);
  uint64_t gathered_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

class PayloadFileUpload : public PayloadUpload {
 public:
  PayloadFileUpload(ThreadPool* pool, std::unique_ptr<PayloadFileWriter> writer)
      : pool_(*pool), state_(std::make_shared<UploadState>(std::move(writer))) {}

  ~PayloadFileUpload() override {
    if (finishing_) return;
    ThreadPool::Task abandon = [state = state_] { state->Abandon(absl::CancelledError("upload ended")); };
    if (!pool_.TrySubmit(abandon)) abandon();
  }

  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) override {
    if (!failure_.ok()) return done(failure_);
    if (!state_->Gather(std::move(chunk))) return done(absl::OkStatus());
    auto shared_done = std::make_shared<absl::AnyInvocable<void(absl::Status)>>(std::move(done));
    if (pool_.TrySubmit([state = state_, shared_done] { (*shared_done)(state->WriteGathered()); })) return;
    failure_ = QueueIsFull();
    state_->Abandon(failure_);
    (*shared_done)(failure_);
  }

  void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override {
    if (!failure_.ok()) return done(failure_);
    finishing_ = true;
    auto shared_done = std::make_shared<absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)>>(std::move(done));
    if (pool_.TrySubmit([state = state_, shared_done] { (*shared_done)(state->Finish()); })) return;
    failure_ = QueueIsFull();
    state_->Abandon(failure_);
    (*shared_done)(failure_);
  }

 private:
  ThreadPool& pool_;
  const std::shared_ptr<UploadState> state_;
  bool finishing_ = false;
  absl::Status failure_;
};

}  // namespace

std::unique_ptr<PayloadUpload> MakePayloadFileUpload(ThreadPool* pool, std::unique_ptr<PayloadFileWriter> writer) {
  return std::make_unique<PayloadFileUpload>(pool, std::move(writer));
}

}  // namespace mts::store
