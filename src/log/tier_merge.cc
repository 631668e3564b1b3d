#include "log/tier_merge.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "log/index_file.h"
#include "log/name_table_writer.h"

namespace mts::log {
namespace {

// Names between two looks at `stop`.
constexpr uint64_t kNamesBetweenStops = 4096;

// One input and its present name.
class Side {
 public:
  explicit Side(const MergeInput& input)
      : input_(input),
        cursor_(input.segment ? input.segment->file() : input.tier->file(),
                input.segment ? input.segment->header().table : input.tier->header().table,
                input.segment ? IndexKind::kSegment : IndexKind::kTier) {}

  absl::Status Advance() {
    MTS_ASSIGN_OR_RETURN(more_, cursor_.Next());
    return absl::OkStatus();
  }
  bool more() const { return more_; }
  const std::string& name() const { return cursor_.name(); }

  // Appends the segments of the present name that are at `front` or behind, less `base`.
  absl::Status AppendNumbers(SegmentNumber front, SegmentNumber base, std::string& to) {
    if (input_.segment) {
      Append(input_.segment->header().number, front, base, to);
      return absl::OkStatus();
    }
    while (true) {
      MTS_ASSIGN_OR_RETURN(const std::string_view piece, cursor_.ReadList());
      if (piece.empty()) return absl::OkStatus();
      for (size_t i = 0; i + kTierItemBytes <= piece.size(); i += kTierItemBytes) {
        const uint64_t number = input_.tier->first().value() + LoadInteger<uint32_t>(piece.data() + i);
        Append(SegmentNumber(number), front, base, to);
      }
    }
  }

 private:
  static void Append(SegmentNumber number, SegmentNumber front, SegmentNumber base, std::string& to) {
    if (number >= front) AppendInteger<uint32_t>(to, static_cast<uint32_t>(number.value() - base.value()));
  }

  const MergeInput& input_;
  NameCursor cursor_;
  bool more_ = false;
};

class Merge {
 public:
  Merge(const MergePlan& plan, NameTableWriter& writer, const std::atomic<bool>& stop)
      : plan_(plan), writer_(writer), stop_(stop) {
    for (const MergeInput& input : plan.inputs) sides_.push_back(std::make_unique<Side>(input));
  }

  absl::Status Run() {
    for (failed_ = 0; failed_ < sides_.size(); ++failed_) MTS_RETURN_IF_ERROR(sides_[failed_]->Advance());
    std::string name;
    for (uint64_t names = 1; Smallest(name); ++names) {
      if (names % kNamesBetweenStops == 0 && stop_.load(std::memory_order_relaxed)) {
        return absl::CancelledError("the store is closing");
      }
      MTS_RETURN_IF_ERROR(MergeName(name));
    }
    return absl::OkStatus();
  }
  size_t failed() const { return failed_; }

 private:
  bool Smallest(std::string& name) const {
    const Side* smallest = nullptr;
    for (const auto& side : sides_) {
      if (side->more() && (smallest == nullptr || side->name() < smallest->name())) smallest = side.get();
    }
    if (smallest != nullptr) name = smallest->name();
    return smallest != nullptr;
  }

  absl::Status MergeName(const std::string& name) {
    numbers_.clear();
    for (failed_ = 0; failed_ < sides_.size(); ++failed_) {
      Side& side = *sides_[failed_];
      if (!side.more() || side.name() != name) continue;
      MTS_RETURN_IF_ERROR(side.AppendNumbers(plan_.front, plan_.first(), numbers_));
      MTS_RETURN_IF_ERROR(side.Advance());
    }
    if (numbers_.empty()) return absl::OkStatus();  // only in segments that are gone
    writer_.AppendList(numbers_);
    writer_.EndName(name, 0);
    return absl::OkStatus();
  }

  const MergePlan& plan_;
  NameTableWriter& writer_;
  const std::atomic<bool>& stop_;
  std::vector<std::unique_ptr<Side>> sides_;
  std::string numbers_;
  size_t failed_ = 0;
};

void AppendMember(PagedWriter& writer, SegmentNumber number, uint64_t identity) {
  std::string bytes;
  AppendInteger<uint64_t>(bytes, number.value());
  AppendInteger<uint64_t>(bytes, identity);
  writer.Append(bytes);
}

void WriteMembers(const MergePlan& plan, PagedWriter& writer, IndexHeader& header) {
  writer.Align(8);
  header.members_at = writer.position();
  for (const MergeInput& input : plan.inputs) {
    if (input.segment) {
      AppendMember(writer, input.segment->header().number, input.segment->header().identity);
      ++header.members;
      continue;
    }
    for (const TierMember& member : input.tier->members()) {
      if (member.number < plan.front) continue;
      AppendMember(writer, member.number, member.identity);
      ++header.members;
    }
  }
}

}  // namespace

SegmentNumber MergePlan::first() const {
  const MergeInput& input = inputs.front();
  return std::max(front, input.segment ? input.segment->header().number : input.tier->first());
}

SegmentNumber MergePlan::last() const {
  const MergeInput& input = inputs.back();
  return input.segment ? input.segment->header().number : input.tier->last();
}

MergeResult MergeTier(io::FileSystem& files, const std::string& directory, const MergePlan& plan,
                      const std::atomic<bool>& stop) {
  MergeResult result;
  result.path = io::JoinPath(directory, TierFileName(plan.first(), plan.last()));
  const std::string temporary = result.path + ".tmp";
  IndexHeader header;
  header.kind = IndexKind::kTier;
  header.number = plan.first();
  header.last_number = plan.last();
  header.level = plan.level;
  absl::StatusOr<std::unique_ptr<PagedWriter>> writer = PagedWriter::Create(files, temporary);
  if (!writer.ok()) {
    result.status = absl::InternalError(writer.status().message());
    return result;
  }
  {
    NameTableWriter names(files, temporary, **writer, IndexKind::kTier);
    Merge merge(plan, names, stop);
    result.status = merge.Run();
    result.failed_input = merge.failed();
    if (result.status.ok()) {
      const absl::StatusOr<NameTableLayout> table = names.Finish();
      result.status = table.status();
      if (table.ok()) header.table = *table;
    }
  }
  if (!result.status.ok()) {
    writer->reset();
    files.Remove(temporary).IgnoreError();
    return result;
  }
  WriteMembers(plan, **writer, header);
  result.status = FinishIndexFile(files, temporary, result.path, *std::move(writer), header);
  return result;
}

}  // namespace mts::log
