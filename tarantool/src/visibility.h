// What readers may see. A row is in the spaces before it is durable, so readers end below the lowest sequence that is
// being written; what is durable behind it waits until that one is.
//
// Threading: the transaction thread; WaitPast and WaitFor yield. Errors: none. Limits: one entry for each append that
// is being written.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "model/sequence.h"
#include "tarantool/src/module_api.h"
#include "tarantool/src/pending_values.h"

namespace mts::tarantool {

class Visibility {
 public:
  // What an append does to one subject.
  struct SubjectChange {
    std::string subject;
    Sequence last;
  };

  Visibility() : changed_(fiber_cond_new()) {}
  ~Visibility() { fiber_cond_delete(changed_); }
  Visibility(const Visibility&) = delete;
  Visibility& operator=(const Visibility&) = delete;

  // The greatest number given, and the greatest of a message, when an instance starts or becomes writable.
  void Reset(Sequence given, Sequence last_message);

  Sequence given() const { return given_; }
  // Everything up to here is durable or will never be.
  Sequence visible() const { return writes_.empty() ? given_ : Sequence(writes_.front().first.value() - 1); }
  bool writing() const { return !writes_.empty(); }
  // The greatest of a visible message; numbers may have been given up behind it.
  Sequence last_message() const { return last_message_; }
  // Counts the appends that could not be made durable.
  uint64_t failures() const { return failures_; }

  // The last visible sequence of a subject whose row holds `in_row`.
  Sequence LastOf(std::string_view subject, Sequence in_row) const;

  // An append of first..last was put into the spaces; first follows what was given before. The rows of the subjects
  // held `before`.
  uint64_t Begin(Sequence first, Sequence last, std::vector<SubjectChange> changes,
                 const std::vector<Sequence>& before);
  void End(uint64_t write, bool durable);

  // Until visible() > known, at most `seconds`; false when it is not then, or the instance became read-only.
  bool WaitPast(Sequence known, double seconds);
  // Until everything up to `sequence` is decided.
  void WaitFor(Sequence sequence);
  // Ends all waits for news.
  void Interrupt();

 private:
  struct Write {
    Sequence first, last;
    std::vector<SubjectChange> changes;
    bool ended = false;
    bool durable = false;
  };

  void Advance();

  Sequence given_;
  Sequence last_message_;
  uint64_t failures_ = 0;
  uint64_t interrupts_ = 0;
  uint64_t first_write_ = 0;  // the number of writes_.front()
  std::deque<Write> writes_;
  PendingValues subjects_;
  uint32_t waiting_ = 0;
  fiber_cond* const changed_;
};

}  // namespace mts::tarantool
