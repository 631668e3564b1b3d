#include "log/indexer.h"

#include <utility>

#include "base/status.h"
#include "log/index_rebuild.h"
#include "log/segment_index_writer.h"
#include "log/tier_planning.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr absl::Duration kRetryInterval = absl::Seconds(1);

}  // namespace

Indexer::Indexer(Options options) : options_(std::move(options)), thread_([this] { Run(); }) {}

Indexer::~Indexer() {
  stop_.store(true, std::memory_order_relaxed);
  {
    absl::MutexLock lock(&mutex_);
    changed_.SignalAll();
  }
  thread_.join();
}

std::string Indexer::PathOf(SegmentNumber number) const {
  return io::JoinPath(options_.directory, IndexFileName(number));
}

// ---- For the others

void Indexer::Enqueue(std::shared_ptr<Segment> segment) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(segment));
  retry_ = true;
  changed_.SignalAll();
}

void Indexer::WaitForRoom() {
  absl::MutexLock lock(&mutex_);
  while (queue_.size() > kMaxUnindexedSegments && !failing_) changed_.Wait(&mutex_);
}

void Indexer::Changed() {
  absl::MutexLock lock(&mutex_);
  merge_due_ = true;
  retry_ = true;
  changed_.SignalAll();
}

void Indexer::Finish() {
  absl::MutexLock lock(&mutex_);
  const uint64_t failures = failures_;
  merge_due_ = true;
  retry_ = true;
  changed_.SignalAll();
  while ((busy_ || merge_due_ || !queue_.empty()) && failures_ == failures) changed_.Wait(&mutex_);
}

absl::Status Indexer::Rebuild(const std::shared_ptr<Segment>& segment, const absl::Status& why) {
  WaitForRoom();
  return RebuildNow(segment, why);
}

absl::Status Indexer::RebuildNow(const std::shared_ptr<Segment>& segment, const absl::Status& why) {
  absl::MutexLock lock(&rebuild_mutex_);
  if (segment->memory_index() != nullptr) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, segment->file()->Get());
  CountDamage();
  spdlog::error("log: the index of {} is not usable and is made again: {}", segment->file()->path(), why.ToString());
  MTS_ASSIGN_OR_RETURN(std::shared_ptr<MemoryIndex> index,
                       RebuildIndex(*file, segment->file()->path(), segment->sealed_summary(), *options_.catalogue));
  segment->SetMemoryIndex(std::move(index));
  Enqueue(segment);
  return absl::OkStatus();
}

void Indexer::DropTier(const std::shared_ptr<Tier>& tier, const absl::Status& why) {
  if (!options_.segments->TakeTier(tier.get())) return;  // replaced meanwhile, so its file was removed
  CountDamage();
  spdlog::error("log: {} is not usable and is made again: {}", tier->path(), why.ToString());
  RemoveTierFiles({tier});
  Changed();
}

void Indexer::RemoveTierFiles(const SegmentList::Tiers& tiers) {
  for (const std::shared_ptr<Tier>& tier : tiers) {
    const absl::Status status = files().Remove(tier->path());
    if (!status.ok() && !absl::IsNotFound(status)) spdlog::warn("log: {}: {}", tier->path(), status.ToString());
  }
}

// ---- The thread

void Indexer::Run() {
  std::shared_ptr<Segment> segment;
  while (WaitForWork(segment)) {
    bool more = true;
    const absl::Status status = segment != nullptr ? WriteIndex(*segment) : MergeOnce(more);
    Done(status, more);
  }
}

bool Indexer::WaitForWork(std::shared_ptr<Segment>& segment) {
  absl::MutexLock lock(&mutex_);
  while (!stop_.load(std::memory_order_relaxed)) {
    const bool due = !queue_.empty() || merge_due_;
    if (due && (!failing_ || retry_)) break;
    if (!failing_) {
      changed_.Wait(&mutex_);
    } else if (changed_.WaitWithTimeout(&mutex_, kRetryInterval)) {
      retry_ = true;
    }
  }
  if (stop_.load(std::memory_order_relaxed)) return false;
  retry_ = false;
  busy_ = true;
  segment = queue_.empty() ? nullptr : queue_.front();
  if (segment == nullptr) merge_due_ = false;
  return true;
}

