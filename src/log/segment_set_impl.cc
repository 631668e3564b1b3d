#include "log/segment_set_impl.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

constexpr std::string_view kTemporaryMark = ".index.tmp";

}  // namespace

absl::StatusOr<std::unique_ptr<SegmentSet>> SegmentSet::Create(Options options) {
  auto set = std::make_unique<SegmentSetImpl>(std::move(options));
  MTS_RETURN_IF_ERROR(set->Start());
  return set;
}

SegmentSetImpl::SegmentSetImpl(Options options)
    : options_(std::move(options)),
      open_files_(*options_.files, limits::kMaxOpenLogFiles),
      cache_(options_.cache_bytes),
      indexer_({options_.directory, &open_files_, &cache_, &segments_, options_.catalogue}) {}

absl::Status SegmentSetImpl::Start() {
  const absl::StatusOr<std::vector<std::string>> names = options_.files->List(options_.directory);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(names.status());
  SegmentList::Tiers tiers;
  for (const std::string& name : *names) {
    const std::string path = PathOf(name);
    if (name.find(kTemporaryMark) != std::string::npos) {
      options_.files->Remove(path).IgnoreError();
    } else if (IsTierFileName(name)) {
      absl::StatusOr<std::shared_ptr<Tier>> tier = Tier::Open(open_files_, cache_, path);
      if (tier.ok()) {
        tiers.push_back(*std::move(tier));
        continue;
      }
      spdlog::warn("log: {}; it is made again", tier.status().ToString());
      indexer_.CountDamage();
      options_.files->Remove(path).IgnoreError();
    }
  }
  indexer_.RemoveTierFiles(segments_.AdoptTiers(std::move(tiers)));
  return absl::OkStatus();
}

// ---- The commit thread

void SegmentSetImpl::Append(SegmentPtr segment) {
  const SegmentList::Tiers wrong = segments_.Append(std::move(segment));
  for (const std::shared_ptr<Tier>& tier : wrong) {
    spdlog::warn("log: {} was made of other segments; it is made again", tier->path());
    indexer_.CountDamage();
  }
  indexer_.RemoveTierFiles(wrong);
}

absl::Status SegmentSetImpl::AdoptIndexed(const SegmentSummary& summary) {
  const std::string path = PathOf(IndexFileName(summary.number));
  absl::StatusOr<std::shared_ptr<DiskIndex>> index = DiskIndex::Open(open_files_, cache_, path);
  if (absl::IsNotFound(index.status())) return std::move(index).status();
  absl::Status status = index.status();
  if (status.ok()) {
    const SegmentSummary found = (*index)->Summary();
    if (found.number != summary.number || found.identity != summary.identity || found.messages != summary.messages ||
        found.first != summary.first || found.last != summary.last || found.end != summary.end) {
      status = absl::DataLossError(Concat(path, ": is of another segment, or of another state of it"));
    }
  }
  if (!status.ok()) {
    indexer_.CountDamage();
    spdlog::error("log: {}; the index is made again", status.ToString());
    return absl::DataLossError(ToAbsl(status.ToString()));
  }
  auto file =
      std::make_shared<LazyFile>(open_files_, PathOf(SegmentFileName(summary.number)), io::OpenMode::kReadWrite);
  const Sequence upper = std::max(last_upper_, summary.last);
  last_upper_ = upper;
  Append(
      std::make_shared<Segment>(Segment::Kind::kSealed, summary, upper, std::move(file), nullptr, *std::move(index)));
  return absl::OkStatus();
}

void SegmentSetImpl::OpenSegment(SegmentNumber number, uint64_t identity, std::shared_ptr<io::File> file) {
  SegmentSummary summary;
  summary.number = number;
  summary.identity = identity;
  active_ = std::make_shared<MemoryIndex>(number, identity, *options_.catalogue);
  active_file_ = std::make_shared<LazyFile>(open_files_, PathOf(SegmentFileName(number)), io::OpenMode::kReadWrite,
                                            std::move(file));
  Append(std::make_shared<Segment>(Segment::Kind::kActive, summary, kNoSequence, active_file_, active_, nullptr));
  indexer_.Changed();
}

void SegmentSetImpl::Add(absl::Span<const VisibleMessage> messages, Timestamp time) { active_->Add(messages, time); }

void SegmentSetImpl::Seal(uint64_t end) {
  active_->Close(end);
  const SegmentSummary summary = active_->Summary();
  last_upper_ = std::max(last_upper_, summary.last);
  auto sealed = std::make_shared<Segment>(Segment::Kind::kSealed, summary, last_upper_, std::move(active_file_),
                                          std::move(active_), nullptr);
  active_ = nullptr;
  active_file_ = nullptr;
  segments_.ReplaceLast(sealed);
  indexer_.Enqueue(std::move(sealed));
  indexer_.WaitForRoom();
}

absl::Status SegmentSetImpl::DescribeFront(absl::FunctionRef<void(const SubjectTotal&)> subject,
                                           absl::FunctionRef<void(const Location&)> reference) {
  const std::shared_ptr<const SegmentView> view = segments_.View();
  if (view->segments.empty() || !view->segments.front()->sealed()) {
    return absl::FailedPreconditionError("the oldest segment is the active one");
  }
  // Once without telling, so that nothing is told twice when the index turns out to be damaged in the middle.
  const SegmentPtr& front = view->segments.front();
  MTS_RETURN_IF_ERROR(AskIndex(
      front, [](const SegmentIndex& index) { return index.Describe([](const SubjectTotal&) {}, [](const Hit&) {}); }));
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, front->file()->Get());
  return front->index()->Describe(subject, [&](const Hit& hit) {
    reference({file, front->number(), front->identity(), uint64_t{hit.offset8} * kAlignment, hit.sequence});
  });
}

std::shared_ptr<io::File> SegmentSetImpl::RemoveFront() {
  const SegmentPtr front = segments_.RemoveFront();
  if (front == nullptr) return nullptr;
  std::shared_ptr<io::File> file = front->file()->Retire();
  const std::string path = PathOf(IndexFileName(front->number()));
  const absl::Status removed = options_.files->Remove(path);
  if (!removed.ok() && !absl::IsNotFound(removed)) spdlog::warn("log: {}: {}", path, removed.ToString());
  indexer_.RemoveTierFiles(segments_.TakeDeadTiers());
  indexer_.Changed();
  return file;
}

}  // namespace mts::log
