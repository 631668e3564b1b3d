#include "store/s3/releases.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/limits.h"

namespace mts::store::s3 {
namespace {

constexpr uint64_t kMaxNoteBytes = limits::kMiB;

// Writes the names from `begin` on, one note after the other.
void NoteFrom(ObjectClient& client, std::string note, std::shared_ptr<const std::vector<std::string>> names,
              size_t begin, absl::AnyInvocable<void(absl::Status)> done) {
  std::vector<std::string> part;
  uint64_t bytes = 0;
  size_t end = begin;
  for (; end < names->size() && bytes + (*names)[end].size() + 2 <= kMaxNoteBytes; ++end) {
    bytes += (*names)[end].size() + 2;
    part.push_back((*names)[end]);
  }
  const auto body = std::make_shared<const std::string>(EncodeNames(part));
  std::string key = begin == 0 ? note : note + "-" + std::to_string(begin);
  client.Put(std::move(key), {*body}, Crc32c(*body), /*urgent=*/false,
             [&client, note = std::move(note), names = std::move(names), end, body,
              done = std::move(done)](absl::Status status) mutable {
               if (!status.ok() || end == names->size()) return done(std::move(status));
               NoteFrom(client, std::move(note), std::move(names), end, std::move(done));
             });
}

}  // namespace

std::string EncodeNames(const std::vector<std::string>& names) {
  std::string bytes;
  for (const std::string& name : names) AppendString16(bytes, name);
  return bytes;
}

std::vector<std::string> DecodeNames(std::string_view bytes) {
  std::vector<std::string> names;
  ByteReader reader(bytes);
  while (reader.ok() && !reader.rest().empty()) {
    const std::string_view name = reader.String16();
    if (reader.ok() && !name.empty()) names.emplace_back(name);
  }
  return names;
}

void NoteRelease(ObjectClient& client, std::string note, const std::vector<std::string>& names,
                 absl::AnyInvocable<void(absl::Status)> done) {
  std::vector<std::string> unique = names;
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  NoteFrom(client, std::move(note), std::make_shared<const std::vector<std::string>>(std::move(unique)), 0,
           std::move(done));
}

void ReleaseReader::Read(ObjectClient& client, const std::string& prefix, Done done) {
  std::shared_ptr<ReleaseReader> reader(new ReleaseReader(client, std::move(done)));
  client.List({.prefix = prefix, .after = {}, .token = {}}, [reader](absl::StatusOr<ListPage> page) {
    if (!page.ok()) return reader->done_(std::move(page).status());
    for (ListedObject& object : page->objects) reader->notes_.push_back(std::move(object.key));
    std::reverse(reader->notes_.begin(), reader->notes_.end());
    reader->Next();
  });
}

void ReleaseReader::Next() {
  if (notes_.empty()) return done_(std::move(releases_));
  std::string note = std::move(notes_.back());
  notes_.pop_back();
  client_.Get(note, 0, kMaxNoteBytes, [self = shared_from_this(), note](absl::StatusOr<ObjectRange> range) {
    if (absl::IsNotFound(range.status())) return self->Next();  // somebody else was quicker
    if (!range.ok() && !absl::IsOutOfRange(range.status())) return self->done_(range.status());
    self->releases_.push_back({note, DecodeNames(range.ok() ? range->bytes : std::string())});
    self->Next();
  });
}

}  // namespace mts::store::s3
