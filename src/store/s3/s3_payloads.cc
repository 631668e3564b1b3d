#include "store/s3/s3_payloads.h"

#include <algorithm>
#include <utility>

#include "base/await.h"
#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"
#include "store/s3/endpoint.h"
#include "store/s3/failure.h"
#include "store/s3/http_transport.h"
#include "store/s3/multipart_upload.h"
#include "store/s3/object_client.h"
#include "store/s3/object_keys.h"
#include "store/s3/object_reader.h"
#include "store/s3/open_uploads.h"
#include "store/s3/packer.h"
#include "store/s3/payload_upload.h"
#include "store/s3/releases.h"
#include "store/s3/request_sender.h"
#include "store/s3/upload_memory.h"

namespace mts::store {
namespace {

constexpr uint64_t kLargePutBytes = 32 * limits::kMiB;  // longer ones go in parts
constexpr uint64_t kMaxRangeBytes = 64 * limits::kMiB;  // of a named object before its size is asked for

using ReferenceDone = absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)>;

PayloadReference ReferenceTo(std::string key, uint64_t size, uint32_t crc32c) {
  PayloadReference reference;
  reference.kind = PayloadKind::kStored;
  reference.size = size;
  reference.crc32c = crc32c;
  reference.key = std::move(key);
  return reference;
}

absl::Status TooShort(const PayloadReference& reference) {
  return absl::DataLossError(Concat("object ", reference.key, " ends before the payload at ", reference.offset,
                                    " with ", reference.size, " bytes does"));
}

}  // namespace

struct S3Payloads::Parts {
  Parts(const S3Options& options, s3::Endpoint endpoint)
      : keys(options.prefix),
        transport({.ca_file = options.ca_file, .max_connections = options.max_connections}),
        sender(options, std::move(endpoint), transport, statistics),
        client(sender),
        reader([this](const std::string& key, uint64_t offset, uint64_t length,
                      auto done) { client.Get(key, offset, length, std::move(done)); },
               options.cache_bytes, statistics),
        upload_memory(options.upload_bytes),
        packer(
            [this, &options](size_t payloads) {
              const Timestamp now = options.clock->Now();
              return payloads == 1 ? keys.NewOne(now) : keys.NewPack(now);
            },
            [this](std::string key, s3::BodyPieces body, uint32_t crc32c, auto done) {
              client.Put(std::move(key), std::move(body), crc32c, /*urgent=*/true, std::move(done));
            },
            transport, statistics, options.request_timeout_micros) {}

  s3::Statistics statistics;
  const s3::ObjectKeys keys;
  s3::HttpTransport transport;
  s3::RequestSender sender;
  s3::ObjectClient client;
  s3::ObjectReader reader;
  s3::UploadMemory upload_memory;
  s3::Packer packer;
};

absl::StatusOr<std::unique_ptr<S3Payloads>> S3Payloads::Open(S3Options options) {
  MTS_RETURN_IF_ERROR(Validate(options));
  return std::unique_ptr<S3Payloads>(new S3Payloads(std::move(options)));
}

S3Payloads::S3Payloads(S3Options options)
    : options_(std::move(options)), parts_(std::make_unique<Parts>(options_, *s3::ParseEndpoint(options_.endpoint))) {}

S3Payloads::~S3Payloads() { Shutdown(); }

void S3Payloads::Shutdown() {
  parts_->packer.Shutdown();
  parts_->transport.Shutdown();
}

absl::Status S3Payloads::EnsureBucket() {
  return Await<absl::Status>([this](auto done) { CheckReady(std::move(done)); });
}

void S3Payloads::CheckReady(absl::AnyInvocable<void(absl::Status)> done) {
  parts_->client.CheckBucket([this, done = std::move(done)](const absl::Status& found) mutable {
    if (!absl::IsFailedPrecondition(found) || !options_.create_bucket) return done(ExplainBucket(found));
    parts_->client.CreateBucket(options_.region, [this, done = std::move(done)](const absl::Status& created) mutable {
      if (!created.ok()) return done(ExplainBucket(created));
      parts_->client.CheckBucket(
          [this, done = std::move(done)](const absl::Status& status) mutable { done(ExplainBucket(status)); });
    });
  });
}

