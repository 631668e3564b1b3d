// The XML bodies of S3: written and read.
//
// Threading: pure functions. Errors: INTERNAL for a body that is not the XML expected. Limits: the caller's, on the
// body's size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"

namespace mts::store::s3 {

struct ListedObject {
  std::string key;
  uint64_t size = 0;
  Timestamp modified;
};

struct ListPage {
  std::vector<ListedObject> objects;  // in the order of their keys
  std::string next_token;             // empty: this was the last page
};

struct ErrorBody {
  std::string code;  // empty: the body holds no error
  std::string message;
};

struct UploadedPart {
  uint32_t number = 0;
  std::string etag;
  uint32_t crc32c = 0;
};

ErrorBody ParseError(std::string_view xml);
// Of a list that was asked for with encoding-type=url.
absl::StatusOr<ListPage> ParseList(std::string_view xml);
absl::StatusOr<std::string> ParseUploadId(std::string_view xml);
// The errors that a multi-object delete reports, but for keys that are not there.
absl::StatusOr<std::vector<ErrorBody>> ParseDeleteResult(std::string_view xml);

std::string DeleteBody(const std::vector<std::string>& keys);
std::string CompleteBody(const std::vector<UploadedPart>& parts);
std::string CreateBucketBody(std::string_view region);

// The checksum as S3's headers and bodies have it: big-endian, in base64.
std::string Crc32cText(uint32_t crc32c);

}  // namespace mts::store::s3
