#include "store/files/payload_file_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::store {
namespace {

// Dirty bytes are sent to the disk in pieces of this size while the upload goes on, so that the sync at the end finds
// little left to do.
constexpr uint64_t kWritebackBytes = 4 * limits::kMiB;

absl::Status AsStoreStatus(const absl::Status& status) {
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  return absl::UnavailableError(Concat("payload file: ", ToStd(status.message())));
}

}  // namespace

PayloadFileWriter::~PayloadFileWriter() {
  if (!finished_) Abandon(absl::CancelledError("upload ended"));
}

void PayloadFileWriter::Abandon(absl::Status why) {
  if (failure_.ok()) failure_ = std::move(why);
  file_.reset();
  reservation_.Use(reservation_.left());
  // What cannot be removed now is removed by the sweep or at the next start.
  if (key_.empty()) return;
  files_.Remove(paths_.Incoming(key_)).IgnoreError();
  under_way_.End(key_);
  key_.clear();
}

absl::Status PayloadFileWriter::Create() {
  std::string key = NewPayloadKey();
  under_way_.Begin(key);
  absl::StatusOr<std::unique_ptr<io::File>> file = files_.Open(paths_.Incoming(key), io::OpenMode::kCreate);
  if (!file.ok()) {
    under_way_.End(key);
    return file.status();
  }
  file_ = *std::move(file);
  key_ = std::move(key);
  return absl::OkStatus();
}

absl::Status PayloadFileWriter::Append(absl::Span<const std::string_view> parts) {
  if (!failure_.ok()) return failure_;
  absl::Status status = AsStoreStatus(AppendOrFail(parts));
  if (!status.ok()) Abandon(status);
  return status;
}

absl::Status PayloadFileWriter::AppendOrFail(absl::Span<const std::string_view> parts) {
  std::vector<iovec> vectors;
  uint64_t bytes = 0;
  for (const std::string_view part : parts) {
    vectors.push_back({const_cast<char*>(part.data()), part.size()});
    bytes += part.size();
  }
  MTS_RETURN_IF_ERROR(space_.Check(bytes, std::min(bytes, reservation_.left())));
  if (file_ == nullptr) MTS_RETURN_IF_ERROR(Create());
  MTS_RETURN_IF_ERROR(file_->WriteAt(size_, vectors));
  for (const std::string_view part : parts) crc32c_ = ExtendCrc32c(crc32c_, part);
  size_ += bytes;
  reservation_.Use(bytes);
  if (size_ - written_back_ >= kWritebackBytes) {
    file_->StartWriteback(written_back_, size_ - written_back_);
    written_back_ = size_;
  }
  return absl::OkStatus();
}

absl::StatusOr<PayloadReference> PayloadFileWriter::Finish() {
  if (!failure_.ok()) return failure_;
  absl::Status status = AsStoreStatus(MakeDurable());
  if (!status.ok()) {
    Abandon(status);
    return status;
  }
  finished_ = true;
  under_way_.End(key_);
  file_.reset();
  reservation_.Use(reservation_.left());
  PayloadReference reference;
  reference.kind = PayloadKind::kStored;
  reference.size = size_;
  reference.crc32c = crc32c_;
  reference.key = key_;
  return reference;
}

absl::Status PayloadFileWriter::MakeDurable() {
  if (file_ == nullptr) MTS_RETURN_IF_ERROR(Create());
  MTS_RETURN_IF_ERROR(file_->SyncData());
  return files_.SyncDirectory(paths_.incoming());
}

}  // namespace mts::store
