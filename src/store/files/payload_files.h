// Payloads as files beside the log (docs/log_format.md): written under incoming/, named by a durable record, then moved
// to payloads/<xx>/<yy>/<key>.
//
// Life: Open; Recover once the log was replayed; then everything else. The engine calls Keep when a durable record
// names payloads and SyncKept before a checkpoint passes those records, so that Recover never has to look beyond
// incoming/.
//
// Threading, errors: as store/payload_store.h; a disk that fails while a payload is written is UNAVAILABLE, a payload
// that cannot be read any more DATA_LOSS, a full queue RESOURCE_EXHAUSTED. Work runs on threads of its own; the
// destructor waits for it. Limits: Options; memory per operation is what the caller hands over or asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/thread_pool.h"
#include "io/file_system.h"
#include "store/files/files_under_way.h"
#include "store/files/free_space.h"
#include "store/files/kept_files.h"
#include "store/files/open_file_cache.h"
#include "store/files/payload_paths.h"
#include "store/object_inventory.h"
#include "store/payload_store.h"

namespace mts::store {

class PayloadFiles : public PayloadStore, public ObjectInventory {
 public:
  struct Options {
    io::FileSystem* files = nullptr;
    std::string directory;                            // data/payloads
    uint64_t min_free_bytes = limits::kMinFreeBytes;  // of its disk, kept free
    size_t write_threads = 4;                         // writing, removing and moving
    size_t read_threads = 4;
    size_t queue_limit = 1024;  // operations that wait, of each kind
    size_t open_files = 64;     // kept open for readers
  };
  // Creates the directories.
  static absl::StatusOr<std::unique_ptr<PayloadFiles>> Open(Options options);
  ~PayloadFiles() override;

  // Keys of what incoming/ holds, for a log that is asked which of them it names. Before any other call.
  absl::StatusOr<std::vector<std::string>> Incoming() const;
  // What incoming/ holds and `named` (by the replayed log) does not is removed, the rest moves to its place. Before any
  // other call. An error means that a named file could not be moved; it is still readable and Recover may be tried
  // again.
  absl::Status Recover(const std::vector<PayloadReference>& named);
  // Returns when every file kept so far is durable in its place; on an error the log must go on naming them.
  absl::Status SyncKept();
  // Leftovers that Recover found under their final names too; none, unless a disk lost the sync of a directory.
  uint64_t doubled_at_recovery() const { return doubled_at_recovery_; }

  std::string_view kind() const override { return "files"; }
  void Put(std::string_view subject, std::string_view payload,
           absl::AnyInvocable<void(absl::StatusOr<PayloadReference>)> done) override;
  absl::StatusOr<std::unique_ptr<PayloadUpload>> BeginUpload(std::string_view subject, uint64_t expected_size) override;
  void Keep(const std::vector<PayloadReference>& references) override;
  void Get(const PayloadReference& reference, uint64_t offset, uint64_t length,
           absl::AnyInvocable<void(absl::StatusOr<SharedBytes>)> done) override;
  void Size(const PayloadReference& reference, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  uint64_t preferred_read_bytes() const override { return limits::kMiB; }
  // Durable when it answers.
  void Remove(const std::vector<PayloadReference>& references, absl::AnyInvocable<void(absl::Status)> done) override;

  // ---- For the sweep, where the messages are in no log that is replayed. A page is what incoming/ holds, or one of
  // the 256 upper directories; sizes and times are not told. Files that are being written do not count.
  void ListObjects(std::string from, absl::AnyInvocable<void(absl::StatusOr<ObjectPage>)> done) override;
  void RemoveObjects(std::vector<std::string> keys, absl::AnyInvocable<void(absl::Status)> done) override;
  // An upload ends with its process, and what that leaves is Recover's.
  void AbortUploads(Timestamp before, absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done) override;
  // Clients put no files here: there are no notes, and INVALID_ARGUMENT for whoever knows one.
  void ListReleases(absl::AnyInvocable<void(absl::StatusOr<std::vector<Release>>)> done) override;
  void RemoveNamed(std::vector<std::string> names, absl::AnyInvocable<void(absl::Status)> done) override;
  void ForgetRelease(std::string note, absl::AnyInvocable<void(absl::Status)> done) override;

 private:
  explicit PayloadFiles(const Options& options);

  absl::StatusOr<PayloadReference> WriteWhole(std::string_view payload, FreeSpace::Reservation reservation);
  absl::StatusOr<std::string> Read(const PayloadReference& reference, uint64_t offset, uint64_t length);
  absl::StatusOr<uint64_t> FileSize(const PayloadReference& reference);
  absl::Status RemoveFiles(const std::vector<std::string>& keys);

  io::FileSystem& files_;
  const PayloadPaths paths_;
  FreeSpace space_;
  FilesUnderWay under_way_;
  KeptFiles kept_;
  OpenFileCache open_files_;
  uint64_t doubled_at_recovery_ = 0;
  // Last, so that their tasks end before what they use.
  ThreadPool write_pool_;
  ThreadPool read_pool_;
};

}  // namespace mts::store
