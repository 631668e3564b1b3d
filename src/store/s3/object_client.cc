#include "store/s3/object_client.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/crc32c.h"
#include "base/text.h"

namespace mts::store::s3 {
namespace {

constexpr size_t kKeysPerDelete = 1000;  // S3's own limit

std::string RangeHeader(uint64_t offset, uint64_t length) { return Concat("bytes=", offset, "-", offset + length - 1); }

// "bytes 0-9/443"
absl::StatusOr<uint64_t> TotalOf(std::string_view content_range) {
  const size_t slash = content_range.find('/');
  uint64_t total = 0;
  if (slash != content_range.npos) {
    const std::string_view digits = content_range.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), total);
    if (error == std::errc() && end == digits.data() + digits.size()) return total;
  }
  return absl::InternalError(Concat("S3 answered with no usable content-range: ", content_range));
}

absl::StatusOr<ObjectRange> RangeOf(HttpResponse response, uint64_t offset, std::string earlier) {
  ObjectRange range;
  if (response.status == 200) {  // the range was the whole object
    if (offset + earlier.size() > 0) return absl::InternalError("S3 answered a range with the whole object");
    range.object_size = response.body.size();
  } else {
    absl::StatusOr<uint64_t> total = TotalOf(response.Find("content-range"));
    if (!total.ok()) return std::move(total).status();
    range.object_size = *total;
  }
  if (earlier.empty()) {
    range.bytes = std::move(response.body);
  } else {
    range.bytes = std::move(earlier);
    range.bytes.append(response.body);
  }
  return range;
}

std::string Md5Text(std::string_view body) {
  char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (::EVP_Digest(body.data(), body.size(), reinterpret_cast<unsigned char*>(digest), &size, ::EVP_md5(), nullptr) !=
      1) {
    return {};  // not available in FIPS mode; new servers do without
  }
  return absl::Base64Escape(absl::string_view(digest, size));
}

// XML cannot carry them.
bool HasControlCharacter(std::string_view key) {
  return std::any_of(key.begin(), key.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }) ||
         key.find("\xEF\xBF\xBE") != key.npos || key.find("\xEF\xBF\xBF") != key.npos;
}

}  // namespace

void ObjectClient::Put(std::string key, BodyPieces body, uint32_t crc32c, bool urgent, StatusDone done) {
  S3Request request;
  request.method = "PUT";
  request.key = std::move(key);
  request.headers = {{"content-type", "application/octet-stream"}, {"x-amz-checksum-crc32c", Crc32cText(crc32c)}};
  request.body = std::move(body);
  request.urgent = urgent;
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    done(response.status());
  });
}

void ObjectClient::Get(std::string key, uint64_t offset, uint64_t length, ResultDone<ObjectRange> done) {
  if (length == 0) return done(absl::InvalidArgumentError("a range has at least one byte"));
  S3Request request;
  request.method = "GET";
  request.key = std::move(key);
  request.headers = {{"range", RangeHeader(offset, length)}};
  request.max_response_bytes = length;
  request.expected_bytes = length;
  auto earlier = std::make_shared<std::string>();  // from tries whose connection broke
  request.before_retry = [earlier, offset, length](S3Request& next, HttpResponse broken) {
    const std::string_view etag = broken.Find("etag");
    if (broken.status != 206 || broken.body.empty() || broken.body.size() >= next.max_response_bytes || etag.empty())
      return;
    if (earlier->empty()) {
      *earlier = std::move(broken.body);
      next.headers.push_back({"if-match", std::string(etag)});
    } else {
      earlier->append(broken.body);
    }
    next.headers.front().value = RangeHeader(offset + earlier->size(), length - earlier->size());
    next.max_response_bytes = length - earlier->size();
  };
  sender_.Send(std::move(request),
               [earlier, offset, done = std::move(done)](absl::StatusOr<HttpResponse> response) mutable {
                 if (!response.ok()) return done(std::move(response).status());
                 done(RangeOf(*std::move(response), offset, std::move(*earlier)));
               });
}

void ObjectClient::Size(std::string key, ResultDone<uint64_t> done) {
  // A range, because the answer to HEAD cannot say why it failed.
  Get(std::move(key), 0, 1, [done = std::move(done)](const absl::StatusOr<ObjectRange>& range) mutable {
    if (absl::IsOutOfRange(range.status())) return done(uint64_t{0});
    if (!range.ok()) return done(range.status());
    done(range->object_size);
  });
}

void ObjectClient::Remove(std::vector<std::string> keys, StatusDone done) {
  RemoveBatches(std::make_shared<std::vector<std::string>>(std::move(keys)), absl::OkStatus(), std::move(done));
}

void ObjectClient::RemoveBatches(std::shared_ptr<std::vector<std::string>> keys, absl::Status first_error,
                                 StatusDone done) {
  if (keys->empty()) return done(std::move(first_error));
  auto next = [this, keys, first_error, done = std::move(done)](absl::Status status) mutable {
    RemoveBatches(std::move(keys), first_error.ok() ? std::move(status) : std::move(first_error), std::move(done));
  };
  if (HasControlCharacter(keys->back())) {
    std::string key = std::move(keys->back());
    keys->pop_back();
    return RemoveOne(std::move(key), std::move(next));
  }
  std::vector<std::string> batch;
  while (!keys->empty() && batch.size() < kKeysPerDelete && !HasControlCharacter(keys->back())) {
    batch.push_back(std::move(keys->back()));
    keys->pop_back();
  }
  RemoveBatch(batch, std::move(next));
}

