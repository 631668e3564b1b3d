#include "store/memory/memory_payload_store.h"

#include <utility>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/text.h"

namespace mts::store {

class MemoryPayloadStore::MemoryUpload : public PayloadUpload {
 public:
  explicit MemoryUpload(MemoryPayloadStore& store) : store_(store) {}
  void Write(std::string chunk, absl::AnyInvocable<void(absl::Status)> done) override {
    bytes_ += chunk;
    done(absl::OkStatus());
  }
  void Finish(absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override {
    done(store_.Add(std::move(bytes_)));
  }

 private:
  MemoryPayloadStore& store_;
  std::string bytes_;
};

absl::StatusOr<PayloadReference> MemoryPayloadStore::Add(std::string payload) {
  absl::MutexLock lock(&mutex_);
  if (!put_error_.ok()) return put_error_;
  PayloadReference reference;
  reference.kind = PayloadKind::kStored;
  reference.size = payload.size();
  reference.crc32c = Crc32c(payload);
  reference.key = Concat("payload", next_++);
  payloads_[reference.key] = std::move(payload);
  return reference;
}

void MemoryPayloadStore::Put(std::string_view, std::string_view payload,
                             absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  done(Add(std::string(payload)));
}

absl::StatusOr<std::unique_ptr<PayloadUpload>> MemoryPayloadStore::BeginUpload(std::string_view, uint64_t) {
  absl::MutexLock lock(&mutex_);
  if (!put_error_.ok()) return put_error_;
  return std::make_unique<MemoryUpload>(*this);
}

void MemoryPayloadStore::Keep(const std::vector<PayloadReference>& references) {
  absl::MutexLock lock(&mutex_);
  for (const PayloadReference& reference : references) kept_.insert(reference.key);
}

void MemoryPayloadStore::Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
                             absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  std::string bytes;
  bool found = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto at = payloads_.find(reference.key);
    found = at != payloads_.end();
    if (found && offset <= at->second.size()) bytes = at->second.substr(offset, length);
  }
  if (!found) return done(absl::NotFoundError("payload is gone"));
  const bool whole = offset == 0 && reference.kind == PayloadKind::kStored && bytes.size() == reference.size;
  if (whole && Crc32c(bytes) != reference.crc32c) return done(absl::DataLossError("payload failed its checksum"));
  done(std::move(bytes));
}

void MemoryPayloadStore::Size(const PayloadReference& reference,
                              absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  absl::StatusOr<uint64_t> size = absl::NotFoundError("payload is gone");
  {
    absl::MutexLock lock(&mutex_);
    const auto at = payloads_.find(reference.key);
    if (at != payloads_.end()) size = at->second.size();
  }
  done(std::move(size));
}

uint64_t MemoryPayloadStore::preferred_read_bytes() const { return limits::kMaxChunkBytes; }

void MemoryPayloadStore::Remove(const std::vector<PayloadReference>& references,
                                absl::AnyInvocable<void(absl::Status)> done) {
  {
    absl::MutexLock lock(&mutex_);
    for (const PayloadReference& reference : references) {
      payloads_.erase(reference.key);
      kept_.erase(reference.key);
    }
  }
  done(absl::OkStatus());
}

void MemoryPayloadStore::SetPutError(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  put_error_ = std::move(status);
}

void MemoryPayloadStore::PutNamed(const std::string& key, std::string payload) {
  absl::MutexLock lock(&mutex_);
  payloads_[key] = std::move(payload);
}

void MemoryPayloadStore::Lose(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  payloads_.erase(key);
}

void MemoryPayloadStore::Damage(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  payloads_[key][0] ^= 1;
}

size_t MemoryPayloadStore::count() {
  absl::MutexLock lock(&mutex_);
  return payloads_.size();
}

size_t MemoryPayloadStore::kept() {
  absl::MutexLock lock(&mutex_);
  return kept_.size();
}

}  // namespace mts::store
