#include "store/s3/object_keys.h"

#include <openssl/rand.h>

#include <charconv>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace mts::store::s3 {
namespace {

constexpr int64_t kMicrosPerMinute = 60'000'000;
constexpr size_t kMinuteDigits = 8;
constexpr size_t kTimeDigits = 16;
constexpr size_t kLongestSegment = 200;  // file names end at 255 bytes

std::string NewId() {
  char bytes[16];
  // Without randomness two payloads could share a key: better no server than that.
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes), sizeof(bytes)) != 1) std::abort();
  return absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
}

std::string Minute(Timestamp time) { return absl::StrCat(absl::Hex(time.value() / kMicrosPerMinute, absl::kZeroPad8)); }
std::string Time(Timestamp time) { return absl::StrCat(absl::Hex(time.value(), absl::kZeroPad16)); }

std::optional<int64_t> FromHex(std::string_view digits, size_t expected_size) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != expected_size || error != std::errc() || end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

void EncodeByte(char c, std::string& to) {
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
    to.push_back(c);
  } else {
    to.push_back('-');
    to.append(absl::BytesToHexString(absl::string_view(&c, 1)));
  }
}

void EncodePart(std::string_view part, std::string& to) {
  if (part.empty()) to.append("--");
  size_t segment_begin = to.size();
  for (const char c : part) {
    if (to.size() - segment_begin >= kLongestSegment) {
      to.append("-/");
      segment_begin = to.size();
    }
    EncodeByte(c, to);
  }
}

}  // namespace

std::string EncodeSubject(std::string_view subject) {
  std::string encoded;
  encoded.reserve(subject.size() + 16);
  while (true) {
    const size_t dot = subject.find('.');
    EncodePart(subject.substr(0, dot), encoded);
    if (dot == subject.npos) return encoded;
    encoded.push_back('/');
    subject.remove_prefix(dot + 1);
  }
}

std::string ObjectKeys::NewPack(Timestamp now) const {
  return Concat(prefix_, "data/pack/", Minute(now), "/", NewId());
}

std::string ObjectKeys::NewOne(Timestamp now) const { return Concat(prefix_, "data/one/", Minute(now), "/", NewId()); }

std::string ObjectKeys::NewForSubject(std::string_view subject, Timestamp now) const {
  return Concat(prefix_, "data/subject/", EncodeSubject(subject), "/", Time(now), "--", NewId());
}

std::string ObjectKeys::NewOpenUpload(Timestamp now) const { return Concat(prefix_, "open/", Time(now), "/", NewId()); }

std::string ObjectKeys::NewRelease(Timestamp now) const {
  return Concat(prefix_, "released/", Time(now), "/", NewId());
}

bool ObjectKeys::IsPack(std::string_view key) const { return key.starts_with(Concat(prefix_, "data/pack/")); }

std::optional<Timestamp> ObjectKeys::StartOf(std::string_view key) const {
  if (!IsOwn(key)) return std::nullopt;
  std::string_view rest = key.substr(prefix_.size());
  const auto skip = [&rest](std::string_view begin) {
    if (!rest.starts_with(begin)) return false;
    rest.remove_prefix(begin.size());
    return true;
  };
  std::optional<int64_t> micros;
  if (skip("open/")) {
    micros = FromHex(rest.substr(0, rest.find('/')), kTimeDigits);
  } else if (skip("data/pack/") || skip("data/one/")) {
    micros = FromHex(rest.substr(0, rest.find('/')), kMinuteDigits);
    if (micros) *micros *= kMicrosPerMinute;
  } else if (skip("data/subject/")) {
    const std::string_view leaf = rest.substr(rest.rfind('/') + 1);
    if (leaf.substr(std::min(leaf.size(), kTimeDigits)).starts_with("--"))
      micros = FromHex(leaf.substr(0, kTimeDigits), kTimeDigits);
  }
  if (!micros) return std::nullopt;
  return Timestamp(*micros);
}

}  // namespace mts::store::s3
