#include "log/paged_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::log {
namespace {

constexpr uint64_t kWriteBytes = 64 * kPageBytes;
constexpr uint64_t kBulkPages = 16;
constexpr size_t kSequentialBytes = 64 * 1024;

// The page's number goes in first, so that a page in the wrong place is noticed.
uint32_t PageChecksum(std::string_view content, uint64_t number) {
  char bytes[8];
  StoreInteger<uint64_t>(bytes, number);
  return ExtendCrc32c(Crc32c(std::string_view(bytes, sizeof(bytes))), content);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PagedWriter>> PagedWriter::Create(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, files.Open(path, io::OpenMode::kCreateOrTruncate));
  return std::unique_ptr<PagedWriter>(new PagedWriter(std::move(file)));
}

PagedWriter::PagedWriter(std::unique_ptr<io::File> file) : file_(std::move(file)) { buffer_.reserve(kWriteBytes); }

void PagedWriter::Append(std::string_view bytes) {
  position_ += bytes.size();
  while (!bytes.empty()) {
    const size_t part = std::min<size_t>(bytes.size(), kPageContentBytes - open_content_);
    buffer_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    open_content_ += part;
    if (open_content_ == kPageContentBytes) ClosePage();
  }
}

void PagedWriter::Align(uint64_t alignment) {
  static constexpr char kZeros[64] = {};
  Append(std::string_view(kZeros, AlignUp(position_, alignment) - position_));
}

void PagedWriter::ClosePage() {
  const std::string_view content = std::string_view(buffer_).substr(buffer_.size() - kPageContentBytes);
  AppendInteger<uint32_t>(buffer_, PageChecksum(content, page_));
  ++page_;
  open_content_ = 0;
  if (buffer_.size() >= kWriteBytes) WriteOut();
}

void PagedWriter::WriteOut() {
  if (status_.ok() && !buffer_.empty()) status_ = file_->Write(written_, buffer_);
  written_ += buffer_.size();
  buffer_.clear();
}

absl::Status PagedWriter::Finish(std::string_view first_page) {
  if (open_content_ > 0) Append(std::string(kPageContentBytes - open_content_, '\0'));
  WriteOut();
  MTS_RETURN_IF_ERROR(status_);
  std::string page(first_page);
  page.resize(kPageContentBytes, '\0');
  AppendInteger<uint32_t>(page, PageChecksum(page, 0));
  MTS_RETURN_IF_ERROR(file_->Write(0, page));
  return file_->SyncData();
}

PagedFile::PagedFile(OpenFiles& open_files, BlockCache& cache, std::string path)
    : cache_(cache),
      cache_id_(cache.NewFileId()),
      file_(std::make_unique<LazyFile>(open_files, std::move(path), io::OpenMode::kRead)) {}

absl::StatusOr<std::shared_ptr<io::File>> PagedFile::OpenFile() const {
  absl::StatusOr<std::shared_ptr<io::File>> file = file_->Get();
  // To those who read it, a file that somebody removed is as damaged as can be.
  if (absl::IsNotFound(file.status())) return absl::DataLossError(Concat(path(), ": the file is gone"));
  return file;
}

absl::Status CheckPage(std::string_view page, uint64_t number, std::string_view path) {
  if (page.size() == kPageBytes && LoadInteger<uint32_t>(page.data() + kPageContentBytes) ==
                                       PageChecksum(page.substr(0, kPageContentBytes), number)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(Concat(path, ": damaged page at offset ", number * kPageBytes));
}

absl::StatusOr<BlockCache::Value> PagedFile::Page(uint64_t number) const {
  const BlockCache::Key key{cache_id_, number, 0};
  if (BlockCache::Value found = cache_.Find(key)) return found;
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenFile());
  auto page = std::make_shared<std::string>(kPageBytes, '\0');
  MTS_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(number * kPageBytes, absl::MakeSpan(*page)));
  MTS_RETURN_IF_ERROR(CheckPage(std::string_view(*page).substr(0, count), number, path()));
  cache_.Insert(key, page);
  return page;
}

absl::Status PagedFile::Read(uint64_t offset, absl::Span<char> to) const {
  while (!to.empty()) {
    const uint64_t number = offset / kPageContentBytes;
    const uint64_t begin = offset % kPageContentBytes;
    const size_t part = std::min<size_t>(to.size(), kPageContentBytes - begin);
    MTS_ASSIGN_OR_RETURN(const BlockCache::Value page, Page(number));
    std::memcpy(to.data(), page->data() + begin, part);
    to.remove_prefix(part);
    offset += part;
  }
  return absl::OkStatus();
}

absl::Status PagedFile::ReadBulk(uint64_t offset, absl::Span<char> to) const {
  if (to.empty()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<io::File> file, OpenFile());
  std::string pages(kBulkPages * kPageBytes, '\0');
  while (!to.empty()) {
    const uint64_t first = offset / kPageContentBytes;
    const uint64_t last = (offset + to.size() - 1) / kPageContentBytes;
    const uint64_t count = std::min(kBulkPages, last - first + 1);
    MTS_ASSIGN_OR_RETURN(const size_t bytes,
                         file->ReadAt(first * kPageBytes, absl::MakeSpan(pages.data(), count * kPageBytes)));
    for (uint64_t i = 0; i < count; ++i) {
      const std::string_view page =
          std::string_view(pages).substr(0, bytes).substr(std::min<uint64_t>(bytes, i * kPageBytes), kPageBytes);
      MTS_RETURN_IF_ERROR(CheckPage(page, first + i, path()));
      const uint64_t begin = offset % kPageContentBytes;
      const size_t part = std::min<size_t>(to.size(), kPageContentBytes - begin);
      std::memcpy(to.data(), page.data() + begin, part);
      to.remove_prefix(part);
      offset += part;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> NumberWindow::At(uint64_t index) {
  if (index >= count_) return absl::DataLossError(Concat(file_.path(), ": a number points outside of its section"));
  if (index < first_ || index >= first_ + filled_) {
    first_ = index;
    filled_ = std::min(kNumbers, count_ - index);
    MTS_RETURN_IF_ERROR(file_.Read(begin_ + first_ * sizeof(uint32_t),
                                   absl::MakeSpan(reinterpret_cast<char*>(numbers_), filled_ * sizeof(uint32_t))));
  }
  return numbers_[index - first_];
}

absl::StatusOr<std::string_view> SequentialReader::Read(size_t count) {
  if (buffer_.size() - used_ < count) {
    buffer_.erase(0, used_);
    used_ = 0;
    const size_t kept = buffer_.size();
    const uint64_t more = std::min<uint64_t>(end_ - next_, kSequentialBytes);
    if (kept + more < count) return absl::DataLossError(Concat(file_.path(), ": a section ends too early"));
    buffer_.resize(kept + more);
    MTS_RETURN_IF_ERROR(file_.ReadBulk(next_, absl::MakeSpan(buffer_).subspan(kept)));
    next_ += more;
  }
  const std::string_view bytes = std::string_view(buffer_).substr(used_, count);
  used_ += count;
  return bytes;
}

}  // namespace mts::log
