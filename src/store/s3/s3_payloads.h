// Payloads as objects of an S3 bucket (MinIO, SeaweedFS, AWS, ...).
//
// Small payloads that arrive together share an object (s3/packer.h); larger ones have their own; very large ones and
// uploads of unknown size are multipart uploads. Objects that clients put themselves (PayloadKind::kNamed) are read
// under their names. Keys: s3/object_keys.h.
//
// Threading: as PayloadStore says; answers mostly come from the one thread of the transport. Errors: as PayloadStore
// says. What S3 refuses for other reasons (rights, credentials, a missing bucket) is UNAVAILABLE here, because a
// client's message is not at fault; EnsureBucket tells it apart. Limits: S3Options.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "store/object_inventory.h"
#include "store/pack_store.h"
#include "store/payload_store.h"
#include "store/s3/options.h"
#include "store/s3/statistics.h"

namespace mts::store {

class S3Payloads : public PayloadStore, public ObjectInventory, public PackStore {
 public:
  // Talks to nobody yet: the server may come later. INVALID_ARGUMENT for options that cannot work.
  static absl::StatusOr<std::unique_ptr<S3Payloads>> Open(S3Options options);
  ~S3Payloads() override;

  // CheckReady, blocking.
  absl::Status EnsureBucket();

  std::string_view kind() const override { return "s3"; }
  // Finds the bucket, or makes it where the options say so. PERMISSION_DENIED, FAILED_PRECONDITION (no such bucket),
  // UNAVAILABLE.
  void CheckReady(absl::AnyInvocable<void(absl::Status)> done) override;
  void Put(std::string_view subject, std::string_view payload,
           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override;
  // Many share an object.
  uint32_t concurrent_puts() const override { return options_.layout == S3Options::Layout::kPacked ? 10'000 : 16; }
  absl::StatusOr<std::unique_ptr<PayloadUpload>> BeginUpload(std::string_view subject, uint64_t expected_size) override;
  void Keep(const std::vector<PayloadReference>&) override {}
  void Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) override;
  void Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  uint64_t preferred_read_bytes() const override;
  // Objects that hold one payload. A payload in a pack stays: only who knows all messages can tell when a pack may go
  // (see RemoveObjects). Named objects are noted (ListReleases): other messages may name them too.
  void Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) override;

  // ---- For the cleaner
  void ListObjects(std::string from, absl::AnyInvocable<void(absl::StatusOr<ObjectPage>)> done) override;
  void RemoveObjects(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) override;
  void AbortUploads(Timestamp before, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  // At most 1,000 notes, the oldest first.
  void ListReleases(absl::AnyInvocable<void(absl::StatusOr<std::vector<Release>>)> done) override;
  void RemoveNamed(std::vector<std::string> names, absl::AnyInvocable<void(absl::Status)> done) override;
  void ForgetRelease(std::string note, absl::AnyInvocable<void(absl::Status)> done) override;
  bool IsPack(std::string_view key) const;
  uint64_t max_pack_bytes() const override;
  size_t max_pack_payloads() const override { return limits::kMaxQueuedAppends; }
  // One payload alone becomes an object that is no pack.
  void PutPack(const std::vector<std::string>& payloads,
               absl::AnyInvocable<void(absl::StatusOr<std::vector<PayloadReference>>)> done) override;

  const s3::Statistics& statistics() const;

  // Refuses what comes, and answers what is under way with UNAVAILABLE. Blocks; the destructor calls it.
  void Shutdown();

 private:
  struct Parts;
  explicit S3Payloads(S3Options options);

  void PutOne(std::string_view subject, std::string_view payload,
              absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done);
  void PutInParts(std::string_view subject, std::string_view payload,
                  absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done);
  void GetNamed(const std::string& key, uint64_t offset, uint64_t length,
                absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done);
  void GetFresh(const std::string& key, uint64_t offset, uint64_t length,
                absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done);
  void GetStored(const PayloadReference& reference, uint64_t offset, uint64_t length,
                 absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done);
  void GetAgain(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done);
  void RemoveKeys(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done);
  std::string NewKey(std::string_view subject) const;
  absl::Status ExplainBucket(const absl::Status& status) const;

  const S3Options options_;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace mts::store
