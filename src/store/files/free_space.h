// Keeps `min_free_bytes` of the disk free, counting what uploads under way have announced.
//
// Threading: any thread. Errors: RESOURCE_EXHAUSTED when there is no room; those of FileSystem::FreeBytes. Limits: a
// bound for what this process writes; others can still fill the disk, so every write may meet ENOSPC all the same.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "io/file_system.h"

namespace mts::store {

class FreeSpace {
 public:
  // Room held for one upload, given back as it is used and at the end of its life. Used by one thread at a time.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(FreeSpace* space, uint64_t bytes) : space_(space), left_(bytes) {}
    ~Reservation() { Use(left_); }
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    void Use(uint64_t bytes);
    uint64_t left() const { return left_; }

   private:
    FreeSpace* space_ = nullptr;
    uint64_t left_ = 0;
  };

  FreeSpace(io::FileSystem* files, std::string directory, uint64_t min_free_bytes)
      : files_(*files), directory_(std::move(directory)), min_free_bytes_(min_free_bytes) {}

  absl::StatusOr<Reservation> Reserve(uint64_t bytes);
  // Before `bytes` are written, of which `reserved` were announced.
  absl::Status Check(uint64_t bytes, uint64_t reserved);

 private:
  io::FileSystem& files_;
  const std::string directory_;
  const uint64_t min_free_bytes_;
  std::atomic<uint64_t> reserved_{0};
};

}  // namespace mts::store
