// Reads the name table of an index file: names in byte order, each with a list of numbers, found by name through a hash
// table on disk (about four pages), by range through binary search, or all in order.
//
// Threading: any thread; a cursor belongs to one. Errors: DATA_LOSS and those of the file. Limits: nothing is kept in
// memory but pages in the cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "log/index_format.h"
#include "log/paged_file.h"
#include "model/subject.h"

namespace mts::log {

// Ranks of names, `end` excluded.
struct NameRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool empty() const { return begin >= end; }
  uint32_t size() const { return empty() ? 0 : end - begin; }
};
// The names that match `a.b.*`: a.b itself and those that begin with "a.b.".
struct NameRanges {
  NameRange base;
  NameRange below;
  bool empty() const { return base.empty() && below.empty(); }
};

// Items of lists that lie one behind the other.
struct ItemRange {
  uint64_t first = 0;
  uint64_t count = 0;
};

class NameTable {
 public:
  NameTable(const PagedFile& file, const NameTableLayout& layout, IndexKind kind)
      : file_(file), layout_(layout), item_bytes_(ListItemBytes(kind)) {}

  absl::StatusOr<std::optional<NameEntry>> Find(std::string_view name) const;
  absl::StatusOr<NameRanges> FindBelow(const Pattern& pattern) const;
  // All items of the names in the range.
  absl::StatusOr<ItemRange> ItemsOf(const NameRange& range) const;
  // Copies `to.size()` bytes of items.
  absl::Status ReadItems(uint64_t first_item, absl::Span<char> to) const;
  uint64_t item_bytes() const { return item_bytes_; }
  const PagedFile& file() const { return file_; }
  const NameTableLayout& layout() const { return layout_; }

 private:
  absl::StatusOr<NameEntry> Entry(uint32_t rank) const;
  absl::StatusOr<std::string_view> Name(const NameEntry& entry, char* buffer) const;
  // Rank of the first name that is not less than `name`, from `begin` on.
  absl::StatusOr<uint32_t> LowerBound(std::string_view name, uint32_t begin) const;
  absl::Status Damaged(std::string_view what) const;

  const PagedFile& file_;
  const NameTableLayout layout_;
  const uint64_t item_bytes_;
};

// Every name in order.
class NameCursor {
 public:
  NameCursor(const PagedFile& file, const NameTableLayout& layout, IndexKind kind);

  // False at the end.
  absl::StatusOr<bool> Next();
  const std::string& name() const { return name_; }
  const NameEntry& entry() const { return entry_; }
  // The list of the present name in pieces of at most 4 KiB; empty at its end. A caller reads all lists or none.
  absl::StatusOr<std::string_view> ReadList();

 private:
  const uint64_t item_bytes_;
  uint64_t left_;
  uint64_t list_bytes_read_ = 0;  // of all lists
  uint64_t list_left_ = 0;        // bytes of the present list
  SequentialReader entries_;
  SequentialReader names_;
  SequentialReader lists_;
  NameEntry entry_;
  std::string name_;
};

}  // namespace mts::log
