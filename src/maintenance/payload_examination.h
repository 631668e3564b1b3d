// Payload files against the messages that name them: each must be there, long enough and right; what lies there and is
// not named is an orphan.
//
// Threading: one thread. Errors: those of the disk that say nothing about one file; a file that cannot be read is a
// finding. Limits: memory is 16 bytes a payload file that is named.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "io/file_system.h"
#include "maintenance/finding.h"
#include "maintenance/progress_sink.h"
#include "maintenance/segment_examination.h"
#include "store/files/payload_paths.h"

namespace mts::maintenance {

using FindingSink = std::function<void(Finding)>;

class PayloadExamination {
 public:
  PayloadExamination(io::FileSystem& files, const std::string& directory, const ProgressSink& progress,
                     FindingSink found);

  // A message names it.
  absl::Status Check(const NamedPayload& payload);
  // It is announced that this one will be removed: it may be there or not.
  void Expect(const PayloadReference& reference);

  struct Orphans {
    std::vector<std::string> kept;      // paths
    std::vector<std::string> incoming;  // paths; the next start removes them
  };
  // After all calls of Check and Expect: looks for what nobody names.
  absl::Status FindOrphans(Orphans& orphans);
  uint64_t files_checked() const { return named_.size(); }

 private:
  using Key = std::array<char, 16>;
  static Key KeyOf(std::string_view name);
  // Empty: it is right.
  absl::StatusOr<std::string> Fault(const PayloadReference& reference, std::string& path);
  absl::StatusOr<std::string> ReadAll(io::File& file, const PayloadReference& reference, const std::string& path);
  absl::Status LookThrough(const std::string& directory, std::vector<std::string>& orphans);
  absl::StatusOr<std::vector<std::string>> ListIfThere(const std::string& directory);
  void Report(FindingKind kind, const std::string& path, std::string what);

  io::FileSystem& files_;
  const store::PayloadPaths paths_;
  const ProgressSink& progress_;
  const FindingSink found_;
  absl::flat_hash_set<Key> named_;
  absl::flat_hash_set<Key> announced_;
};

}  // namespace mts::maintenance
