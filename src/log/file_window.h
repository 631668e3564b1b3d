// A sliding view of a file for readers that go forward, with one buffer: reads ahead by chunks, grows only for a piece
// that is longer than a chunk.
//
// Threading: one thread. Errors: those of File::ReadAt.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "io/file_system.h"

namespace mts::log {

class FileWindow {
 public:
  // `file` outlives the window.
  FileWindow(io::File& file, uint64_t chunk_bytes) : file_(file), chunk_bytes_(chunk_bytes) {}

  // The bytes [offset, offset + length), fewer only at the end of the file. Valid until the next call.
  absl::StatusOr<std::string_view> At(uint64_t offset, uint64_t length);

 private:
  absl::Status Fill(uint64_t offset, uint64_t length);

  io::File& file_;
  const uint64_t chunk_bytes_;
  std::unique_ptr<char[]> buffer_;
  uint64_t capacity_ = 0;
  uint64_t begin_ = 0;  // offset in the file of the buffer's first byte
  uint64_t size_ = 0;   // bytes that are valid
};

}  // namespace mts::log
