// One call of Append: decides batch after batch against the state in the spaces, puts them there, and commits them
// together.
//
// Threading: one fiber. Errors: in the results. Limits: none of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/sequence.h"
#include "tarantool/src/append.h"

namespace mts::tarantool {

class AppendCall {
 public:
  AppendCall(Instance& instance, absl::Span<const AppendBatch> batches, std::optional<RememberResults> remember);
  std::vector<AppendResult> Run();

 private:
  // A subject as this call has changed it so far.
  struct Subject {
    Sequence before;  // the last sequence in its row
    Sequence last;
    uint64_t messages = 0;
    uint64_t bytes = 0;
    bool is_new = false;
  };
  // The messages of a batch that are duplicates have their first one's sequence; kNoSequence: of this very batch.
  using Duplicates = std::vector<std::pair<uint32_t, Sequence>>;

  Subject& SubjectOf(std::string_view name);
  absl::Status Check(const AppendMessage& message) const;
  absl::Status Decide(const AppendBatch& batch, AppendResult& result);
  absl::Status Put(Transaction& transaction, const AppendBatch& batch, AppendResult& result);
  absl::Status PutMessage(Transaction& transaction, const AppendMessage& message);
  absl::Status PutSubjects(Transaction& transaction);
  absl::Status PutAll(Transaction& transaction);
  void Commit(Transaction& transaction);
  // For all batches but those that no state of the store could have saved.
  void RefuseAll(const absl::Status& status);
  // What was decided by appends that are still being written holds only if they become durable.
  static bool RestsOnOthers(const AppendResult& result);
  void RefuseWhatRestsOnOthers();

  Instance& instance_;
  const absl::Span<const AppendBatch> batches_;
  const std::optional<RememberResults> remember_;
  std::vector<AppendResult> results_;
  const Timestamp time_;
  Sequence next_;  // the sequence given last
  const Sequence given_before_;
  uint64_t bytes_ = 0;
  uint64_t new_subjects_ = 0;
  std::string row_;
  absl::flat_hash_map<std::string_view, Subject> subjects_;  // names are views of the batches
  absl::flat_hash_set<uint64_t> broken_streams_;
};

}  // namespace mts::tarantool