absl::Status S3Payloads::ExplainBucket(const absl::Status& status) const {
  if (status.ok()) return status;
  const std::string_view advice = absl::IsPermissionDenied(status)
                                      ? "; check the access key, the secret key and their rights"
                                  : absl::IsFailedPrecondition(status) ? "; check the bucket's name and the region"
                                                                       : "";
  return absl::Status(status.code(), Concat("bucket ", options_.bucket, " at ", options_.endpoint, ": ",
                                            ToStd(status.message()), advice));
}

std::string S3Payloads::NewKey(std::string_view subject) const {
  const Timestamp now = options_.clock->Now();
  return options_.layout == S3Options::Layout::kPlain ? parts_->keys.NewForSubject(subject, now)
                                                      : parts_->keys.NewOne(now);
}

void S3Payloads::Put(std::string_view subject, std::string_view payload, ReferenceDone done) {
  if (payload.size() > kLargePutBytes) return PutInParts(subject, payload, std::move(done));
  if (options_.layout == S3Options::Layout::kPlain || payload.size() >= options_.pack_below) {
    return PutOne(subject, payload, std::move(done));
  }
  parts_->packer.Add(payload, [done = std::move(done)](absl::StatusOr<PayloadReference> reference) mutable {
    if (!reference.ok()) return done(s3::StatusOfWrite(reference.status()));
    done(std::move(reference));
  });
}

void S3Payloads::PutOne(std::string_view subject, std::string_view payload, ReferenceDone done) {
  PayloadReference reference = ReferenceTo(NewKey(subject), payload.size(), Crc32c(payload));
  std::string key = reference.key;
  const uint32_t crc32c = reference.crc32c;
  parts_->client.Put(std::move(key), {payload}, crc32c, /*urgent=*/false,
                     [reference = std::move(reference), done = std::move(done)](const absl::Status& status) mutable {
                       if (!status.ok()) return done(s3::StatusOfWrite(status));
                       done(std::move(reference));
                     });
}

void S3Payloads::PutInParts(std::string_view subject, std::string_view payload, ReferenceDone done) {
  PayloadReference reference = ReferenceTo(NewKey(subject), payload.size(), Crc32c(payload));
  const uint64_t part_bytes = s3::PartBytesFor(payload.size(), options_.part_bytes);
  const auto upload = std::make_shared<s3::MultipartUpload>(
      parts_->client, /*memory=*/nullptr, reference.key, parts_->keys.NewOpenUpload(options_.clock->Now()),
      s3::MultipartUpload::Limits{.parallel_parts = options_.upload_parallelism, .part_bytes = part_bytes});
  for (std::string_view rest = payload; !rest.empty(); rest.remove_prefix(std::min(part_bytes, rest.size()))) {
    s3::PartBody part;
    const std::string_view piece = rest.substr(0, part_bytes);
    part.pieces = {piece};
    part.size = piece.size();
    part.crc32c = Crc32c(piece);
    upload->Add(std::move(part), [](const absl::Status&) {});  // Finish tells
  }
  upload->Finish([reference = std::move(reference), done = std::move(done)](const absl::Status& status) mutable {
    if (!status.ok()) return done(s3::StatusOfWrite(status));
    done(std::move(reference));
  });
}

absl::StatusOr<std::unique_ptr<PayloadUpload>> S3Payloads::BeginUpload(std::string_view subject,
                                                                       uint64_t expected_size) {
  const uint64_t part_bytes = s3::PartBytesFor(expected_size, options_.part_bytes);
  if (expected_size > s3::MaxObjectBytes(part_bytes)) {
    return absl::InvalidArgumentError(Concat("payloads have at most ", s3::MaxObjectBytes(part_bytes), " bytes"));
  }
  if (!parts_->upload_memory.TryTake(part_bytes)) {
    return absl::ResourceExhaustedError("too many uploads at once");
  }
  s3::UploadWriter::Target target{NewKey(subject), parts_->keys.NewOpenUpload(options_.clock->Now()), part_bytes,
                                  options_.upload_parallelism};
  auto put_small = [this, subject = std::string(subject)](std::shared_ptr<const std::string> payload,
                                                          ReferenceDone done) {
    const std::string_view view = *payload;
    Put(subject, view,
        [payload = std::move(payload), done = std::move(done)](absl::StatusOr<PayloadReference> reference) mutable {
          done(std::move(reference));
        });
  };
  return std::make_unique<s3::S3Upload>(std::make_shared<s3::UploadWriter>(parts_->client, parts_->upload_memory,
                                                                           std::move(target), std::move(put_small)));
}

