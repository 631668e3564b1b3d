#include "store/s3/endpoint.h"

#include "absl/strings/ascii.h"
#include "base/text.h"
#include "store/s3/sigv4.h"

namespace mts::store::s3 {

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view rest = text;
  if (const size_t scheme_end = rest.find("://"); scheme_end != rest.npos) {
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") {
      return absl::InvalidArgumentError(Concat("S3 endpoint ", text, ": the scheme is http or https"));
    }
    endpoint.https = scheme == "https";
    rest.remove_prefix(scheme_end + 3);
  }
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const std::string_view default_port = endpoint.https ? ":443" : ":80";
  if (rest.ends_with(default_port)) rest.remove_suffix(default_port.size());
  if (rest.empty() || rest.find_first_of("/?#@ \t\r\n") != rest.npos) {
    return absl::InvalidArgumentError(Concat("S3 endpoint ", text, ": it is like https://host:port"));
  }
  endpoint.authority = absl::AsciiStrToLower(ToAbsl(rest));
  return endpoint;
}

BucketAddress::BucketAddress(const Endpoint& endpoint, std::string_view bucket, bool virtual_hosted)
    : scheme_(endpoint.https ? "https://" : "http://"),
      host_(virtual_hosted ? Concat(bucket, ".", endpoint.authority) : endpoint.authority),
      base_(virtual_hosted ? "/" : Concat("/", bucket)),
      virtual_hosted_(virtual_hosted) {}

std::string BucketAddress::Path(std::string_view key) const {
  if (key.empty()) return base_;
  return Concat(base_, virtual_hosted_ ? "" : "/", PercentEncode(key, /*keep_slash=*/true));
}

std::string BucketAddress::Url(std::string_view path, std::string_view query) const {
  return Concat(scheme_, host_, path, query.empty() ? "" : "?", query);
}

}  // namespace mts::store::s3
