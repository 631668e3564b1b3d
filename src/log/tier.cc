#include "log/tier.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"
#include "log/index_file.h"
#include "log/item_bitmap.h"

namespace mts::log {
namespace {

// For more numbers a bitmap is made and kept.
constexpr uint64_t kMaxSortedNumbers = 2048;
// Segments that a tier can span; a header that says more is damaged.
constexpr uint64_t kMaxSpan = uint64_t{1} << 24;

}  // namespace

absl::StatusOr<std::shared_ptr<Tier>> Tier::Open(OpenFiles& open_files, BlockCache& cache, std::string path) {
  MTS_ASSIGN_OR_RETURN(const IndexHeader header, ReadIndexHeader(open_files.files(), path));
  if (header.kind != IndexKind::kTier || header.last_number < header.number ||
      header.last_number.value() - header.number.value() >= kMaxSpan || header.members > kMaxSpan) {
    return absl::DataLossError(Concat(path, ": not a tier"));
  }
  std::shared_ptr<Tier> tier(new Tier(open_files, cache, std::move(path), header));
  MTS_RETURN_IF_ERROR(tier->LoadMembers());
  return tier;
}

Tier::Tier(OpenFiles& open_files, BlockCache& cache, std::string path, const IndexHeader& header)
    : header_(header), file_(open_files, cache, std::move(path)), names_(file_, header.table, IndexKind::kTier) {}

absl::Status Tier::LoadMembers() {
  SequentialReader reader(file_, header_.members_at, header_.members_at + header_.members * kTierMemberBytes);
  for (uint64_t i = 0; i < header_.members; ++i) {
    MTS_ASSIGN_OR_RETURN(const std::string_view bytes, reader.Read(kTierMemberBytes));
    const TierMember member{SegmentNumber(LoadInteger<uint64_t>(bytes.data())),
                            LoadInteger<uint64_t>(bytes.data() + 8)};
    if (!Covers(member.number) || (!members_.empty() && member.number <= members_.back().number)) {
      return absl::DataLossError(Concat(path(), ": its segments are out of order"));
    }
    members_.push_back(member);
  }
  return absl::OkStatus();
}

bool Tier::Has(SegmentNumber number, uint64_t identity) const {
  const auto found = std::lower_bound(members_.begin(), members_.end(), number,
                                      [](const TierMember& member, SegmentNumber n) { return member.number < n; });
  return found != members_.end() && found->number == number && found->identity == identity;
}

absl::Status Tier::ReadNumbers(const ItemRange& items, std::vector<uint32_t>& numbers) const {
  const size_t before = numbers.size();
  numbers.resize(before + items.count);
  return names_.ReadItems(
      items.first, absl::MakeSpan(reinterpret_cast<char*>(numbers.data() + before), items.count * sizeof(uint32_t)));
}

absl::StatusOr<std::vector<uint32_t>> Tier::NumbersBelow(const Pattern& pattern) const {
  std::vector<uint32_t> numbers;
  MTS_ASSIGN_OR_RETURN(const NameRanges ranges, names_.FindBelow(pattern));
  if (ranges.empty()) return numbers;
  MTS_ASSIGN_OR_RETURN(const ItemRange base, names_.ItemsOf(ranges.base));
  MTS_ASSIGN_OR_RETURN(const ItemRange below, names_.ItemsOf(ranges.below));
  if (base.count + below.count <= kMaxSortedNumbers) {
    MTS_RETURN_IF_ERROR(ReadNumbers(base, numbers));
    MTS_RETURN_IF_ERROR(ReadNumbers(below, numbers));
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  }
  MTS_ASSIGN_OR_RETURN(const ItemBitmap bitmap, ItemBitmap::Of(names_, ranges, span()));
  for (uint64_t next = bitmap.Next(0, span()); next < span(); next = bitmap.Next(next + 1, span())) {
    numbers.push_back(static_cast<uint32_t>(next));
  }
  return numbers;
}

absl::StatusOr<std::vector<SegmentNumber>> Tier::Candidates(const Pattern& pattern, SegmentNumber from) const {
  std::vector<SegmentNumber> candidates;
  std::vector<uint32_t> numbers;
  if (pattern.exact()) {
    MTS_ASSIGN_OR_RETURN(const std::optional<NameEntry> entry, names_.Find(pattern.base()));
    if (!entry) return candidates;
    if (entry->list_length > span()) return absl::DataLossError(Concat(path(), ": a list is too long"));
    MTS_RETURN_IF_ERROR(ReadNumbers({entry->list_first, entry->list_length}, numbers));
  } else {
    MTS_ASSIGN_OR_RETURN(numbers, NumbersBelow(pattern));
  }
  for (const uint32_t number : numbers) {
    const SegmentNumber candidate(first().value() + number);
    if (candidate >= from) candidates.push_back(candidate);
  }
  return candidates;
}

}  // namespace mts::log
