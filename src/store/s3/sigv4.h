// AWS Signature Version 4 in the Authorization header.
//
// Threading: any thread. Errors: none. Limits: none; the signing key is computed once a day.
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "store/s3/http.h"

namespace mts::store::s3 {

// The payload hash of a body that the signature does not cover.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// All but A-Z a-z 0-9 - . _ ~ (and the slash, if kept) as %XX.
std::string PercentEncode(std::string_view text, bool keep_slash);
// Encoded and sorted, as it is signed and sent.
std::string EncodeQuery(const Query& query);
// 20130524T000000Z
std::string AmzDate(Timestamp time);
// SHA-256 in lower-case hex digits.
std::string Sha256Hex(std::string_view data);

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;
};

class SigV4 {
 public:
  SigV4(Credentials credentials, std::string region, std::string service = "s3");

  struct Request {
    std::string_view method;
    std::string_view path;   // encoded, as sent
    std::string_view query;  // from EncodeQuery
    const Headers& headers;  // all of them are signed; host is one of them, names are lower case
    std::string_view payload_hash;
  };

  // The value of the Authorization header; `amz_date` is also the request's x-amz-date.
  std::string Authorization(const Request& request, std::string_view amz_date) const;
  const std::string& session_token() const { return credentials_.session_token; }

 private:
  std::string SigningKey(std::string_view day) const;

  const Credentials credentials_;
  const std::string region_;
  const std::string service_;
  mutable absl::Mutex mutex_;
  mutable std::string key_day_ ABSL_GUARDED_BY(mutex_);
  mutable std::string key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store::s3
