// The operations of S3 that payloads need, on one bucket.
//
// Threading: any thread; `done` is called once, as RequestSender does. Errors: those of RequestSender. Limits: memory
// is that of the bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/s3/request_sender.h"
#include "store/s3/xml.h"

namespace mts::store::s3 {

struct ObjectRange {
  std::string bytes;         // shorter than asked for only at the object's end
  uint64_t object_size = 0;  // of the whole object
};

struct ListRequest {
  std::string prefix;
  std::string after;  // keys behind this one; empty: from the start
  std::string token;  // of the page before; empty: the first page
  uint32_t max_keys = 1000;
};

class ObjectClient {
 public:
  using StatusDone = absl::AnyInvocable<void(absl::Status)>;
  template <typename T>
  using ResultDone = absl::AnyInvocable<void(absl::StatusOr<T>)>;

  explicit ObjectClient(RequestSender& sender) : sender_(sender) {}

  // Durable, as far as the store answers for it, when it succeeds.
  void Put(std::string key, BodyPieces body, uint32_t crc32c, bool urgent, StatusDone done);
  // OUT_OF_RANGE when the object ends at or before `offset`. A connection that breaks within the body is taken up where
  // it broke.
  void Get(std::string key, uint64_t offset, uint64_t length, ResultDone<ObjectRange> done);
  void Size(std::string key, ResultDone<uint64_t> done);
  // What is not there counts as removed. The first error, when any of them could not be removed.
  void Remove(std::vector<std::string> keys, StatusDone done);
  void List(ListRequest request, ResultDone<ListPage> done);

  void CreateUpload(std::string key, ResultDone<std::string> done);
  void UploadPart(std::string key, std::string upload_id, uint32_t number, BodyPieces body, uint32_t crc32c,
                  ResultDone<UploadedPart> done);
  // `size`: of the whole object, to recognize one that was completed by a try whose answer got lost.
  void CompleteUpload(std::string key, std::string upload_id, std::vector<UploadedPart> parts, uint64_t size,
                      StatusDone done);
  // Succeeds when there is no such upload.
  void AbortUpload(std::string key, std::string upload_id, StatusDone done);

  // Whether the bucket is there and these credentials may list it.
  void CheckBucket(StatusDone done);
  void CreateBucket(std::string_view region, StatusDone done);

 private:
  void RemoveBatches(std::shared_ptr<std::vector<std::string>> keys, absl::Status first_error, StatusDone done);
  void RemoveBatch(const std::vector<std::string>& keys, StatusDone done);
  void RemoveOne(std::string key, StatusDone done);

  RequestSender& sender_;
};

}  // namespace mts::store::s3
