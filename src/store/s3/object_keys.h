// The keys of the objects that we make. They hold [a-z0-9/-] only, no empty, `.` or `..` segment, and nothing of a
// sequence:
//
//   <prefix>data/pack/<minute>/<id>                 several small payloads, one behind the other
//   <prefix>data/one/<minute>/<id>                  one payload
//   <prefix>data/subject/<subject>/<time>--<id>     one payload, layout plain
//   <prefix>open/<time>/<id>                        says that a multipart upload is under way: its key and upload id
//   <prefix>released/<time>/<id>                    names of clients' objects that removed messages named
//
// <minute> and <time> (microseconds) are when writing began, in hex digits; <id> is random. In <subject> a dot becomes
// a slash, a-z and 0-9 stay, every other byte is - and two hex digits; an empty part between dots is `--`, and a part
// longer than a file name may be goes on in the next segment behind a `-`.
//
// Threading: values and pure functions. Errors: none. Limits: keys have at most 1,024 bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mts::store::s3 {

class ObjectKeys {
 public:
  explicit ObjectKeys(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string NewPack(Timestamp now) const;
  std::string NewOne(Timestamp now) const;
  std::string NewForSubject(std::string_view subject, Timestamp now) const;
  std::string NewOpenUpload(Timestamp now) const;
  std::string NewRelease(Timestamp now) const;

  std::string data_prefix() const { return prefix_ + "data/"; }
  std::string open_prefix() const { return prefix_ + "open/"; }
  std::string release_prefix() const { return prefix_ + "released/"; }

  bool IsOwn(std::string_view key) const { return key.starts_with(prefix_); }
  bool IsPack(std::string_view key) const;
  // When writing began, as the key says; nothing for a key that is not ours.
  std::optional<Timestamp> StartOf(std::string_view key) const;

 private:
  const std::string prefix_;
};

std::string EncodeSubject(std::string_view subject);

}  // namespace mts::store::s3
