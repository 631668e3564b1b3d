// Ends the multipart uploads that nobody finished: each is named by an object below `open/`, dated from its start.
//
// Threading: any thread starts it; it goes on as its requests are answered. Errors: of the list; an upload that cannot
// be ended stays for the next time and its error is the answer. Limits: one page of the list in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "store/s3/object_client.h"
#include "store/s3/object_keys.h"

namespace mts::store::s3 {

class OpenUploads : public std::enable_shared_from_this<OpenUploads> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<uint64_t>)>;

  // Aborts those that began before `before`; answers how many.
  static void Abort(ObjectClient& client, const ObjectKeys& keys, Timestamp before, Done done);

 private:
  OpenUploads(ObjectClient& client, const ObjectKeys& keys, Timestamp before, Done done)
      : client_(client), keys_(keys), before_(before), done_(std::move(done)) {}

  void NextPage();
  void NextUpload();
  void Read(const std::string& marker);
  void End(const std::string& marker, absl::StatusOr<ObjectRange> named);
  void OnEnded(const std::string& marker, const absl::Status& status);

  ObjectClient& client_;
  const ObjectKeys& keys_;
  const Timestamp before_;
  Done done_;
  std::vector<std::string> markers_;  // of this page, the first one last
  std::string token_;
  bool last_page_ = false;
  uint64_t ended_ = 0;
  absl::Status first_error_;
};

}  // namespace mts::store::s3