void Indexer::Done(const absl::Status& status, bool more) {
  absl::MutexLock lock(&mutex_);
  busy_ = false;
  failing_ = !status.ok();
  if (failing_) {
    if (failures_++ % 60 == 0) spdlog::error("log: indexing: {}; it is tried again", status.ToString());
    merge_due_ = true;
  } else if (more) {
    merge_due_ = true;
  }
  changed_.SignalAll();
}

absl::Status Indexer::WriteIndex(Segment& segment) {
  const std::string path = PathOf(segment.number());
  const std::shared_ptr<MemoryIndex> memory = segment.memory_index();
  if (memory != nullptr && !segment.removed()) {
    MTS_RETURN_IF_ERROR(WriteSegmentIndex(files(), path, *memory));
    MTS_ASSIGN_OR_RETURN(std::shared_ptr<DiskIndex> disk, DiskIndex::Open(*options_.open_files, *options_.cache, path));
    segment.SetDiskIndex(std::move(disk));
    // Whoever removed it meanwhile may have looked for the file before it was there.
    if (segment.removed()) files().Remove(path).IgnoreError();
  }
  absl::MutexLock lock(&mutex_);
  queue_.pop_front();
  return absl::OkStatus();
}

absl::Status Indexer::MergeOnce(bool& more) {
  more = false;
  if (!stale_removed_) RemoveStaleIndexes();
  RemoveTierFiles(options_.segments->TakeDeadTiers());
  const std::shared_ptr<const SegmentView> view = options_.segments->View();
  const std::optional<MergePlan> plan = PlanMerge(*view);
  if (!plan) return absl::OkStatus();
  more = true;
  const MergeResult result = MergeTier(files(), options_.directory, *plan, stop_);
  if (result.status.ok()) return InstallTier(*plan, result.path);
  if (absl::IsCancelled(result.status)) return absl::OkStatus();
  if (!absl::IsDataLoss(result.status) || result.failed_input >= plan->inputs.size()) return result.status;
  const MergeInput& input = plan->inputs[result.failed_input];
  if (input.tier != nullptr) {
    DropTier(input.tier, result.status);
    return absl::OkStatus();
  }
  const size_t place = view->FirstFrom(input.segment->header().number);
  const std::shared_ptr<Segment>& segment = view->segments[place];
  if (segment->removed()) return absl::OkStatus();
  return RebuildNow(segment, result.status);
}

absl::Status Indexer::InstallTier(const MergePlan& plan, const std::string& path) {
  absl::StatusOr<std::shared_ptr<Tier>> tier = Tier::Open(*options_.open_files, *options_.cache, path);
  if (!tier.ok()) return std::move(tier).status();
  SegmentList::Tiers old;
  for (const MergeInput& input : plan.inputs) {
    if (input.tier != nullptr) old.push_back(input.tier);
  }
  if (options_.segments->ReplaceTiers(old, *tier)) {
    RemoveTierFiles(old);
  } else {
    RemoveTierFiles({*tier});  // one of them died or was dropped while they were merged
  }
  return absl::OkStatus();
}

void Indexer::RemoveStaleIndexes() {
  const std::shared_ptr<const SegmentView> view = options_.segments->View();
  if (view->segments.empty()) return;
  const SegmentNumber front = view->segments.front()->number();
  const absl::StatusOr<std::vector<std::string>> names = files().List(options_.directory);
  if (!names.ok()) return;
  stale_removed_ = true;
  for (const std::string& name : *names) {
    const std::optional<SegmentNumber> number = ParseIndexFileName(name);
    if (number && *number < front) files().Remove(io::JoinPath(options_.directory, name)).IgnoreError();
  }
}

}  // namespace mts::log
