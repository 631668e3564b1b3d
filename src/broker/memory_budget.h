// A bound on memory that several callers share. What cannot be had is refused at once, so that one who holds on to his
// part (a client that reads nothing) makes nobody wait.
//
// Threading: any thread. Errors: TryReserve answers an empty reservation. Limits: a reservation that is larger than the
// whole budget is given when nothing else is reserved.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace mts::broker {

class MemoryBudget;

// Given back when destroyed.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  MemoryReservation(MemoryReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryReservation& operator=(MemoryReservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryReservation();
  // Takes over what `other`, of the same budget, holds.
  void Add(MemoryReservation other);

 private:
  friend class MemoryBudget;
  MemoryReservation(MemoryBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) : bytes_(bytes) {}

  std::optional<MemoryReservation> TryReserve(uint64_t bytes) {
    const uint64_t before = used_.fetch_add(bytes);
    if (before != 0 && before + bytes > bytes_) {
      used_.fetch_sub(bytes);
      return std::nullopt;
    }
    return MemoryReservation(this, bytes);
  }
  uint64_t used() const { return used_.load(); }

 private:
  friend class MemoryReservation;
  const uint64_t bytes_;
  std::atomic<uint64_t> used_{0};
};

inline MemoryReservation::~MemoryReservation() {
  if (budget_ != nullptr) budget_->used_.fetch_sub(bytes_);
}

inline void MemoryReservation::Add(MemoryReservation other) {
  if (budget_ == nullptr) budget_ = other.budget_;
  bytes_ += other.bytes_;
  other.budget_ = nullptr;
}

}  // namespace mts::broker
