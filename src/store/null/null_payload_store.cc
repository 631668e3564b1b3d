#include "store/null/null_payload_store.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"

namespace mts::store {
namespace {

PayloadReference Reference(uint64_t size, uint32_t crc32c) {
  PayloadReference reference;
  reference.kind = PayloadKind::kStored;
  reference.size = size;
  reference.crc32c = crc32c;
  reference.key = "null";
  return reference;
}

class NullUpload : public PayloadUpload {
 public:
  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) override {
    size_ += chunk.size();
    crc32c_ = ExtendCrc32c(crc32c_, chunk);
    done(absl::OkStatus());
  }
  void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override {
    done(Reference(size_, crc32c_));
  }

 private:
  uint64_t size_ = 0;
  uint32_t crc32c_ = 0;
};

}  // namespace

void NullPayloadStore::Put(std::string_view, std::string_view payload,
                           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  done(Reference(payload.size(), Crc32c(payload)));
}

absl::StatusOr<std::unique_ptr<PayloadUpload>> NullPayloadStore::BeginUpload(std::string_view, uint64_t) {
  return std::make_unique<NullUpload>();
}

void NullPayloadStore::Keep(const std::vector<PayloadReference>&) {}

void NullPayloadStore::Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
                           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  const uint64_t rest = reference.size - std::min(reference.size, offset);
  done(std::string(std::min(rest, length), '\0'));
}

void NullPayloadStore::Size(const PayloadReference& reference,
                            absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  done(reference.size);
}

uint64_t NullPayloadStore::preferred_read_bytes() const { return limits::kMaxChunkBytes; }

void NullPayloadStore::Remove(const std::vector<PayloadReference>&, absl::AnyInvocable<void(absl::Status)> done) {
  done(absl::OkStatus());
}

}  // namespace mts::store
