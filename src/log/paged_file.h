// Index files as pages of 4096 bytes: 4092 bytes of content and their checksum (docs/log_format.md, "Index"), so that
// every read is checked and no damaged number is ever used. Offsets are those of the content, as if the checksums were
// not there.
//
// Threading: a writer belongs to one thread; a PagedFile may be read by any. Errors: DATA_LOSS for a wrong checksum or
// an early end or a file that is gone, with file and offset; else those of the file system. Limits: a writer holds one
// buffer of 256 KiB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "io/file_system.h"
#include "log/block_cache.h"
#include "log/lazy_file.h"

namespace mts::log {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kPageContentBytes = kPageBytes - 4;

// Writes the second page and what follows in order, the first one at last.
class PagedWriter {
 public:
  // Makes `path` empty if it exists.
  static absl::StatusOr<std::unique_ptr<PagedWriter>> Create(io::FileSystem& files, const std::string& path);

  // An error is kept and answered by Finish.
  void Append(std::string_view bytes);
  // Zeros up to a multiple of `alignment`.
  void Align(uint64_t alignment);
  // Content offset of the next byte.
  uint64_t position() const { return position_; }
  // The first page, at most 4092 bytes; everything is synced when it returns.
  absl::Status Finish(std::string_view first_page);

 private:
  explicit PagedWriter(std::unique_ptr<io::File> file);
  void ClosePage();
  void WriteOut();

  std::unique_ptr<io::File> file_;
  std::string buffer_;  // whole pages, then the content of the open one
  uint64_t page_ = 1;   // number of the open page
  uint64_t written_ = kPageBytes;
  size_t open_content_ = 0;  // bytes in the open page
  uint64_t position_ = kPageContentBytes;
  absl::Status status_;
};

class PagedFile {
 public:
  PagedFile(OpenFiles& open_files, BlockCache& cache, std::string path);

  // Through the cache.
  absl::Status Read(uint64_t offset, absl::Span<char> to) const;
  // Past the cache, in large pieces.
  absl::Status ReadBulk(uint64_t offset, absl::Span<char> to) const;
  const std::string& path() const { return file_->path(); }
  BlockCache& cache() const { return cache_; }
  uint64_t cache_id() const { return cache_id_; }

 private:
  absl::StatusOr<std::shared_ptr<io::File>> OpenFile() const;
  absl::StatusOr<BlockCache::Value> Page(uint64_t number) const;

  BlockCache& cache_;
  const uint64_t cache_id_;
  std::unique_ptr<LazyFile> file_;
};

// Bytes of the file that holds so many bytes of content.
inline constexpr uint64_t PagedFileBytes(uint64_t content) {
  return (content + kPageContentBytes - 1) / kPageContentBytes * kPageBytes;
}

// DATA_LOSS unless `page` is whole and the one with this number.
absl::Status CheckPage(std::string_view page, uint64_t number, std::string_view path);

// Numbers of 4 bytes that lie one behind the other, for a reader that goes forward.
class NumberWindow {
 public:
  NumberWindow(const PagedFile& file, uint64_t begin, uint64_t count) : file_(file), begin_(begin), count_(count) {}
  absl::StatusOr<uint32_t> At(uint64_t index);

 private:
  static constexpr uint64_t kNumbers = 128;

  const PagedFile& file_;
  const uint64_t begin_;
  const uint64_t count_;
  uint64_t first_ = 0;  // index of the first one in the window
  uint64_t filled_ = 0;
  uint32_t numbers_[kNumbers];
};

// Reads a part of a paged file from its beginning to its end, in pieces of 64 KiB.
class SequentialReader {
 public:
  SequentialReader(const PagedFile& file, uint64_t begin, uint64_t end) : file_(file), next_(begin), end_(end) {}
  // The next `count` bytes (at most 64 KiB); valid until the next call. DATA_LOSS past the end.
  absl::StatusOr<std::string_view> Read(size_t count);

 private:
  const PagedFile& file_;
  uint64_t next_;  // to be read from the file
  uint64_t end_;
  std::string buffer_;
  size_t used_ = 0;
};

}  // namespace mts::log