void S3Payloads::Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
                     absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  auto answer = [done = std::move(done)](absl::StatusOr<SharedBytes> bytes) mutable {
    if (!bytes.ok()) return done(s3::StatusOfRead(bytes.status()));
    done(std::move(bytes));
  };
  if (reference.key.empty() || reference.kind == PayloadKind::kInline) {
    return answer(absl::InvalidArgumentError("the reference names no object"));
  }
  if (reference.kind == PayloadKind::kNamed) return GetNamed(reference.key, offset, length, std::move(answer));
  GetStored(reference, offset, length, std::move(answer));
}

void S3Payloads::GetNamed(const std::string& key, uint64_t offset, uint64_t length,
                          absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  // Others' payloads lie in it.
  if (parts_->keys.IsPack(key)) return done(absl::NotFoundError("there is no such object of a client"));
  if (length == 0) return done(std::string());
  if (length <= kMaxRangeBytes) return GetFresh(key, offset, length, std::move(done));
  parts_->client.Size(key, [this, key, offset, length, done = std::move(done)](absl::StatusOr<uint64_t> size) mutable {
    if (!size.ok()) return done(size.status());
    const uint64_t rest = *size - std::min(*size, offset);
    if (rest == 0) return done(std::string());
    GetFresh(key, offset, std::min(rest, length), std::move(done));
  });
}

// Not from memory: a client may put the object anew.
void S3Payloads::GetFresh(const std::string& key, uint64_t offset, uint64_t length,
                          absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  parts_->client.Get(key, offset, length, [done = std::move(done)](absl::StatusOr<s3::ObjectRange> range) mutable {
    if (absl::IsOutOfRange(range.status())) return done(std::string());
    if (!range.ok()) return done(range.status());
    done(std::move(range->bytes));
  });
}

void S3Payloads::GetStored(const PayloadReference& reference, uint64_t offset, uint64_t length,
                           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  const uint64_t begin = std::min(offset, reference.size);
  const uint64_t count = std::min(length, reference.size - begin);
  const bool pack = parts_->keys.IsPack(reference.key);
  const uint64_t object_size = pack ? s3::ObjectReader::kUnknownSize : reference.offset + reference.size;
  parts_->reader.Read(reference.key, object_size, reference.offset + begin, count,
                      [this, reference, count, done = std::move(done)](absl::StatusOr<SharedBytes> bytes) mutable {
                        if (!bytes.ok()) return done(std::move(bytes));
                        if (bytes->size() != count) {
                          parts_->reader.Forget(reference.key);
                          return done(TooShort(reference));
                        }
                        const bool whole = count == reference.size;
                        if (!whole || Crc32c(bytes->view()) == reference.crc32c) return done(std::move(bytes));
                        GetAgain(reference, std::move(done));
                      });
}

// What came was damaged, maybe only on its way.
void S3Payloads::GetAgain(const PayloadReference& reference,
                          absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  parts_->statistics.checksum_errors.fetch_add(1, std::memory_order_relaxed);
  parts_->reader.Forget(reference.key);
  parts_->client.Get(reference.key, reference.offset, std::max<uint64_t>(reference.size, 1),
                     [reference, done = std::move(done)](absl::StatusOr<s3::ObjectRange> range) mutable {
                       if (!range.ok()) return done(range.status());
                       if (range->bytes.size() != reference.size) return done(TooShort(reference));
                       if (Crc32c(range->bytes) == reference.crc32c) return done(std::move(range->bytes));
                       done(absl::DataLossError(Concat("payload at ", reference.offset, " of object ", reference.key,
                                                       " does not agree with its checksum")));
                     });
}

void S3Payloads::Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  const bool named = reference.kind == PayloadKind::kNamed;
  if (reference.key.empty() || reference.kind == PayloadKind::kInline) {
    return done(absl::InvalidArgumentError("the reference names no object"));
  }
  if (named && parts_->keys.IsPack(reference.key))
    return done(absl::NotFoundError("there is no such object of a client"));
  parts_->client.Size(reference.key,
                      [this, named, reference, done = std::move(done)](absl::StatusOr<uint64_t> size) mutable {
                        if (!size.ok()) return done(s3::StatusOfRead(size.status()));
                        if (named || !parts_->keys.IsPack(reference.key)) return done(*size);
                        if (*size < reference.offset + reference.size) return done(TooShort(reference));
                        done(reference.size);
                      });
}

