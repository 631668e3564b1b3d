// Operations that change consumers, retention and payload removals (see operation.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "log/operation.h"
#include "log/segment_set.h"
#include "model/consumer.h"
#include "store/message_store.h"

namespace mts::log {

// Sets a position: forward only (Advance) or anywhere (Reset), never past the last visible sequence.
class PositionOperation : public Operation {
 public:
  PositionOperation(Pattern pattern, PositionBody body, store::Done<Sequence> done)
      : pattern_(std::move(pattern)), body_(std::move(body)), encoded_(EncodePosition(body_)), done_(std::move(done)) {}

  uint64_t max_bytes() const override { return StateRecordBytes(encoded_.size()); }
  void Decide(GroupBuilder& group) override;
  void Apply(State& state, Timestamp time) override;
  void Answer(const absl::Status& committed) override;

 private:
  Pattern pattern_;
  PositionBody body_;
  std::string encoded_;
  store::Done<Sequence> done_;
  absl::Status refusal_;
  bool changes_ = false;
  Sequence position_;
};

class DeleteConsumerOperation : public Operation {
 public:
  DeleteConsumerOperation(ConsumerId id, store::Done<bool> done)
      : id_(std::move(id)), encoded_(EncodeConsumerDeleted(id_)), done_(std::move(done)) {}

  uint64_t max_bytes() const override { return StateRecordBytes(encoded_.size()); }
  void Decide(GroupBuilder& group) override;
  void Apply(State& state, Timestamp time) override;
  void Answer(const absl::Status& committed) override;

 private:
  ConsumerId id_;
  std::string encoded_;
  store::Done<bool> done_;
  bool existed_ = false;
};

// What goes with the oldest segment.
struct FrontRemoval {
  TrimBody trim;
  struct Subject {
    SubjectId id;
    uint64_t messages = 0;
    uint64_t bytes = 0;
  };
  std::vector<Subject> subjects;
  std::vector<PayloadReference> payloads;
};

// Takes the oldest segment out of sight: a trim record and the intent to remove its payload files. `done` gets the
// segment's file if it may be used again, and the number of the intent's group.
class TrimOperation : public Operation {
 public:
  struct Result {
    std::shared_ptr<io::File> file;
    GroupNumber intent;
  };
  TrimOperation(FrontRemoval removal, SegmentSet& segments, store::Done<Result> done);

  // Files go when it is answered.
  bool always_durable() const override { return true; }

  uint64_t max_bytes() const override;
  void Decide(GroupBuilder& group) override;
  void Apply(State& state, Timestamp time) override;
  void Answer(const absl::Status& committed) override;

 private:
  FrontRemoval removal_;
  SegmentSet& segments_;
  std::string trim_;
  std::string intent_;  // empty: no payload files
  store::Done<Result> done_;
  Result result_;
};

// The payload files of an intent are gone.
class PayloadsRemovedOperation : public Operation {
 public:
  PayloadsRemovedOperation(GroupNumber intent, absl::AnyInvocable<void(absl::Status)> done)
      : intent_(intent), encoded_(EncodePayloadsRemoved(intent)), done_(std::move(done)) {}

  uint64_t max_bytes() const override { return StateRecordBytes(encoded_.size()); }
  void Decide(GroupBuilder& group) override { group.AddRecord(RecordType::kPayloadsRemoved, encoded_); }
  void Apply(State& state, Timestamp time) override { state.pending_removals.erase(intent_); }
  void Answer(const absl::Status& committed) override { done_(committed); }

 private:
  GroupNumber intent_;
  std::string encoded_;
  absl::AnyInvocable<void(absl::Status)> done_;
};

// Closes the active segment, so that old messages in it can expire.
class RollOperation : public Operation {
 public:
  explicit RollOperation(absl::AnyInvocable<void(absl::Status)> done) : done_(std::move(done)) {}

  uint64_t max_bytes() const override { return 0; }
  bool rolls() const override { return true; }
  void Decide(GroupBuilder& group) override {}
  void Answer(const absl::Status& committed) override { done_(committed); }

 private:
  absl::AnyInvocable<void(absl::Status)> done_;
};

// Changes nothing; makes the commit thread come by, so that a checkpoint that someone waits for is taken.
class NudgeOperation : public Operation {
 public:
  explicit NudgeOperation(absl::AnyInvocable<void(absl::Status)> done) : done_(std::move(done)) {}

  uint64_t max_bytes() const override { return 0; }
  void Decide(GroupBuilder& group) override {}
  void Answer(const absl::Status& committed) override { done_(committed); }

 private:
  absl::AnyInvocable<void(absl::Status)> done_;
};

// Ends weak durability's reservation at a clean stop: numbering goes on without a gap.
class ReleaseReservationOperation : public Operation {
 public:
  explicit ReleaseReservationOperation(absl::AnyInvocable<void(absl::Status)> done) : done_(std::move(done)) {}

  uint64_t max_bytes() const override { return StateRecordBytes(EncodeReservation(kNoSequence).size()); }
  void Decide(GroupBuilder& group) override;
  void Answer(const absl::Status& committed) override { done_(committed); }

 private:
  absl::AnyInvocable<void(absl::Status)> done_;
};

}  // namespace mts::log
