#include "cli/client/download.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::cli {
namespace {

class Download {
 public:
  Download(const Connection& connection, const DownloadRange& range, const DownloadSink& sink,
           const DownloadProgress& progress)
      : connection_(connection),
        range_(range),
        sink_(sink),
        progress_(progress),
        retry_(connection.StartRetry()),
        checked_(range.crc_before.has_value()),
        crc_(range.crc_before.value_or(0)) {}

  absl::Status Run() {
    while (true) {
      const absl::Status status = Attempt();
      if (!sink_failure_.ok()) return sink_failure_;
      if (status.ok()) return CheckChecksum();
      // Everything was there already, only the end of the stream got lost.
      if (Complete()) return CheckChecksum();
      MTS_RETURN_IF_ERROR(retry_.After(status));
    }
  }

 private:
  absl::Status Attempt() {
    Call call(absl::InfiniteDuration());
    pb::DownloadRequest request;
    request.set_subject(range_.subject);
    request.set_sequence(range_.sequence);
    request.set_offset(range_.offset + received_);
    if (range_.length > 0) request.set_length(range_.length - received_);
    const auto reader = connection_.egress().Download(call.context(), request);
    pb::DownloadChunk chunk;
    while (reader->Read(&chunk)) {
      sink_failure_ = Take(chunk);
      if (!sink_failure_.ok()) {
        call.context()->TryCancel();
        reader->Finish();
        return sink_failure_;
      }
    }
    MTS_RETURN_IF_ERROR(connection_.EgressStatus(reader->Finish()));
    return size_.has_value() && !Complete() ? absl::UnavailableError("the server ended the payload early")
                                            : absl::OkStatus();
  }

  absl::Status Take(const pb::DownloadChunk& chunk) {
    if (!size_.has_value()) {
      size_ = chunk.size();
      const uint64_t rest = *size_ - std::min<uint64_t>(*size_, range_.offset);
      if (progress_.sets_total) {
        progress_.progress.SetTotal(range_.length > 0 ? std::min(range_.length, rest) : rest);
      }
    }
    if (chunk.has_crc32c()) payload_crc_ = chunk.crc32c();
    if (chunk.data().empty()) return absl::OkStatus();
    MTS_RETURN_IF_ERROR(sink_(chunk.data()));
    if (checked_) crc_ = ExtendCrc32c(crc_, chunk.data());
    received_ += chunk.data().size();
    retry_.Succeeded();
    progress_.progress.Add(chunk.data().size());
    progress_.progress.Show(progress_.what);
    return absl::OkStatus();
  }

  bool Complete() const {
    if (!size_.has_value()) return false;
    if (range_.length > 0 && received_ >= range_.length) return true;
    return range_.offset + received_ >= *size_ && (payload_crc_.has_value() || !checked_);
  }

  absl::Status CheckChecksum() const {
    const bool reached_end = size_.has_value() && range_.offset + received_ >= *size_;
    if (!checked_ || !reached_end || !payload_crc_.has_value() || *payload_crc_ == crc_) return absl::OkStatus();
    return absl::DataLossError(Concat("the payload of message ", range_.sequence, " of ", range_.subject,
                                      " does not agree with its checksum"));
  }

  const Connection& connection_;
  const DownloadRange& range_;
  const DownloadSink& sink_;
  const DownloadProgress& progress_;
  Retry retry_;
  const bool checked_;
  uint32_t crc_;
  uint64_t received_ = 0;
  std::optional<uint64_t> size_;  // of the whole payload
  std::optional<uint32_t> payload_crc_;
  absl::Status sink_failure_;
};

}  // namespace

absl::Status DownloadPayload(const Connection& connection, const DownloadRange& range, const DownloadSink& sink,
                             const DownloadProgress& progress) {
  return Download(connection, range, sink, progress).Run();
}

}  // namespace mts::cli
