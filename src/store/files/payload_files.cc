#include "store/files/payload_files.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"
#include "spdlog/spdlog.h"
#include "store/files/payload_file_upload.h"
#include "store/files/payload_file_writer.h"
#include "store/files/payload_listing.h"

namespace mts::store {
namespace {

// A whole payload is written in pieces of this size.
constexpr uint64_t kPieceBytes = 4 * limits::kMiB;

// Runs `work` on the pool and answers its result, or at once that the queue is full.
template <typename Result, typename Work>
void RunOn(ThreadPool& pool, absl::AnyInvocable<void(Result)> done, Work work) {
  auto shared_done = std::make_shared<absl::AnyInvocable<void(Result)>>(std::move(done));
  if (pool.TrySubmit([shared_done, work = std::move(work)]() mutable { (*shared_done)(work()); })) return;
  (*shared_done)(absl::ResourceExhaustedError("too many payload files are in use"));
}

// The bytes are there or they are not: a caller cannot do more about a file that cannot be read.
absl::Status AsReadStatus(const absl::Status& status, const std::string& key) {
  if (status.ok() || absl::IsNotFound(status) || IsRetryable(status)) return status;
  return absl::DataLossError(Concat("payload ", key, ": ", ToStd(status.message())));
}

bool IsOurs(const PayloadReference& reference) {
  return reference.kind == PayloadKind::kStored && IsPayloadKey(reference.key);
}

absl::Status NothingOfClients() { return absl::InvalidArgumentError("clients put no objects into payload files"); }

std::vector<std::string> KeysOf(const std::vector<PayloadReference>& references) {
  std::vector<std::string> keys;
  for (const PayloadReference& reference : references) {
    if (IsOurs(reference)) keys.push_back(reference.key);
  }
  return keys;
}

}  // namespace

PayloadFiles::PayloadFiles(const Options& options)
    : files_(*options.files),
      paths_(options.directory),
      space_(options.files, options.directory, options.min_free_bytes),
      kept_(options.files, &paths_),
      open_files_(options.files, &paths_, options.open_files),
      write_pool_("payload-write", options.write_threads, options.queue_limit),
      read_pool_("payload-read", options.read_threads, options.queue_limit) {}

PayloadFiles::~PayloadFiles() = default;

absl::StatusOr<std::unique_ptr<PayloadFiles>> PayloadFiles::Open(Options options) {
  MTS_RETURN_IF_ERROR(options.files->CreateDirectories(PayloadPaths(options.directory).incoming()));
  return std::unique_ptr<PayloadFiles>(new PayloadFiles(std::move(options)));
}

absl::StatusOr<std::vector<std::string>> PayloadFiles::Incoming() const {
  MTS_ASSIGN_OR_RETURN(std::vector<std::string> names, files_.List(paths_.incoming()));
  std::erase_if(names, [](const std::string& name) { return !IsPayloadKey(name); });
  return names;
}

absl::Status PayloadFiles::Recover(const std::vector<PayloadReference>& named) {
  std::vector<std::string> named_keys = KeysOf(named);
  const absl::flat_hash_set<std::string> is_named(named_keys.begin(), named_keys.end());
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(paths_.incoming()));
  uint64_t kept = 0, removed = 0;
  doubled_at_recovery_ = 0;
  for (const std::string& name : names) {
    if (is_named.contains(name)) {
      ++kept;
      continue;
    }
    if (IsPayloadKey(name) && files_.Exists(paths_.Kept(name)).value_or(false)) ++doubled_at_recovery_;
    const absl::Status status = files_.Remove(io::JoinPath(paths_.incoming(), name));
    removed += status.ok() ? 1 : 0;
    if (!status.ok()) spdlog::warn("a leftover payload file stays: {}", std::string(status.message()));
  }
  if (kept + removed > 0) spdlog::info("payload files after an unclean stop: {} kept, {} removed", kept, removed);
  // All that are named, also those that are not in incoming/ any more: they were moved, but perhaps never synced.
  kept_.Enqueue(std::move(named_keys));
  return kept_.Sync();
}

absl::Status PayloadFiles::SyncKept() { return kept_.Sync(); }

void PayloadFiles::Keep(const std::vector<PayloadReference>& references) {
  std::vector<std::string> keys = KeysOf(references);
  if (keys.empty() || !kept_.Enqueue(std::move(keys))) return;
  ThreadPool::Task move = [this] {
    const absl::Status status = kept_.MoveQueued();
    if (!status.ok()) spdlog::warn("payload files stay in incoming/ for now: {}", std::string(status.message()));
  };
  // With a full queue the next SyncKept moves them.
  [[maybe_unused]] const bool submitted = write_pool_.TrySubmit(move);
}

void PayloadFiles::Put(std::string_view subject, std::string_view payload,
                       absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) {
  RunOn(write_pool_, std::move(done), [this, payload]() -> absl::StatusOr<PayloadReference> {
    MTS_ASSIGN_OR_RETURN(FreeSpace::Reservation reservation, space_.Reserve(payload.size()));
    return WriteWhole(payload, std::move(reservation));
  });
}

