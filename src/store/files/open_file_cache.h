// The payload files read last, kept open, so that a download does not open its file again for each piece.
//
// Threading: any thread. Errors: NOT_FOUND when there is no such file, those of FileSystem::Open. Limits: `capacity`
// files; a file that was removed may stay open until it is forgotten or pushed out.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "io/file_system.h"
#include "store/files/payload_paths.h"

namespace mts::store {

struct OpenPayloadFile {
  std::unique_ptr<io::File> file;
  uint64_t size = 0;
};

class OpenFileCache {
 public:
  OpenFileCache(io::FileSystem* files, const PayloadPaths* paths, size_t capacity)
      : files_(*files), paths_(*paths), capacity_(capacity) {}

  // Looks in both places; `key` is a payload key.
  absl::StatusOr<std::shared_ptr<OpenPayloadFile>> Get(const std::string& key);
  void Forget(const std::string& key);

 private:
  using Recent = std::list<std::pair<std::string, std::shared_ptr<OpenPayloadFile>>>;
  absl::StatusOr<std::shared_ptr<OpenPayloadFile>> Open(const std::string& key);
  std::shared_ptr<OpenPayloadFile> Find(const std::string& key);

  io::FileSystem& files_;
  const PayloadPaths& paths_;
  const size_t capacity_;
  absl::Mutex mutex_;
  Recent recent_ ABSL_GUARDED_BY(mutex_);  // the latest first
  absl::flat_hash_map<std::string, Recent::iterator> places_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::store
