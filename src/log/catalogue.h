// All subjects: first and last sequence, count and bytes, in memory at <= 100 bytes plus the name each. A subject is
// never forgotten, so that its last sequence survives the removal of its messages.
//
// Threading: the commit thread is the only writer (FindOrCreate, Accept, MakeVisible, Removed, Restore). Readers may
// call the const methods from any thread; they see only what was made visible. A walk over many subjects holds the lock
// for a few hundred names at a time, so that it never keeps the writer waiting. Ids and names stay valid for the
// catalogue's life. Errors: RESOURCE_EXHAUSTED at max_subjects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "model/sequence.h"
#include "model/subject.h"
#include "store/message_store.h"

namespace mts::log {

struct SubjectIdTag {};
using SubjectId = StrongType<SubjectIdTag, uint32_t>;

// One message that became visible.
struct VisibleMessage {
  SubjectId subject;
  uint32_t record_offset8;  // offset in the segment / 8
  Sequence sequence;
  uint64_t payload_bytes;
  bool has_stored_reference;  // PayloadKind::kStored
};

class Catalogue {
 public:
  explicit Catalogue(uint64_t max_subjects);
  ~Catalogue();

  // ---- The commit thread only
  // The id of a subject, made if new. A new one is invisible to readers until its first message is.
  absl::StatusOr<SubjectId> FindOrCreate(std::string_view subject);
  // Last sequence given to a message of the subject, visible or not: what conditions are decided against.
  Sequence accepted_last(SubjectId id) const;
  void Accept(SubjectId id, Sequence sequence);
  // One lock for all of them.
  void MakeVisible(absl::Span<const VisibleMessage> messages, Timestamp time);
  // Messages of a removed segment: `messages` and `bytes` less; what remains begins at or after `first_possible`. The
  // state's first_time is 0 from then on: `first` is a lower bound, the reader looks the exact one up in the indexes.
  void Removed(SubjectId id, uint64_t messages, uint64_t bytes, Sequence first_possible);
  // Counts nothing any more and keeps every subject's last sequence: recovery is going to count all segments anew.
  void ForgetMessages();
  // Counts those of one segment, of which only its index is known: `first` and `last` of the segment.
  void CountSegment(SubjectId id, uint64_t messages, uint64_t bytes, Sequence first, Sequence last,
                    Timestamp last_time);
  // From a checkpoint. Reserve saves time when it is known how many will come.
  void Reserve(uint64_t subjects);
  absl::Status Restore(const store::SubjectState& state);
  // Every visible subject in name order, for a checkpoint. Restored in that order, a million take well under a second.
  void ForEach(absl::FunctionRef<void(const store::SubjectState&)> visit) const;

  // ---- Any thread
  std::optional<SubjectId> Find(std::string_view subject) const;  // visible ones only
  std::string_view Name(SubjectId id) const;                      // takes no lock
  std::optional<store::SubjectState> State(SubjectId id) const;
  // Greatest sequence ever visible of all matching subjects.
  Sequence Last(const Pattern& pattern) const;
  // Visible matching subjects, sorted by name, names after `after`, at most `size`.
  std::vector<store::SubjectState> List(const Pattern& pattern, std::string_view after, size_t size) const;
  // Visible subjects that match, in name order; false from `visit` ends it. No lock is held while `visit` runs.
  void ForEachMatching(const Pattern& pattern, absl::FunctionRef<bool(SubjectId)> visit) const;
  uint64_t subjects() const;
  uint64_t messages() const;
  uint64_t bytes() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace mts::log