uint64_t S3Payloads::preferred_read_bytes() const { return limits::kMaxChunkBytes; }

void S3Payloads::Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) {
  std::vector<std::string> keys;
  std::vector<std::string> released;
  for (const PayloadReference& reference : references) {
    const bool own = parts_->keys.IsOwn(reference.key);
    if (reference.kind == PayloadKind::kStored && own && !parts_->keys.IsPack(reference.key)) {
      keys.push_back(reference.key);
    } else if (reference.kind == PayloadKind::kNamed && !own && !reference.key.empty() && options_.remove_named) {
      released.push_back(reference.key);
    }
  }
  if (released.empty()) return RemoveKeys(std::move(keys), std::move(done));
  s3::NoteRelease(parts_->client, parts_->keys.NewRelease(options_.clock->Now()), released,
                  [this, keys = std::move(keys), done = std::move(done)](absl::Status noted) mutable {
                    if (!noted.ok()) return done(s3::StatusOfWrite(noted));
                    RemoveKeys(std::move(keys), std::move(done));
                  });
}

void S3Payloads::RemoveKeys(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) {
  for (const std::string& key : keys) parts_->reader.Forget(key);
  parts_->client.Remove(std::move(keys), [done = std::move(done)](const absl::Status& status) mutable {
    done(s3::StatusOfRead(status));
  });
}

void S3Payloads::ListObjects(std::string from, absl::AnyInvocable<void(absl::StatusOr<ObjectPage>)> done) {
  parts_->client.List(
      {.prefix = parts_->keys.data_prefix(), .after = {}, .token = std::move(from)},
      [this, done = std::move(done)](absl::StatusOr<s3::ListPage> page) mutable {
        if (!page.ok()) return done(s3::StatusOfRead(page.status()));
        ObjectPage result;
        result.objects.reserve(page->objects.size());
        for (s3::ListedObject& object : page->objects) {
          const bool pack = parts_->keys.IsPack(object.key);
          const auto started = parts_->keys.StartOf(object.key);
          result.objects.push_back({std::move(object.key), object.size, object.modified, started, pack});
        }
        result.next = std::move(page->next_token);
        done(std::move(result));
      });
}

void S3Payloads::RemoveObjects(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) {
  for (const std::string& key : keys) {
    if (!parts_->keys.IsOwn(key)) return done(absl::InvalidArgumentError(Concat("object ", key, " is not ours")));
  }
  RemoveKeys(std::move(keys), std::move(done));
}

void S3Payloads::ListReleases(absl::AnyInvocable<void(absl::StatusOr<std::vector<Release>>)> done) {
  s3::ReleaseReader::Read(parts_->client, parts_->keys.release_prefix(), std::move(done));
}

void S3Payloads::RemoveNamed(std::vector<std::string> names, absl::AnyInvocable<void(absl::Status)> done) {
  for (const std::string& name : names) {
    if (parts_->keys.IsOwn(name)) return done(absl::InvalidArgumentError(Concat("object ", name, " is ours")));
  }
  RemoveKeys(std::move(names), std::move(done));
}

void S3Payloads::ForgetRelease(std::string note, absl::AnyInvocable<void(absl::Status)> done) {
  RemoveObjects({std::move(note)}, std::move(done));
}

void S3Payloads::AbortUploads(Timestamp before, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  s3::OpenUploads::Abort(parts_->client, parts_->keys, before, std::move(done));
}

bool S3Payloads::IsPack(std::string_view key) const { return parts_->keys.IsPack(key); }

uint64_t S3Payloads::max_pack_bytes() const { return s3::PackPacing::kMaxPackBytes; }

void S3Payloads::PutPack(const std::vector<std::string>& payloads,
                         absl::AnyInvocable<void(absl::StatusOr<std::vector<PayloadReference>>)> done) {
  parts_->packer.AddTogether(
      payloads, [done = std::move(done)](absl::StatusOr<std::vector<PayloadReference>> references) mutable {
        if (!references.ok()) return done(s3::StatusOfWrite(references.status()));
        done(std::move(references));
      });
}

const s3::Statistics& S3Payloads::statistics() const { return parts_->statistics; }

}  // namespace mts::store
