// Bytes that are appended now and copied into a file later: in memory while they are few, else in a file of their own.
//
// Threading: one thread. Errors: of the file, kept until CopyTo. Limits: 1 MiB of memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "io/file_system.h"
#include "log/paged_file.h"

namespace mts::log {

class Spill {
 public:
  // `path` is made only when it is needed, and removed at the end.
  Spill(io::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  void Append(std::string_view bytes);
  uint64_t size() const { return written_ + buffer_.size(); }
  absl::Status CopyTo(PagedWriter& writer);

 private:
  void WriteOut();

  io::FileSystem& files_;
  const std::string path_;
  std::string buffer_;
  std::unique_ptr<io::File> file_;
  uint64_t written_ = 0;
  absl::Status status_;
};

}  // namespace mts::log
