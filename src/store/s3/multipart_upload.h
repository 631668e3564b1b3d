// A multipart upload: parts go out in parallel while the next one fills. Before the first part an object `open/...` is
// written that names the upload, because not every server can list uploads: by it the cleaner finds what a crash left
// behind.
//
// Threading: Add, Finish and Abandon are called by one caller at a time; answers come from any thread. The object keeps
// itself alive while requests are under way. Errors: those of ObjectClient; after one nothing of the upload is left, as
// far as the server can be reached. Limits: parts under way as given; each holds its bytes until the server has it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "store/s3/object_client.h"
#include "store/s3/upload_memory.h"

namespace mts::store::s3 {

// What a crash leaves of an upload: enough to end it.
struct OpenUpload {
  std::string key;
  std::string upload_id;
};
std::string EncodeOpenUpload(const OpenUpload& upload);
absl::StatusOr<OpenUpload> DecodeOpenUpload(std::string_view text);

// The bytes of one part: owned, or views of what lives until the upload ends.
struct PartBody {
  std::vector<std::string> chunks;
  BodyPieces pieces;  // instead of chunks
  uint64_t size = 0;
  uint32_t crc32c = 0;
};

class MultipartUpload : public std::enable_shared_from_this<MultipartUpload> {
 public:
  using StatusDone = ObjectClient::StatusDone;

  struct Limits {
    uint32_t parallel_parts = 4;
    uint64_t part_bytes = 0;  // memory of a part, counted in `memory`
  };

  // `memory` may be null: then parts are views and nothing is counted. The caller has taken memory for one part; this
  // object returns it at its end.
  MultipartUpload(ObjectClient& client, UploadMemory* memory, std::string key, std::string open_key, Limits limits);
  ~MultipartUpload();

  // Answers when there is room for another part; at once with the error when the upload has failed.
  void Add(PartBody part, StatusDone done);
  // After all parts; the object is there when it succeeds.
  void Finish(StatusDone done);
  // Instead of Finish.
  void Abandon();

 private:
  struct Part {
    uint32_t number = 0;
    PartBody body;
  };

  void Enqueue(PartBody body) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin();
  void OnCreated(absl::StatusOr<std::string> upload_id);
  void OnMarked(const absl::Status& status);
  void SendParts();
  void SendPart(std::shared_ptr<Part> part);
  void OnPart(const absl::StatusOr<UploadedPart>& part);
  void Step();
  void Complete();
  void OnCompleted(absl::Status status);
  void Abort();
  void RemoveMarker();
  bool HasRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReturnMemory() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ObjectClient& client_;
  UploadMemory* const memory_;
  const std::string key_;
  const std::string open_key_;
  const Limits limits_;

  absl::Mutex mutex_;
  enum class State { kIdle, kBeginning, kSending, kEnding, kEnded };
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  std::string upload_id_ ABSL_GUARDED_BY(mutex_);
  std::string marker_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Part>> to_send_ ABSL_GUARDED_BY(mutex_);
  uint32_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  uint32_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t memory_taken_ ABSL_GUARDED_BY(mutex_);
  std::vector<UploadedPart> sent_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  StatusDone room_done_ ABSL_GUARDED_BY(mutex_);
  StatusDone finish_done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store::s3
