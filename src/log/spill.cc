#include "log/spill.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"

namespace mts::log {
namespace {

constexpr size_t kMemoryBytes = 1 * limits::kMiB;
constexpr size_t kCopyBytes = 64 * limits::kKiB;

}  // namespace

Spill::~Spill() {
  if (file_ == nullptr) return;
  file_.reset();
  // What cannot be removed now is removed at the next start, as every temporary file is.
  files_.Remove(path_).IgnoreError();
}

void Spill::Append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kMemoryBytes) WriteOut();
  buffer_.append(bytes);
}

void Spill::WriteOut() {
  if (file_ == nullptr && status_.ok()) {
    auto opened = files_.Open(path_, io::OpenMode::kCreateOrTruncate);
    status_ = opened.status();
    if (opened.ok()) file_ = *std::move(opened);
  }
  if (status_.ok()) status_ = file_->Write(written_, buffer_);
  written_ += buffer_.size();
  buffer_.clear();
}

absl::Status Spill::CopyTo(PagedWriter& writer) {
  MTS_RETURN_IF_ERROR(status_);
  std::string piece;
  for (uint64_t offset = 0; offset < written_; offset += piece.size()) {
    piece.resize(std::min<uint64_t>(kCopyBytes, written_ - offset));
    MTS_RETURN_IF_ERROR(file_->ReadExactly(offset, absl::MakeSpan(piece)));
    writer.Append(piece);
  }
  writer.Append(buffer_);
  return absl::OkStatus();
}

}  // namespace mts::log
