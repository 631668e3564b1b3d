// The memory that all uploads may hold in parts together.
//
// Threading: any thread. Errors: none; TryTake says whether there was room. Limits: as given.
#pragma once

#include <atomic>
#include <cstdint>

namespace mts::store::s3 {

class UploadMemory {
 public:
  explicit UploadMemory(uint64_t bytes) : left_(bytes) {}

  bool TryTake(uint64_t bytes) {
    uint64_t left = left_.load(std::memory_order_relaxed);
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void Return(uint64_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }
  uint64_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> left_;
};

}  // namespace mts::store::s3
