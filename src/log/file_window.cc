#include "log/file_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace mts::log {

absl::StatusOr<std::string_view> FileWindow::At(uint64_t offset, uint64_t length) {
  if (offset < begin_ || offset + length > begin_ + size_) MTS_RETURN_IF_ERROR(Fill(offset, length));
  const uint64_t available = std::min(length, size_ - (offset - begin_));
  return std::string_view(buffer_.get() + (offset - begin_), available);
}

absl::Status FileWindow::Fill(uint64_t offset, uint64_t length) {
  const bool overlaps = offset >= begin_ && offset < begin_ + size_;
  const uint64_t kept = overlaps ? begin_ + size_ - offset : 0;
  const char* const kept_from = overlaps ? buffer_.get() + (offset - begin_) : nullptr;
  const uint64_t wanted = std::max(length, chunk_bytes_);
  if (wanted > capacity_) {
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (kept > 0) std::memcpy(grown.get(), kept_from, kept);
    buffer_ = std::move(grown);
    capacity_ = wanted;
  } else if (kept > 0) {
    std::memmove(buffer_.get(), kept_from, kept);
  }
  begin_ = offset;
  size_ = kept;
  MTS_ASSIGN_OR_RETURN(const size_t count,
                       file_.ReadAt(offset + kept, absl::MakeSpan(buffer_.get() + kept, wanted - kept)));
  size_ += count;
  return absl::OkStatus();
}

}  // namespace mts::log
