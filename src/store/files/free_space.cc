#include "store/files/free_space.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"

namespace mts::store {
namespace {

// a + b, or the greatest number where that is more.
uint64_t AddSaturated(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

}  // namespace

FreeSpace::Reservation::Reservation(Reservation&& other) noexcept
    : space_(std::exchange(other.space_, nullptr)), left_(std::exchange(other.left_, 0)) {}

FreeSpace::Reservation& FreeSpace::Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Use(left_);
    space_ = std::exchange(other.space_, nullptr);
    left_ = std::exchange(other.left_, 0);
  }
  return *this;
}

void FreeSpace::Reservation::Use(uint64_t bytes) {
  const uint64_t used = std::min(bytes, left_);
  left_ -= used;
  if (space_ != nullptr) space_->reserved_ -= used;
}

absl::StatusOr<FreeSpace::Reservation> FreeSpace::Reserve(uint64_t bytes) {
  MTS_RETURN_IF_ERROR(Check(bytes, 0));
  reserved_ += bytes;
  return Reservation(this, bytes);
}

absl::Status FreeSpace::Check(uint64_t bytes, uint64_t reserved) {
  MTS_ASSIGN_OR_RETURN(const uint64_t free, files_.FreeBytes(directory_));
  uint64_t needed = bytes;
  // What was announced is only held against the limit itself, what was not also against the announcements of others.
  if (bytes > reserved) needed = AddSaturated(bytes - reserved, reserved_.load());
  if (free >= AddSaturated(needed, min_free_bytes_)) return absl::OkStatus();
  return absl::ResourceExhaustedError(Concat(directory_, ": ", free, " bytes are free, ", bytes,
                                             " more do not fit above the ", min_free_bytes_,
                                             " bytes that are kept free"));
}

}  // namespace mts::store
