#include "broker/download.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "model/subject.h"

namespace mts::broker {

void Download::Open(store::MessageStore& messages, store::PayloadStore& payloads, std::string_view subject,
                    Sequence sequence, uint64_t offset, uint64_t length, Opened opened) {
  if (!subject.empty()) {
    if (absl::Status status = ValidateSubject(subject); !status.ok()) return opened(std::move(status));
  }
  messages.ReadOne(
      subject, sequence, UINT64_MAX,
      [&payloads, offset, length, opened = std::move(opened)](absl::StatusOr<store::MessageBlockPtr> block) mutable {
        if (!block.ok()) return opened(std::move(block).status());
        if ((*block)->messages.empty()) return opened(absl::NotFoundError("there is no such message"));
        std::unique_ptr<Download> download(new Download(payloads, *std::move(block), offset));
        const StoredMessage& message = download->message();
        if (!message.reference) return Begin(std::move(download), message.payload.size(), length, std::move(opened));
        const PayloadReference& reference = *message.reference;
        if (reference.kind != PayloadKind::kNamed) {
          return Begin(std::move(download), reference.size, length, std::move(opened));
        }
        payloads.Size(reference, [download = std::move(download), length,
                                  opened = std::move(opened)](absl::StatusOr<uint64_t> size) mutable {
          if (!size.ok()) return opened(std::move(size).status());
          Begin(std::move(download), *size, length, std::move(opened));
        });
      });
}

void Download::Begin(std::unique_ptr<Download> download, uint64_t size, uint64_t length, Opened opened) {
  if (download->from_ > size) {
    return opened(absl::OutOfRangeError(Concat("offset ", download->from_, " lies behind the end at ", size)));
  }
  download->size_ = size;
  const uint64_t rest = size - download->from_;
  download->end_ = download->from_ + (length == 0 ? rest : std::min(length, rest));
  opened(std::move(download));
}

void Download::Next(absl::AnyInvocable<void(absl::StatusOr<Chunk>)> done) {
  const uint64_t length = std::min(end_ - at_, limits::kMaxChunkBytes);
  if (length == 0) return done(Take({}));
  if (!message().reference) return done(Take(std::string(message().payload.substr(at_, length))));
  payloads_.Get(*message().reference, at_, length,
                [this, length, done = std::move(done)](absl::StatusOr<SharedBytes> data) mutable {
                  if (!data.ok()) return done(std::move(data).status());
                  if (data->size() != length) return done(absl::DataLossError("payload is shorter than it should be"));
                  done(Take(*std::move(data)));
                });
}

absl::StatusOr<Download::Chunk> Download::Take(SharedBytes data) {
  crc32c_ = ExtendCrc32c(crc32c_, data.view());
  at_ += data.size();
  Chunk chunk;
  chunk.data = std::move(data);
  chunk.last = at_ == end_;
  if (at_ != size_) return chunk;
  const bool whole = from_ == 0;
  const bool known = message().reference && message().reference->kind == PayloadKind::kStored;
  if (whole && known && crc32c_ != message().reference->crc32c) {
    return absl::DataLossError("payload does not agree with its checksum");
  }
  if (known) {
    chunk.crc32c = message().reference->crc32c;
  } else if (!message().reference) {
    chunk.crc32c = Crc32c(message().payload);
  } else if (whole) {
    chunk.crc32c = crc32c_;
  }
  return chunk;
}

}  // namespace mts::broker
