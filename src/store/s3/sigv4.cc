#include "store/s3/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "base/text.h"

namespace mts::store::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string Hmac(std::string_view key, std::string_view data) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
         data.size(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

// Without spaces at the ends and with single ones within.
std::string Trimmed(std::string_view value) {
  std::string trimmed;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space) {
      trimmed.push_back(c);
    } else if (!trimmed.empty() && trimmed.back() != ' ') {
      trimmed.push_back(' ');
    }
  }
  if (!trimmed.empty() && trimmed.back() == ' ') trimmed.pop_back();
  return trimmed;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;
};

// Sorted by the name alone: sorted as whole lines, "a-b:" would come before "a:".
CanonicalHeaders Canonical(const Headers& headers) {
  std::vector<const Header*> sorted;
  sorted.reserve(headers.size());
  for (const Header& header : headers) sorted.push_back(&header);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Header* a, const Header* b) { return a->name < b->name; });
  CanonicalHeaders canonical;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i]->name == sorted[i - 1]->name) {
      canonical.lines.back() = ',';
      canonical.lines += Trimmed(sorted[i]->value) + "\n";
      continue;
    }
    canonical.lines += Concat(sorted[i]->name, ":", Trimmed(sorted[i]->value), "\n");
    canonical.names += Concat(canonical.names.empty() ? "" : ";", sorted[i]->name);
  }
  return canonical;
}

}  // namespace

std::string PercentEncode(std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    if (IsUnreserved(c) || (keep_slash && c == '/')) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[byte >> 4]);
    encoded.push_back(kDigits[byte & 15]);
  }
  return encoded;
}

std::string EncodeQuery(const Query& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const QueryParameter& parameter : query) {
    encoded.emplace_back(PercentEncode(parameter.name, false), PercentEncode(parameter.value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string joined;
  for (const auto& [name, value] : encoded) joined += Concat(joined.empty() ? "" : "&", name, "=", value);
  return joined;
}

std::string AmzDate(Timestamp time) {
  return absl::FormatTime("%E4Y%m%dT%H%M%SZ", absl::FromUnixMicros(time.value()), absl::UTCTimeZone());
}

std::string Sha256Hex(std::string_view data) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  ::EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, ::EVP_sha256(),
               nullptr);
  return Hex(digest);
}

SigV4::SigV4(Credentials credentials, std::string region, std::string service)
    : credentials_(std::move(credentials)), region_(std::move(region)), service_(std::move(service)) {}

std::string SigV4::SigningKey(std::string_view day) const {
  absl::MutexLock lock(&mutex_);
  if (key_day_ != day) {
    std::string key = Hmac(Concat("AWS4", credentials_.secret_key), day);
    key = Hmac(key, region_);
    key = Hmac(key, service_);
    key_ = Hmac(key, "aws4_request");
    key_day_ = std::string(day);
  }
  return key_;
}

std::string SigV4::Authorization(const Request& request, std::string_view amz_date) const {
  const std::string_view day = amz_date.substr(0, 8);
  const CanonicalHeaders headers = Canonical(request.headers);
  const std::string canonical = Concat(request.method, "\n", request.path, "\n", request.query, "\n", headers.lines,
                                       "\n", headers.names, "\n", request.payload_hash);
  const std::string scope = Concat(day, "/", region_, "/", service_, "/aws4_request");
  const std::string to_sign = Concat(kAlgorithm, "\n", amz_date, "\n", scope, "\n", Sha256Hex(canonical));
  return Concat(kAlgorithm, " Credential=", credentials_.access_key, "/", scope, ",SignedHeaders=", headers.names,
                ",Signature=", Hex(Hmac(SigningKey(day), to_sign)));
}

}  // namespace mts::store::s3
