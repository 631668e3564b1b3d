#include "log/disk_index.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "log/index_file.h"
#include "log/item_bitmap.h"

namespace mts::log {
namespace {

// Up to so many messages of a pattern in a segment are read and sorted for each query; for more a bitmap is made and
// kept.
constexpr uint64_t kMaxSortedItems = 2048;
// A binary search ends by reading so many items at once.
constexpr uint64_t kSearchItems = 256;

absl::Span<char> BytesOf(std::vector<PostingItem>& items) {
  return {reinterpret_cast<char*>(items.data()), items.size() * sizeof(PostingItem)};
}

bool OrdinalLess(const PostingItem& item, uint32_t ordinal) { return item.ordinal < ordinal; }

}  // namespace

absl::StatusOr<std::shared_ptr<DiskIndex>> DiskIndex::Open(OpenFiles& open_files, BlockCache& cache, std::string path) {
  MTS_ASSIGN_OR_RETURN(const IndexHeader header, ReadIndexHeader(open_files.files(), path));
  if (header.kind != IndexKind::kSegment) return absl::DataLossError(Concat(path, ": not the index of a segment"));
  return std::shared_ptr<DiskIndex>(new DiskIndex(open_files, cache, std::move(path), header));
}

DiskIndex::DiskIndex(OpenFiles& open_files, BlockCache& cache, std::string path, const IndexHeader& header)
    : header_(header), file_(open_files, cache, std::move(path)), names_(file_, header.table, IndexKind::kSegment) {}

absl::Status DiskIndex::Damaged(std::string_view what) const {
  return absl::DataLossError(Concat(file_.path(), ": ", what));
}

// ---- Sequences and ordinals

absl::StatusOr<uint32_t> DiskIndex::ReadNumber(uint64_t section, uint64_t index) const {
  uint32_t value = 0;
  MTS_RETURN_IF_ERROR(
      file_.Read(section + index * sizeof(value), absl::MakeSpan(reinterpret_cast<char*>(&value), sizeof(value))));
  return value;
}

absl::StatusOr<uint32_t> DiskIndex::CountThrough(Sequence sequence) const {
  if (header_.messages == 0 || sequence < header_.first) return 0;
  if (sequence >= header_.last) return static_cast<uint32_t>(header_.messages);
  const uint64_t distance = sequence.value() - header_.first.value();
  if (header_.sequences_at == 0) return static_cast<uint32_t>(distance + 1);
  uint32_t begin = 0;
  uint32_t end = static_cast<uint32_t>(header_.messages);
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    MTS_ASSIGN_OR_RETURN(const uint32_t value, ReadNumber(header_.sequences_at, middle));
    if (value <= distance) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

absl::StatusOr<DiskIndex::OrdinalRange> DiskIndex::RangeOf(Sequence after, Sequence through) const {
  OrdinalRange range;
  MTS_ASSIGN_OR_RETURN(range.begin, CountThrough(after));
  MTS_ASSIGN_OR_RETURN(range.end, CountThrough(through));
  return range;
}

absl::Status DiskIndex::AppendHits(const std::vector<PostingItem>& found, std::vector<Hit>& hits) const {
  hits.reserve(hits.size() + found.size());
  NumberWindow sequences(file_, header_.sequences_at, header_.messages);
  uint32_t before = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const PostingItem& item = found[i];
    if (item.ordinal >= header_.messages || (i > 0 && item.ordinal <= before) || item.offset8 >= header_.end / 8) {
      return Damaged("a posting list is out of order");
    }
    before = item.ordinal;
    uint64_t distance = item.ordinal;
    if (header_.sequences_at != 0) {
      MTS_ASSIGN_OR_RETURN(distance, sequences.At(item.ordinal));
    }
    hits.push_back({Sequence(header_.first.value() + distance), item.offset8});
  }
  return absl::OkStatus();
}

// ---- Finding

absl::StatusOr<std::vector<PostingItem>> DiskIndex::Items(uint64_t first, uint64_t count) const {
  std::vector<PostingItem> items(count);
  MTS_RETURN_IF_ERROR(names_.ReadItems(first, BytesOf(items)));
  return items;
}

absl::StatusOr<uint64_t> DiskIndex::LowerItem(uint64_t first, uint64_t count, uint32_t ordinal) const {
  uint64_t begin = first;
  uint64_t end = first + count;
  while (end - begin > kSearchItems) {
    const uint64_t middle = begin + (end - begin) / 2;
    PostingItem item;
    MTS_RETURN_IF_ERROR(names_.ReadItems(middle, absl::MakeSpan(reinterpret_cast<char*>(&item), sizeof(item))));
    if (item.ordinal < ordinal) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  MTS_ASSIGN_OR_RETURN(const std::vector<PostingItem> items, Items(begin, end - begin));
  return begin +
         static_cast<uint64_t>(std::lower_bound(items.begin(), items.end(), ordinal, OrdinalLess) - items.begin());
}

absl::Status DiskIndex::FindAll(const OrdinalRange& range, size_t limit, std::vector<PostingItem>& found) const {
  const size_t count = std::min<size_t>(limit, range.end - range.begin);
  std::vector<uint32_t> offsets(count);
  MTS_RETURN_IF_ERROR(file_.Read(header_.offsets_at + range.begin * sizeof(uint32_t),
                                 absl::MakeSpan(reinterpret_cast<char*>(offsets.data()), count * sizeof(uint32_t))));
  found.reserve(count);
  for (size_t i = 0; i < count; ++i) found.push_back({range.begin + static_cast<uint32_t>(i), offsets[i]});
  return absl::OkStatus();
}

absl::Status DiskIndex::FindExact(const NameEntry& entry, const OrdinalRange& range, size_t limit,
                                  std::vector<PostingItem>& found) const {
  const uint64_t list_end = entry.list_first + entry.list_length;
  uint64_t begin = entry.list_first;
  if (range.begin > 0) {
    MTS_ASSIGN_OR_RETURN(begin, LowerItem(entry.list_first, entry.list_length, range.begin));
  }
  MTS_ASSIGN_OR_RETURN(found, Items(begin, std::min<uint64_t>(limit, list_end - begin)));
  while (!found.empty() && found.back().ordinal >= range.end) found.pop_back();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PostingItem>> DiskIndex::ItemsBelow(const NameRanges& ranges,
                                                               const OrdinalRange& range) const {
  std::vector<PostingItem> items;
  for (const NameRange& names : {ranges.base, ranges.below}) {
    MTS_ASSIGN_OR_RETURN(const ItemRange part, names_.ItemsOf(names));
    MTS_ASSIGN_OR_RETURN(const std::vector<PostingItem> read, Items(part.first, part.count));
    for (const PostingItem& item : read) {
      if (item.ordinal >= range.begin && item.ordinal < range.end) items.push_back(item);
    }
  }
  return items;
}

absl::Status DiskIndex::FindBelow(const Pattern& pattern, const OrdinalRange& range, size_t limit,
                                  std::vector<PostingItem>& found) const {
  MTS_ASSIGN_OR_RETURN(const NameRanges ranges, names_.FindBelow(pattern));
  if (ranges.empty()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const ItemRange base, names_.ItemsOf(ranges.base));
  MTS_ASSIGN_OR_RETURN(const ItemRange below, names_.ItemsOf(ranges.below));
  if (base.count + below.count <= kMaxSortedItems) {
    MTS_ASSIGN_OR_RETURN(found, ItemsBelow(ranges, range));
    std::sort(found.begin(), found.end(),
              [](const PostingItem& a, const PostingItem& b) { return a.ordinal < b.ordinal; });
    if (found.size() > limit) found.resize(limit);
    return absl::OkStatus();
  }
  MTS_ASSIGN_OR_RETURN(const ItemBitmap bitmap, ItemBitmap::Of(names_, ranges, header_.messages));
  NumberWindow offsets(file_, header_.offsets_at, header_.messages);
  for (uint64_t next = bitmap.Next(range.begin, range.end); next < range.end && found.size() < limit;
       next = bitmap.Next(next + 1, range.end)) {
    MTS_ASSIGN_OR_RETURN(const uint32_t offset8, offsets.At(next));
    found.push_back({static_cast<uint32_t>(next), offset8});
  }
  return absl::OkStatus();
}

absl::Status DiskIndex::Find(const Query& query, std::vector<Hit>& hits) const {
  if (hits.size() >= query.limit) return absl::OkStatus();
  const size_t limit = query.limit - hits.size();
  MTS_ASSIGN_OR_RETURN(const OrdinalRange range, RangeOf(query.after, query.through));
  if (range.empty()) return absl::OkStatus();
  std::vector<PostingItem> found;
  switch (query.pattern.kind()) {
    case Pattern::Kind::kExact: {
      MTS_ASSIGN_OR_RETURN(const std::optional<NameEntry> entry, names_.Find(query.pattern.base()));
      if (!entry) return absl::OkStatus();
      MTS_RETURN_IF_ERROR(FindExact(*entry, range, limit, found));
      break;
    }
    case Pattern::Kind::kBelow:
      MTS_RETURN_IF_ERROR(FindBelow(query.pattern, range, limit, found));
      break;
    case Pattern::Kind::kAll:
      MTS_RETURN_IF_ERROR(FindAll(range, limit, found));
  }
  return AppendHits(found, hits);
}

absl::StatusOr<Hit> DiskIndex::FindOne(Sequence sequence) const {
  MTS_ASSIGN_OR_RETURN(const uint32_t through, CountThrough(sequence));
  if (through == 0) return absl::NotFoundError("no message with this sequence");
  std::vector<PostingItem> found;
  MTS_RETURN_IF_ERROR(FindAll({through - 1, through}, 1, found));
  std::vector<Hit> hits;
  MTS_RETURN_IF_ERROR(AppendHits(found, hits));
  if (hits.front().sequence != sequence) return absl::NotFoundError("no message with this sequence");
  return hits.front();
}

// ---- Counting and describing

absl::StatusOr<uint64_t> DiskIndex::CountAfter(const Pattern& pattern, Sequence after) const {
  MTS_ASSIGN_OR_RETURN(const OrdinalRange range, RangeOf(after, kMaxSequence));
  if (range.empty()) return 0;
  if (pattern.kind() == Pattern::Kind::kAll) return range.end - range.begin;
  if (pattern.exact()) {
    MTS_ASSIGN_OR_RETURN(const std::optional<NameEntry> entry, names_.Find(pattern.base()));
    if (!entry) return 0;
    if (range.begin == 0) return entry->list_length;
    MTS_ASSIGN_OR_RETURN(const uint64_t begin, LowerItem(entry->list_first, entry->list_length, range.begin));
    return entry->list_first + entry->list_length - begin;
  }
  MTS_ASSIGN_OR_RETURN(const NameRanges ranges, names_.FindBelow(pattern));
  if (ranges.empty()) return 0;
  MTS_ASSIGN_OR_RETURN(const ItemRange base, names_.ItemsOf(ranges.base));
  MTS_ASSIGN_OR_RETURN(const ItemRange below, names_.ItemsOf(ranges.below));
  if (range.begin == 0) return base.count + below.count;
  if (base.count + below.count <= kMaxSortedItems) {
    MTS_ASSIGN_OR_RETURN(const std::vector<PostingItem> items, ItemsBelow(ranges, range));
    return items.size();
  }
  MTS_ASSIGN_OR_RETURN(const ItemBitmap bitmap, ItemBitmap::Of(names_, ranges, header_.messages));
  return bitmap.CountFrom(range.begin, range.end);
}

absl::Status DiskIndex::Describe(absl::FunctionRef<void(const SegmentSet::SubjectTotal&)> subject,
                                 absl::FunctionRef<void(const Hit&)> reference) const {
  NameCursor cursor(file_, header_.table, IndexKind::kSegment);
  while (true) {
    MTS_ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) break;
    subject({cursor.name(), cursor.entry().list_length, cursor.entry().payload_bytes});
  }
  NumberWindow references(file_, header_.references_at, header_.references);
  NumberWindow offsets(file_, header_.offsets_at, header_.messages);
  std::vector<PostingItem> items;
  for (uint64_t i = 0; i < header_.references; ++i) {
    MTS_ASSIGN_OR_RETURN(const uint32_t ordinal, references.At(i));
    MTS_ASSIGN_OR_RETURN(const uint32_t offset8, offsets.At(ordinal));
    items.push_back({ordinal, offset8});
  }
  std::vector<Hit> hits;
  MTS_RETURN_IF_ERROR(AppendHits(items, hits));
  for (const Hit& hit : hits) reference(hit);
  return absl::OkStatus();
}

}  // namespace mts::log
