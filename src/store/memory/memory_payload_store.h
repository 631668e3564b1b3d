// A payload store in memory, for tests: it can lose and damage payloads and refuse new ones.
//
// Threading: any thread; answers before the call returns, without a lock held. Errors: as the waist's, and what
// SetPutError says. Limits: none.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "store/payload_store.h"

namespace mts::store {

class MemoryPayloadStore : public PayloadStore {
 public:
  std::string_view kind() const override { return "memory"; }
  void Put(std::string_view subject, std::string_view payload,
           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override;
  absl::StatusOr<std::unique_ptr<PayloadUpload>> BeginUpload(std::string_view subject, uint64_t expected_size) override;
  void Keep(const std::vector<PayloadReference>& references) override;
  void Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) override;
  void Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  uint64_t preferred_read_bytes() const override;
  void Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) override;

  // What every later Put and upload answers; OK: as usual.
  void SetPutError(absl::Status status);
  // An object that a client put and named.
  void PutNamed(const std::string& key, std::string payload);
  void Lose(const std::string& key);
  void Damage(const std::string& key);
  size_t count();
  size_t kept();

 private:
  class MemoryUpload;
  absl::StatusOr<PayloadReference> Add(std::string payload);

  absl::Mutex mutex_;
  absl::Status put_error_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<std::string, std::string> payloads_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store
