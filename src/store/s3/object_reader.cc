#include "store/s3/object_reader.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"

namespace mts::store::s3 {
namespace {

constexpr uint64_t kLeastFetchBytes = 128 * limits::kKiB;
constexpr uint64_t kFirstFetchBytes = 512 * limits::kKiB;  // from an object's start: probably all of it is read
// Three ranges of 8 MiB on their way cost an S3 server a third less time a byte than one of 16 MiB.
constexpr uint64_t kMostFetchBytes = 8 * limits::kMiB;
constexpr uint64_t kAheadBytes = 3 * kMostFetchBytes;

}  // namespace

ObjectReader::ObjectReader(GetRange get, uint64_t budget_bytes, Statistics& statistics)
    : get_(std::move(get)), budget_bytes_(budget_bytes), statistics_(statistics) {}

void ObjectReader::Read(const std::string& key, uint64_t object_size, uint64_t offset, uint64_t length, Done done) {
  if (length == 0) return done(std::string());
  if (length >= kMostFetchBytes) return ReadDirectly(key, offset, length, std::move(done));
  auto read = std::make_shared<PendingRead>();
  read->begin = offset;
  read->end = offset + length;
  read->done = std::move(done);
  std::vector<ExtentPtr> to_fetch;
  bool complete = false;
  {
    absl::MutexLock lock(&mutex_);
    std::unique_ptr<Object>& object = objects_[key];
    if (object == nullptr) object = std::make_unique<Object>();
    if (object_size != kUnknownSize) object->size = object_size;
    Cover(key, *object, read, to_fetch);
    complete = read->missing == 0;
    ReadAhead(key, *object, read->end, to_fetch);
    if (object->extents.empty()) objects_.erase(key);
    Evict();
  }
  (complete ? statistics_.cache_hits : statistics_.cache_misses).fetch_add(1, std::memory_order_relaxed);
  if (complete) Answer(*read);
  for (const ExtentPtr& extent : to_fetch) Fetch(extent);
}

// Collects what is there of [begin, end), waits for what is on its way, and orders the rest.
void ObjectReader::Cover(const std::string& key, Object& object, const PendingReadPtr& read,
                         std::vector<ExtentPtr>& to_fetch) {
  read->end = std::min(read->end, object.size);
  uint64_t position = read->begin;
  while (position < read->end) {
    ExtentPtr extent = Find(object, position);
    if (extent == nullptr) {
      extent = AddExtent(key, object, position, read->end);
      to_fetch.push_back(extent);
    }
    if (extent->bytes == nullptr) {
      extent->waiting.push_back(read);
      ++read->missing;
    } else {
      recent_.splice(recent_.begin(), recent_, extent->recent);
      read->pieces.push_back({extent->begin, extent->bytes});
    }
    position = extent->end;
  }
}

ObjectReader::ExtentPtr ObjectReader::Find(const Object& object, uint64_t position) const {
  auto next = object.extents.upper_bound(position);
  if (next == object.extents.begin()) return nullptr;
  const ExtentPtr& before = std::prev(next)->second;
  return position < before->end ? before : nullptr;
}

// The gap around `position` is larger than what is needed: a read that goes on doubles each time.
ObjectReader::ExtentPtr ObjectReader::AddExtent(const std::string& key, Object& object, uint64_t position,
                                                uint64_t needed_end) {
  const auto next = object.extents.upper_bound(position);
  const Extent* before = next == object.extents.begin() ? nullptr : std::prev(next)->second.get();
  auto extent = std::make_shared<Extent>();
  extent->key = key;
  extent->begin = position - position % kLeastFetchBytes;
  uint64_t length = kLeastFetchBytes;
  if (before != nullptr && before->end >= extent->begin) {
    extent->begin = before->end;
    extent->read_on = before->end == position;
    if (extent->read_on) length = std::clamp((before->end - before->begin) * 2, kFirstFetchBytes, kMostFetchBytes);
  } else if (position == 0) {
    extent->read_on = true;
    length = kFirstFetchBytes;
  }
  const uint64_t end = AlignUp(std::max(needed_end, extent->begin + length), kLeastFetchBytes);
  extent->end = std::min(end, object.size);
  if (next != object.extents.end()) extent->end = std::min(extent->end, next->first);
  fetching_bytes_ += extent->end - extent->begin;
  object.extents[extent->begin] = extent;
  return extent;
}

// A reader that is past the middle of what was fetched for it gets the next part on its way, one with long parts
// several.
void ObjectReader::ReadAhead(const std::string& key, Object& object, uint64_t read_end,
                             std::vector<ExtentPtr>& to_fetch) {
  if (object.size == kUnknownSize || read_end == 0) return;
  ExtentPtr extent = Find(object, read_end - 1);
  while (extent != nullptr && extent->read_on && extent->end < object.size) {
    const uint64_t length = extent->end - extent->begin;
    const uint64_t enough = length < kMostFetchBytes ? length / 2 : kAheadBytes - kMostFetchBytes / 2;
    if (extent->end - read_end > enough) return;
    ExtentPtr next = Find(object, extent->end);
    if (next == nullptr) {
      if (fetching_bytes_ + kMostFetchBytes > budget_bytes_) return;
      next = AddExtent(key, object, extent->end, extent->end + 1);
      to_fetch.push_back(next);
    }
    extent = std::move(next);
  }
}

void ObjectReader::Fetch(const ExtentPtr& extent) {
  get_(extent->key, extent->begin, extent->end - extent->begin,
       [this, extent](absl::StatusOr<ObjectRange> range) { OnFetched(extent, std::move(range)); });
}

void ObjectReader::OnFetched(const ExtentPtr& extent, absl::StatusOr<ObjectRange> range) {
  uint64_t object_size = kUnknownSize;
  if (absl::IsOutOfRange(range.status())) {
    range = ObjectRange();
  } else if (range.ok()) {
    object_size = range->object_size;
  }
  std::shared_ptr<const std::string> bytes;
  if (range.ok()) bytes = std::make_shared<const std::string>(std::move(range->bytes));
  std::vector<PendingReadPtr> complete;
  {
    absl::MutexLock lock(&mutex_);
    for (PendingReadPtr& read : extent->waiting) {
      if (bytes != nullptr) {
        read->pieces.push_back({extent->begin, bytes});
      } else {
        read->status = range.status();
      }
      if (--read->missing == 0) complete.push_back(std::move(read));
    }
    extent->waiting.clear();
    if (Holds(extent)) {
      if (bytes != nullptr && !bytes->empty()) {
        Keep(extent, std::move(bytes), object_size);
        Evict();
      } else {
        Drop(extent);
      }
    }
  }
  for (const PendingReadPtr& read : complete) Answer(*read);
}

bool ObjectReader::Holds(const ExtentPtr& extent) const {
  const auto object = objects_.find(extent->key);
  if (object == objects_.end()) return false;
  const auto found = object->second->extents.find(extent->begin);
  return found != object->second->extents.end() && found->second == extent;
}

void ObjectReader::Keep(const ExtentPtr& extent, std::shared_ptr<const std::string> bytes, uint64_t object_size) {
  fetching_bytes_ -= extent->end - extent->begin;
  extent->end = extent->begin + bytes->size();
  kept_bytes_ += bytes->size();
  extent->bytes = std::move(bytes);
  recent_.push_front(extent);
  extent->recent = recent_.begin();
  objects_.find(extent->key)->second->size = object_size;
}

void ObjectReader::Evict() {
  while (kept_bytes_ + fetching_bytes_ > budget_bytes_ && !recent_.empty()) {
    const ExtentPtr extent = recent_.back();
    Drop(extent);
  }
}

void ObjectReader::Drop(const ExtentPtr& extent) {
  const auto object = objects_.find(extent->key);
  object->second->extents.erase(extent->begin);
  if (object->second->extents.empty()) objects_.erase(object);
  Uncount(*extent);
}

void ObjectReader::Uncount(const Extent& extent) {
  const uint64_t length = extent.end - extent.begin;
  if (extent.bytes == nullptr) {
    fetching_bytes_ -= length;
  } else {
    kept_bytes_ -= length;
    recent_.erase(extent.recent);
  }
}

void ObjectReader::Forget(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  const auto object = objects_.find(key);
  if (object == objects_.end()) return;
  for (const auto& [begin, extent] : object->second->extents) Uncount(*extent);
  objects_.erase(object);
}

uint64_t ObjectReader::cached_bytes() const {
  absl::MutexLock lock(&mutex_);
  return kept_bytes_ + fetching_bytes_;
}

void ObjectReader::ReadDirectly(const std::string& key, uint64_t offset, uint64_t length, Done done) {
  statistics_.cache_misses.fetch_add(1, std::memory_order_relaxed);
  get_(key, offset, length, [done = std::move(done)](absl::StatusOr<ObjectRange> range) mutable {
    if (absl::IsOutOfRange(range.status())) return done(std::string());
    if (!range.ok()) return done(std::move(range).status());
    done(std::move(range->bytes));
  });
}

SharedBytes ObjectReader::PartOf(const Piece& piece, uint64_t begin, uint64_t end) {
  const std::string_view bytes = *piece.bytes;
  const size_t from = std::min<size_t>(begin - piece.begin, bytes.size());  // the object may end before
  return {piece.bytes, bytes.substr(from, end - begin)};
}

void ObjectReader::Answer(PendingRead& read) {
  if (!read.status.ok()) return read.done(read.status);
  std::sort(read.pieces.begin(), read.pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  if (read.pieces.size() == 1) return read.done(PartOf(read.pieces.front(), read.begin, read.end));
  std::string result;
  result.reserve(read.end > read.begin ? read.end - read.begin : 0);
  uint64_t position = read.begin;
  for (const Piece& piece : read.pieces) {
    if (position < piece.begin || position - piece.begin >= piece.bytes->size()) break;  // the object ends here
    const uint64_t count = std::min(read.end - position, piece.begin + piece.bytes->size() - position);
    result.append(*piece.bytes, position - piece.begin, count);
    position += count;
  }
  read.done(std::move(result));
}

}  // namespace mts::store::s3
