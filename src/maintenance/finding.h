// What an examination of a data directory found, and what it looked at.
//
// Threading: values. Limits: kMaxFindings findings and kMaxTouchedMessages messages of each are listed, all are
// counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/sequence.h"

namespace mts::maintenance {

inline constexpr size_t kMaxFindings = 10'000;
inline constexpr size_t kMaxTouchedMessages = 1'000;

enum class FindingKind {
  kSegment,  // a record, a group or a header of the log cannot be read
  kMissing,  // a whole segment is not there, or is not a segment
  kForeign,  // a file that is not of this log stands in the place of its last segment
  kIndex,    // of a segment
  kTier,     // merged subject lists
  kCheckpoint,
  kPayload,   // a payload file is missing or damaged
  kOrphan,    // a payload file that no message names
  kTail,      // what a crash left half written: the next start cuts it off
  kLeftover,  // a file that the next start removes
};
std::string_view FindingKindName(FindingKind kind);

struct TouchedMessage {
  std::string subject;  // empty: not known
  Sequence sequence;
};

struct Finding {
  FindingKind kind = FindingKind::kSegment;
  bool damage = true;  // false: worth knowing, nothing is lost
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;  // 0: the whole file, or not known
  std::string what;
  uint64_t message_count = 0;
  std::vector<TouchedMessage> messages;  // the first of them

  void Touch(std::string_view subject, Sequence sequence) {
    if (message_count++ < kMaxTouchedMessages) messages.push_back({std::string(subject), sequence});
  }
};

struct Examined {
  uint64_t segments = 0;
  uint64_t records = 0;
  uint64_t messages = 0;
  uint64_t indexes = 0;
  uint64_t tiers = 0;
  uint64_t checkpoints = 0;
  uint64_t payload_files = 0;
  uint64_t bytes = 0;
  Sequence last_sequence;
};

struct Report {
  Examined examined;
  std::vector<Finding> findings;  // the first kMaxFindings
  uint64_t damaged = 0;           // findings that are damage
  uint64_t notices = 0;           // findings that are not

  bool sound() const { return damaged == 0; }
  void Add(Finding finding) {
    ++(finding.damage ? damaged : notices);
    if (findings.size() < kMaxFindings) findings.push_back(std::move(finding));
  }
};

}  // namespace mts::maintenance
