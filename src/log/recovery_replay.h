// Applies the records of segments to the state, and their messages to the segment set.
//
// Threading: one thread. Errors: RESOURCE_EXHAUSTED for more subjects than allowed; those of the disk. Damage is
// reported and skipped. Limits: memory is the longest group and the references to payload files that the log names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/damage.h"
#include "log/recovery_survey.h"
#include "log/segment_scanner.h"
#include "log/segment_set.h"
#include "log/state.h"

namespace mts::log {

// Takes what is damaged: logs and keeps it.
class DamageCollector {
 public:
  void Report(DamageReport report);
  std::vector<DamageReport> TakeReports() { return std::move(reports_); }
  uint64_t count() const { return count_; }

 private:
  std::vector<DamageReport> reports_;
  uint64_t count_ = 0;
};

class Replay {
 public:
  // What is done with one segment. Offsets of the first record that counts; kNothing: none.
  static constexpr uint64_t kNothing = UINT64_MAX;
  struct Plan {
    uint64_t limit = 0;                  // nothing is read behind
    uint64_t state_from = kNothing;      // these are applied to the whole state
    uint64_t catalogue_from = kNothing;  // of these, messages count in the catalogue; at most state_from
    bool index = false;                  // the messages go to the segment set, which opens and seals the segment
    bool report_damage = true;
    bool ends_open = false;  // no seal is expected
  };

  // `now_monotonic_micros` is the present; `last_time` that of the log's last group: ages of deduplication ids follow.
  Replay(State& state, SegmentSet& segments, DamageCollector& damage, int64_t now_monotonic_micros, Timestamp last_time,
         int64_t deduplication_window_micros)
      : state_(state),
        segments_(segments),
        damage_(damage),
        now_(now_monotonic_micros),
        last_time_(last_time),
        window_micros_(deduplication_window_micros) {}

  // What was read of it.
  absl::StatusOr<SegmentSummary> Run(const SegmentFile& segment, const Plan& plan);

  uint64_t replayed_bytes() const { return replayed_bytes_; }
  // Payload files named and not removed so far.
  std::vector<PayloadReference> TakeReferences();

 private:
  absl::Status RunGroup(SegmentScanner& scanner, const ScannedGroup& group, DamageSink damage);
  absl::Status Apply(const ScannedRecord& record, GroupNumber group);
  absl::Status ApplyMessage(const ScannedRecord& record);
  void ApplyState(const ScannedRecord& record, GroupNumber group);
  void ApplyPosition(const PositionBody& body, Timestamp time);
  void ApplyRemoval(GroupNumber group, const std::vector<PayloadReference>& references);
  void EndGroup(const ScannedGroup& group, Timestamp time);

  State& state_;
  SegmentSet& segments_;
  DamageCollector& damage_;
  const int64_t now_;
  const Timestamp last_time_;
  const int64_t window_micros_;
  std::map<std::string, PayloadReference> references_;
  uint64_t replayed_bytes_ = 0;

  // Of the segment in hand.
  Plan plan_;
  SegmentSummary summary_;
  bool sealed_ = false;
  // Of the group in hand.
  std::vector<VisibleMessage> visible_;
  size_t uncounted_ = 0;  // messages at the front of visible_ that the catalogue has already
  Timestamp group_time_;
  Sequence group_last_;
};

}  // namespace mts::log
