// What clients were told, over all rounds: every later look at the server has to agree with it (promises P1 to P4 as
// far as kill -9 can tell). A disagreement is a violation; the run ends after the round that has one.
//
// Threading: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace mts::crash {

class Ledger {
 public:
  // The server answered that this message is stored, or showed it to a reader.
  void Stored(std::string_view key, std::string_view subject, uint64_t sequence);

  void AckSent(std::string_view consumer, uint64_t sequence);
  void AckAnswered(std::string_view consumer, uint64_t sequence);

  void Violation(std::string text);
  std::vector<std::string> violations() const;

  // Keys that must be visible, by sequence, above `after`.
  absl::flat_hash_map<uint64_t, std::string> StoredAfter(uint64_t after) const;
  // The greatest sequence that a client knows of on the subject.
  uint64_t LastOf(std::string_view subject) const;
  struct Acks {
    uint64_t answered = 0;
    uint64_t sent = 0;
  };
  Acks AcksOf(std::string_view consumer) const;
  uint64_t messages() const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<uint64_t, std::string> key_of_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, uint64_t> sequence_of_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, uint64_t> last_of_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Acks> acks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> violations_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mts::crash
