#include "log/name_table.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr size_t kSlotsAtOnce = 16;
constexpr size_t kListPieceBytes = 4096;

}  // namespace

absl::Status NameTable::Damaged(std::string_view what) const {
  return absl::DataLossError(Concat(file_.path(), ": ", what));
}

absl::StatusOr<NameEntry> NameTable::Entry(uint32_t rank) const {
  char bytes[kNameEntryBytes];
  MTS_RETURN_IF_ERROR(file_.Read(layout_.entries_at + rank * kNameEntryBytes, absl::MakeSpan(bytes)));
  const NameEntry entry = DecodeNameEntry(bytes);
  if (entry.name_length > limits::kMaxSubjectBytes || entry.name_offset > layout_.names_bytes ||
      entry.name_length > layout_.names_bytes - entry.name_offset || entry.list_first > layout_.list_items ||
      entry.list_length > layout_.list_items - entry.list_first) {
    return Damaged(Concat("entry ", rank, " points outside of the file"));
  }
  return entry;
}

absl::StatusOr<std::string_view> NameTable::Name(const NameEntry& entry, char* buffer) const {
  MTS_RETURN_IF_ERROR(file_.Read(layout_.names_at + entry.name_offset, absl::MakeSpan(buffer, entry.name_length)));
  return std::string_view(buffer, entry.name_length);
}

absl::StatusOr<std::optional<NameEntry>> NameTable::Find(std::string_view name) const {
  const uint32_t hash = HashSubjectName(name);
  std::array<NameSlot, kSlotsAtOnce> slots;
  for (uint64_t at = HomeSlot(hash, layout_.homes); at < layout_.slots; at += kSlotsAtOnce) {
    const size_t count = std::min<uint64_t>(kSlotsAtOnce, layout_.slots - at);
    MTS_RETURN_IF_ERROR(file_.Read(layout_.slots_at + at * sizeof(NameSlot),
                                   absl::MakeSpan(reinterpret_cast<char*>(slots.data()), count * sizeof(NameSlot))));
    for (size_t i = 0; i < count; ++i) {
      if (slots[i].rank == NameSlot::kNoRank || slots[i].hash > hash) return std::nullopt;
      if (slots[i].hash != hash) continue;
      if (slots[i].rank >= layout_.names) return Damaged("a slot points outside of the table");
      MTS_ASSIGN_OR_RETURN(const NameEntry entry, Entry(slots[i].rank));
      if (entry.name_length != name.size()) continue;
      char buffer[limits::kMaxSubjectBytes];
      MTS_ASSIGN_OR_RETURN(const std::string_view found, Name(entry, buffer));
      if (found == name) return entry;
    }
  }
  return std::nullopt;
}

absl::StatusOr<uint32_t> NameTable::LowerBound(std::string_view name, uint32_t begin) const {
  uint32_t end = static_cast<uint32_t>(layout_.names);
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    MTS_ASSIGN_OR_RETURN(const NameEntry entry, Entry(middle));
    char buffer[limits::kMaxSubjectBytes];
    MTS_ASSIGN_OR_RETURN(const std::string_view found, Name(entry, buffer));
    if (found < name) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

absl::StatusOr<NameRanges> NameTable::FindBelow(const Pattern& pattern) const {
  NameRanges ranges;
  const std::string& base = pattern.base();
  MTS_ASSIGN_OR_RETURN(ranges.base.begin, LowerBound(base, 0));
  ranges.base.end = ranges.base.begin;
  if (ranges.base.begin < layout_.names) {
    MTS_ASSIGN_OR_RETURN(const NameEntry entry, Entry(ranges.base.begin));
    char buffer[limits::kMaxSubjectBytes];
    MTS_ASSIGN_OR_RETURN(const std::string_view found, Name(entry, buffer));
    if (found == base) ++ranges.base.end;
  }
  MTS_ASSIGN_OR_RETURN(ranges.below.begin, LowerBound(base + '.', ranges.base.end));
  MTS_ASSIGN_OR_RETURN(ranges.below.end, LowerBound(base + static_cast<char>('.' + 1), ranges.below.begin));
  return ranges;
}

absl::StatusOr<ItemRange> NameTable::ItemsOf(const NameRange& range) const {
  if (range.empty()) return ItemRange{};
  MTS_ASSIGN_OR_RETURN(const NameEntry first, Entry(range.begin));
  MTS_ASSIGN_OR_RETURN(const NameEntry last, Entry(range.end - 1));
  const uint64_t end = last.list_first + last.list_length;
  if (end < first.list_first) return Damaged("lists are not in the order of their names");
  return ItemRange{first.list_first, end - first.list_first};
}

absl::Status NameTable::ReadItems(uint64_t first_item, absl::Span<char> to) const {
  return file_.Read(layout_.lists_at + first_item * item_bytes_, to);
}

NameCursor::NameCursor(const PagedFile& file, const NameTableLayout& layout, IndexKind kind)
    : item_bytes_(ListItemBytes(kind)),
      left_(layout.names),
      entries_(file, layout.entries_at, layout.entries_at + layout.names * kNameEntryBytes),
      names_(file, layout.names_at, layout.names_at + layout.names_bytes),
      lists_(file, layout.lists_at, layout.lists_at + layout.list_items * item_bytes_) {}

absl::StatusOr<bool> NameCursor::Next() {
  if (left_ == 0) return false;
  --left_;
  MTS_ASSIGN_OR_RETURN(const std::string_view bytes, entries_.Read(kNameEntryBytes));
  const uint64_t names_end = entry_.name_offset + entry_.name_length;
  entry_ = DecodeNameEntry(bytes.data());
  if (entry_.name_offset != names_end || entry_.name_length > limits::kMaxSubjectBytes) {
    return absl::DataLossError("names of an index do not lie one behind the other");
  }
  MTS_ASSIGN_OR_RETURN(const std::string_view name, names_.Read(entry_.name_length));
  name_.assign(name);
  list_left_ = entry_.list_length * item_bytes_;
  return true;
}

absl::StatusOr<std::string_view> NameCursor::ReadList() {
  if (list_left_ == 0) return std::string_view();
  if ((entry_.list_first + entry_.list_length) * item_bytes_ - list_left_ != list_bytes_read_) {
    return absl::DataLossError("lists of an index do not lie one behind the other");
  }
  const size_t piece = std::min<uint64_t>(list_left_, kListPieceBytes);
  list_left_ -= piece;
  list_bytes_read_ += piece;
  return lists_.Read(piece);
}

}  // namespace mts::log
