// How far the log has come: accepted >= written >= durable, as sequences. Builds with MTS_DEBUG_CHECKS end the process
// where the order is broken.
//
// Threading: one writer (the commit thread), any readers.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "model/sequence.h"

namespace mts::log {

class Watermarks {
 public:
  void Restore(Sequence last) {
    accepted_ = last.value();
    written_ = last.value();
    durable_ = last.value();
  }
  void Accepted(Sequence last) { Raise(accepted_, last); }
  void Written(Sequence last) { Raise(written_, last); }
  void Durable(Sequence last) { Raise(durable_, last); }

  Sequence accepted() const { return Sequence(accepted_.load(std::memory_order_acquire)); }
  Sequence written() const { return Sequence(written_.load(std::memory_order_acquire)); }
  Sequence durable() const { return Sequence(durable_.load(std::memory_order_acquire)); }

 private:
  void Raise(std::atomic<uint64_t>& mark, Sequence to) {
#ifdef MTS_DEBUG_CHECKS
    if (to.value() < mark.load()) Broken("a watermark went back");
#endif
    mark.store(to.value(), std::memory_order_release);
#ifdef MTS_DEBUG_CHECKS
    if (!(accepted_ >= written_ && written_ >= durable_)) Broken("accepted >= written >= durable does not hold");
#endif
  }
  [[noreturn]] static void Broken(const char* what) {
    std::fprintf(stderr, "log: %s\n", what);
    std::abort();
  }

  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> durable_{0};
};

}  // namespace mts::log
