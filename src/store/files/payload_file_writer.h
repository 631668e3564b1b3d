// Writes one payload file under incoming/.
//
// Threading: one caller at a time; all calls block on the disk. Errors: RESOURCE_EXHAUSTED without room, UNAVAILABLE
// for every other failure of the disk; after an error nothing is left behind and all later calls give the same error.
// Limits: holds no bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "io/file_system.h"
#include "model/payload.h"
#include "store/files/files_under_way.h"
#include "store/files/free_space.h"
#include "store/files/payload_paths.h"

namespace mts::store {

class PayloadFileWriter {
 public:
  // The file is made at the first Append or Finish.
  PayloadFileWriter(io::FileSystem* files, const PayloadPaths* paths, FreeSpace* space, FilesUnderWay* under_way,
                    FreeSpace::Reservation reservation)
      : files_(*files), paths_(*paths), space_(*space), under_way_(*under_way), reservation_(std::move(reservation)) {}
  // Removes the file unless Finish succeeded.
  ~PayloadFileWriter();

  absl::Status Append(absl::Span<const std::string_view> parts);
  // Everything is durable, the name too, when it answers.
  absl::StatusOr<PayloadReference> Finish();
  // Removes the file; later calls fail with `why`.
  void Abandon(absl::Status why);

 private:
  absl::Status Create();
  absl::Status AppendOrFail(absl::Span<const std::string_view> parts);
  absl::Status MakeDurable();

  io::FileSystem& files_;
  const PayloadPaths& paths_;
  FreeSpace& space_;
  FilesUnderWay& under_way_;
  FreeSpace::Reservation reservation_;
  std::unique_ptr<io::File> file_;
  std::string key_;  // empty: no file was made yet
  uint64_t size_ = 0;
  uint64_t written_back_ = 0;  // bytes whose way to the disk has begun
  uint32_t crc32c_ = 0;
  bool finished_ = false;
  absl::Status failure_;
};

}  // namespace mts::store