void ObjectClient::RemoveBatch(const std::vector<std::string>& keys, StatusDone done) {
  S3Request request;
  request.method = "POST";
  request.query = {{"delete", ""}};
  request.own_body = DeleteBody(keys);
  request.headers = {{"content-type", "application/xml"},
                     {"x-amz-checksum-crc32c", Crc32cText(Crc32c(request.own_body))}};
  if (std::string md5 = Md5Text(request.own_body); !md5.empty())
    request.headers.push_back({"content-md5", std::move(md5)});
  request.errors_come_with_200 = true;
  request.slow_answer = true;
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    if (!response.ok()) return done(response.status());
    const absl::StatusOr<std::vector<ErrorBody>> errors = ParseDeleteResult(response->body);
    if (!errors.ok()) return done(errors.status());
    if (errors->empty()) return done(absl::OkStatus());
    done(FailureOf(errors->front().code == "AccessDenied" ? 403 : 500, errors->front(), "delete").status);
  });
}

void ObjectClient::RemoveOne(std::string key, StatusDone done) {
  S3Request request;
  request.method = "DELETE";
  request.key = std::move(key);
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    done(absl::IsNotFound(response.status()) ? absl::OkStatus() : response.status());
  });
}

void ObjectClient::List(ListRequest list, ResultDone<ListPage> done) {
  S3Request request;
  request.method = "GET";
  request.query = {{"list-type", "2"},
                   {"encoding-type", "url"},
                   {"prefix", std::move(list.prefix)},
                   {"max-keys", absl::StrCat(std::min(list.max_keys, 1000u))}};
  if (!list.after.empty()) request.query.push_back({"start-after", std::move(list.after)});
  if (!list.token.empty()) request.query.push_back({"continuation-token", std::move(list.token)});
  request.max_response_bytes = 8 << 20;  // a thousand keys of 1,024 bytes, each byte encoded
  request.slow_answer = true;
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    if (!response.ok()) return done(response.status());
    done(ParseList(response->body));
  });
}

void ObjectClient::CreateUpload(std::string key, ResultDone<std::string> done) {
  S3Request request;
  request.method = "POST";
  request.key = std::move(key);
  request.query = {{"uploads", ""}};
  request.headers = {{"content-type", "application/octet-stream"}, {"x-amz-checksum-algorithm", "CRC32C"}};
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    if (!response.ok()) return done(response.status());
    done(ParseUploadId(response->body));
  });
}

void ObjectClient::UploadPart(std::string key, std::string upload_id, uint32_t number, BodyPieces body, uint32_t crc32c,
                              ResultDone<UploadedPart> done) {
  S3Request request;
  request.method = "PUT";
  request.key = std::move(key);
  request.query = {{"partNumber", absl::StrCat(number)}, {"uploadId", std::move(upload_id)}};
  request.headers = {{"x-amz-checksum-crc32c", Crc32cText(crc32c)}};
  request.body = std::move(body);
  sender_.Send(std::move(request),
               [number, crc32c, done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
                 if (!response.ok()) return done(response.status());
                 UploadedPart part{number, std::string(response->Find("etag")), crc32c};
                 if (part.etag.empty()) return done(absl::InternalError("S3 answered an uploaded part with no etag"));
                 done(std::move(part));
               });
}

void ObjectClient::CompleteUpload(std::string key, std::string upload_id, std::vector<UploadedPart> parts,
                                  uint64_t size, StatusDone done) {
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  S3Request request;
  request.method = "POST";
  request.key = key;
  request.query = {{"uploadId", std::move(upload_id)}};
  request.headers = {{"content-type", "application/xml"}};
  request.own_body = CompleteBody(parts);
  request.expected_bytes = size / 4;  // the server may copy it
  request.errors_come_with_200 = true;
  request.slow_answer = true;
  sender_.Send(std::move(request), [this, key = std::move(key), size,
                                    done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    if (!absl::IsNotFound(response.status())) return done(response.status());
    // A try before this one may have done it, and its answer got lost.
    Size(std::move(key),
         [size, missing = response.status(), done = std::move(done)](absl::StatusOr<uint64_t> found) mutable {
           if (found.ok() && *found == size) return done(absl::OkStatus());
           done(absl::UnavailableError(missing.message()));
         });
  });
}

void ObjectClient::AbortUpload(std::string key, std::string upload_id, StatusDone done) {
  S3Request request;
  request.method = "DELETE";
  request.key = std::move(key);
  request.query = {{"uploadId", std::move(upload_id)}};
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    done(absl::IsNotFound(response.status()) ? absl::OkStatus() : response.status());
  });
}

void ObjectClient::CheckBucket(StatusDone done) {
  List({.prefix = {}, .after = {}, .token = {}, .max_keys = 1},
       [done = std::move(done)](const absl::StatusOr<ListPage>& page) mutable { done(page.status()); });
}

void ObjectClient::CreateBucket(std::string_view region, StatusDone done) {
  S3Request request;
  request.method = "PUT";
  request.own_body = CreateBucketBody(region);
  sender_.Send(std::move(request), [done = std::move(done)](const absl::StatusOr<HttpResponse>& response) mutable {
    done(absl::IsAlreadyExists(response.status()) ? absl::OkStatus() : response.status());
  });
}

}  // namespace mts::store::s3
