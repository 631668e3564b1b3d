// Answers as a payload store without storing anything (`bench --target null`): it counts what is written, and reads
// bring zeros.
//
// Threading: any thread; answers before the call returns. Errors: none. Limits: none.
#pragma once

#include "store/payload_store.h"

namespace mts::store {

class NullPayloadStore : public PayloadStore {
 public:
  std::string_view kind() const override { return "null"; }
  void Put(std::string_view subject, std::string_view payload,
           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override;
  absl::StatusOr<std::unique_ptr<PayloadUpload>> BeginUpload(std::string_view subject, uint64_t expected_size) override;
  void Keep(const std::vector<PayloadReference>& references) override;
  void Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) override;
  void Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  uint64_t preferred_read_bytes() const override;
  void Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) override;
};

}  // namespace mts::store
