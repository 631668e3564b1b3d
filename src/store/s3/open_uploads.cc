#include "store/s3/open_uploads.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "store/s3/multipart_upload.h"

namespace mts::store::s3 {

void OpenUploads::Abort(ObjectClient& client, const ObjectKeys& keys, Timestamp before, Done done) {
  std::shared_ptr<OpenUploads>(new OpenUploads(client, keys, before, std::move(done)))->NextPage();
}

void OpenUploads::NextPage() {
  client_.List({.prefix = keys_.open_prefix(), .after = {}, .token = token_},
               [self = shared_from_this()](absl::StatusOr<ListPage> page) {
                 if (!page.ok()) return self->done_(std::move(page).status());
                 for (ListedObject& object : page->objects) {
                   const std::optional<Timestamp> start = self->keys_.StartOf(object.key);
                   if (start && *start < self->before_) self->markers_.push_back(std::move(object.key));
                 }
                 self->token_ = std::move(page->next_token);
                 self->last_page_ = self->token_.empty();
                 self->NextUpload();
               });
}

void OpenUploads::NextUpload() {
  if (!markers_.empty()) {
    const std::string marker = std::move(markers_.back());
    markers_.pop_back();
    return Read(marker);
  }
  if (!last_page_) return NextPage();
  if (first_error_.ok()) {
    done_(ended_);
  } else {
    done_(std::move(first_error_));
  }
}

void OpenUploads::Read(const std::string& marker) {
  client_.Get(marker, 0, 64 * limits::kKiB, [self = shared_from_this(), marker](absl::StatusOr<ObjectRange> named) {
    self->End(marker, std::move(named));
  });
}

void OpenUploads::End(const std::string& marker, absl::StatusOr<ObjectRange> named) {
  if (absl::IsNotFound(named.status())) return NextUpload();  // finished in the meantime
  if (!named.ok() && !absl::IsOutOfRange(named.status())) return OnEnded(marker, named.status());
  const absl::StatusOr<OpenUpload> upload = DecodeOpenUpload(named.ok() ? named->bytes : std::string());
  const auto remove_marker = [self = shared_from_this(), marker] {
    self->client_.Remove({marker}, [self, marker](const absl::Status& status) { self->OnEnded(marker, status); });
  };
  if (!upload.ok() || !keys_.IsOwn(upload->key)) return remove_marker();
  client_.AbortUpload(upload->key, upload->upload_id,
                      [self = shared_from_this(), marker, remove_marker](const absl::Status& status) {
                        if (!status.ok()) return self->OnEnded(marker, status);
                        remove_marker();
                      });
}

void OpenUploads::OnEnded(const std::string&, const absl::Status& status) {
  if (status.ok()) {
    ++ended_;
  } else if (first_error_.ok()) {
    first_error_ = status;
  }
  NextUpload();
}

}  // namespace mts::store::s3
