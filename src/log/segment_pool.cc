#include "log/segment_pool.h"

#include <algorithm>

#include "absl/time/time.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr std::string_view kSuffix = ".prepared";
constexpr uint64_t kPieceBytes = 1 * limits::kMiB;
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr absl::Duration kPauseAfterFailure = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<SegmentPool>> SegmentPool::Open(Options options) {
  std::unique_ptr<SegmentPool> pool(new SegmentPool(std::move(options)));
  const Options& opened = pool->options_;
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, opened.files->List(opened.directory));
  {
    absl::MutexLock lock(&pool->mutex_);
    for (const std::string& name : names) {
      if (!name.ends_with(kSuffix)) continue;
      const std::string path = io::JoinPath(opened.directory, name);
      MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, opened.files->Open(path, io::OpenMode::kRead));
      MTS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
      if (size == opened.segment_bytes && pool->ready_.size() < opened.prepared) {
        pool->ready_.push_back(path);
      } else {
        MTS_RETURN_IF_ERROR(opened.files->Remove(path));
      }
    }
    pool->next_name_ = names.size() + 1;
  }
  if (opened.prepared > 0) pool->filler_ = std::thread([raw = pool.get()] { raw->FillLoop(); });
  return pool;
}

SegmentPool::~SegmentPool() { Shutdown(); }

void SegmentPool::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (filler_.joinable()) filler_.join();
}

uint32_t SegmentPool::ready() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<uint32_t>(ready_.size());
}

std::string SegmentPool::NewName() {
  absl::MutexLock lock(&mutex_);
  for (;;) {
    std::string path = io::JoinPath(options_.directory, Concat("pool-", next_name_++, kSuffix));
    if (std::find(ready_.begin(), ready_.end(), path) == ready_.end()) return path;
  }
}

absl::StatusOr<std::shared_ptr<io::File>> SegmentPool::CreateAllocated(const std::string& path) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, options_.files->Open(path, io::OpenMode::kCreateOrTruncate));
  if (absl::Status status = file->Allocate(options_.segment_bytes); !status.ok()) {
    file.reset();
    options_.files->Remove(path).IgnoreError();
    return WithContext(status, "no room for a new segment");
  }
  return std::shared_ptr<io::File>(std::move(file));
}

absl::StatusOr<std::shared_ptr<io::File>> SegmentPool::Take(const SegmentHeader& header) {
  std::string from;
  {
    absl::MutexLock lock(&mutex_);
    if (!ready_.empty()) {
      from = std::move(ready_.back());
      ready_.pop_back();
    }
  }
  std::shared_ptr<io::File> file;
  if (from.empty()) {
    from = NewName();
    MTS_ASSIGN_OR_RETURN(file, CreateAllocated(from));
  } else {
    MTS_ASSIGN_OR_RETURN(file, options_.files->Open(from, io::OpenMode::kReadWrite));
  }
  const std::string path = io::JoinPath(options_.directory, SegmentFileName(header.number));
  absl::Status status = file->Write(0, EncodeSegmentHeader(header));
  if (status.ok()) status = file->SyncData();
  if (status.ok()) status = options_.files->Rename(from, path);
  if (status.ok()) status = options_.files->SyncDirectory(options_.directory);
  if (!status.ok()) {
    options_.files->Remove(from).IgnoreError();
    options_.files->Remove(path).IgnoreError();
    return status;
  }
  return file;
}

absl::Status SegmentPool::Recycle(SegmentNumber number, const std::shared_ptr<io::File>& file) {
  const std::string path = io::JoinPath(options_.directory, SegmentFileName(number));
  if (file == nullptr || file.use_count() > 1 || ready() >= options_.prepared) return options_.files->Remove(path);
  const std::string pooled = NewName();
  MTS_RETURN_IF_ERROR(options_.files->Rename(path, pooled));
  // After the rename: a backup links segments by their names, so that no other link can come from here on.
  const absl::StatusOr<uint64_t> links = file->LinkCount();
  const absl::StatusOr<uint64_t> size = file->Size();
  const bool reusable = links.ok() && *links == 1 && size.ok() && *size == options_.segment_bytes;
  if (!reusable) return options_.files->Remove(pooled);
  absl::MutexLock lock(&mutex_);
  ready_.push_back(pooled);
  return absl::OkStatus();
}

bool SegmentPool::MayFill() {
  {
    absl::MutexLock lock(&mutex_);
    if (ready_.size() >= options_.prepared) return false;
  }
  const absl::StatusOr<uint64_t> free = options_.files->FreeBytes(options_.directory);
  return free.ok() && *free > options_.min_free_bytes + 2 * options_.segment_bytes && options_.disk_idle();
}

bool SegmentPool::StoppedWithin(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&stop_), pause);
}

void SegmentPool::FillLoop() {
  absl::Duration pause = kPause;
  while (!StoppedWithin(pause)) {
    const bool failed = MayFill() && !WriteOneAhead();
    pause = failed ? kPauseAfterFailure : kPause;
  }
}

bool SegmentPool::WriteOneAhead() {
  const std::string path = NewName();
  absl::StatusOr<std::shared_ptr<io::File>> file = CreateAllocated(path);
  if (!file.ok()) return false;
  const std::string zeros(kPieceBytes, '\0');
  uint64_t written = 0;
  absl::Status status;
  while (written < options_.segment_bytes && status.ok()) {
    if (!options_.disk_idle()) {
      if (StoppedWithin(kPause)) break;
      continue;
    }
    if (StoppedWithin(absl::ZeroDuration())) break;
    const uint64_t piece = std::min(kPieceBytes, options_.segment_bytes - written);
    status = (*file)->Write(written, std::string_view(zeros).substr(0, piece));
    if (status.ok()) status = (*file)->SyncData();
    written += piece;
  }
  if (!status.ok() || written < options_.segment_bytes) {
    file->reset();
    options_.files->Remove(path).IgnoreError();
    return false;
  }
  absl::MutexLock lock(&mutex_);
  ready_.push_back(path);
  return true;
}

}  // namespace mts::log