absl::StatusOr<PayloadReference> PayloadFiles::WriteWhole(std::string_view payload,
                                                          FreeSpace::Reservation reservation) {
  PayloadFileWriter writer(&files_, &paths_, &space_, &under_way_, std::move(reservation));
  while (!payload.empty()) {
    const std::string_view piece = payload.substr(0, kPieceBytes);
    payload.remove_prefix(piece.size());
    MTS_RETURN_IF_ERROR(writer.Append({piece}));
  }
  return writer.Finish();
}

absl::StatusOr<std::unique_ptr<PayloadUpload>> PayloadFiles::BeginUpload(std::string_view subject,
                                                                         uint64_t expected_size) {
  MTS_ASSIGN_OR_RETURN(FreeSpace::Reservation reservation, space_.Reserve(expected_size));
  auto writer = std::make_unique<PayloadFileWriter>(&files_, &paths_, &space_, &under_way_, std::move(reservation));
  return MakePayloadFileUpload(&write_pool_, std::move(writer));
}

void PayloadFiles::Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
                       absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) {
  RunOn(read_pool_, std::move(done), [this, reference, offset, length]() -> absl::StatusOr<SharedBytes> {
    absl::StatusOr<std::string> bytes = Read(reference, offset, length);
    if (!bytes.ok()) return AsReadStatus(bytes.status(), reference.key);
    return bytes;
  });
}

absl::StatusOr<std::string> PayloadFiles::Read(const PayloadReference& reference, uint64_t offset, uint64_t length) {
  if (!IsOurs(reference)) return absl::NotFoundError("no payload of this name is kept in files");
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<OpenPayloadFile> opened, open_files_.Get(reference.key));
  if (opened->size < reference.offset || opened->size - reference.offset < reference.size) {
    return absl::DataLossError(Concat("the file has ", opened->size, " bytes, ", reference.size, " are expected"));
  }
  if (offset >= reference.size) return std::string();
  std::string bytes(std::min(length, reference.size - offset), '\0');
  MTS_RETURN_IF_ERROR(opened->file->ReadExactly(reference.offset + offset, absl::MakeSpan(bytes)));
  if (bytes.size() == reference.size && Crc32c(bytes) != reference.crc32c) {
    return absl::DataLossError("the checksum differs");
  }
  return bytes;
}

void PayloadFiles::Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) {
  RunOn(read_pool_, std::move(done), [this, reference]() -> absl::StatusOr<uint64_t> {
    absl::StatusOr<uint64_t> size = FileSize(reference);
    if (!size.ok()) return AsReadStatus(size.status(), reference.key);
    return size;
  });
}

absl::StatusOr<uint64_t> PayloadFiles::FileSize(const PayloadReference& reference) {
  if (!IsOurs(reference)) return absl::NotFoundError("no payload of this name is kept in files");
  MTS_ASSIGN_OR_RETURN(const std::shared_ptr<OpenPayloadFile> opened, open_files_.Get(reference.key));
  return opened->size - std::min(opened->size, reference.offset);
}

void PayloadFiles::Remove(const std::vector<PayloadReference>& references,
                          absl::AnyInvocable<void(absl::Status)> done) {
  RunOn(write_pool_, std::move(done), [this, keys = KeysOf(references)] { return RemoveFiles(keys); });
}

absl::Status PayloadFiles::RemoveFiles(const std::vector<std::string>& keys) {
  absl::Status first_error;
  const auto note = [&first_error](const absl::Status& status) {
    if (!status.ok() && !absl::IsNotFound(status) && first_error.ok()) first_error = status;
  };
  std::set<std::string> directories;
  for (const std::string& key : keys) {
    // In this order: a file that moves meanwhile goes from the first place to the second.
    note(files_.Remove(paths_.Incoming(key)));
    note(files_.Remove(paths_.Kept(key)));
    open_files_.Forget(key);
    directories.insert(paths_.Directory(FanOut::OfKey(key)));
  }
  // Also where nothing was removed now: it may have been before a crash, and not been synced. A name that comes back in
  // incoming/ is removed by Recover, one that comes back elsewhere by nobody.
  for (const std::string& directory : directories) note(files_.SyncDirectory(directory));
  if (first_error.ok()) return first_error;
  return absl::UnavailableError(Concat("payload files stay for now: ", ToStd(first_error.message())));
}

// ---- For the sweep

void PayloadFiles::ListObjects(std::string from, absl::AnyInvocable<void(absl::StatusOr<ObjectPage>)> done) {
  RunOn(read_pool_, std::move(done),
        [this, from = std::move(from)] { return ListPayloadPage(files_, paths_, under_way_, from); });
}

void PayloadFiles::RemoveObjects(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) {
  for (const std::string& key : keys) {
    if (!IsPayloadKey(key)) return done(absl::InvalidArgumentError(Concat("file ", key, " is not ours")));
  }
  RunOn(write_pool_, std::move(done), [this, keys = std::move(keys)] { return RemoveFiles(keys); });
}

void PayloadFiles::AbortUploads(Timestamp, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) { done(0); }

void PayloadFiles::ListReleases(absl::AnyInvocable<void(absl::StatusOr<std::vector<Release>>)> done) {
  done(std::vector<Release>());
}

void PayloadFiles::RemoveNamed(std::vector<std::string> names, absl::AnyInvocable<void(absl::Status)> done) {
  done(names.empty() ? absl::OkStatus() : NothingOfClients());
}

void PayloadFiles::ForgetRelease(std::string, absl::AnyInvocable<void(absl::Status)> done) { done(NothingOfClients()); }

}  // namespace mts::store
