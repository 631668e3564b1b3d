#include "gate/message_select.h"

#include <algorithm>
#include <utility>

namespace mts::gate {
namespace {

using iproto::Iterator;

constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr uint64_t kMaxSeconds = static_cast<uint64_t>(INT64_MAX) / kMicrosPerSecond - 1;

// The range of numbers that a key of one number selects: [first, last], nothing where last < first.
MessageRange RangeOf(Iterator iterator, uint64_t below, uint64_t through) {
  MessageRange range;
  switch (iterator) {
    case Iterator::kEqual:
    case Iterator::kEqualReversed:
      range.first = Sequence(below).Next();
      range.last = Sequence(through);
      break;
    case Iterator::kAll:
    case Iterator::kGreaterOrEqual:
      range.first = Sequence(below).Next();
      break;
    case Iterator::kGreater:
      if (through == UINT64_MAX) {
        range.first = kMaxSequence;
        range.last = kNoSequence;
      } else {
        range.first = Sequence(through).Next();
      }
      break;
    case Iterator::kLess:
      range.last = Sequence(below);
      break;
    case Iterator::kLessOrEqual:
      range.last = Sequence(through);
      break;
  }
  return range;
}

}  // namespace

MessageSelect::MessageSelect(store::MessageStore& messages, SelectRequest request, Reply reply)
    : messages_(messages), request_(std::move(request)), reply_(std::move(reply)) {
  rows_.offset = request_.offset;
  rows_.limit = request_.limit;
}

void MessageSelect::Start(store::MessageStore& messages, SelectRequest request, Reply reply) {
  std::shared_ptr<MessageSelect> select(new MessageSelect(messages, std::move(request), std::move(reply)));
  select->Run();
}

void MessageSelect::Run() {
  const bool by_subject = request_.index->id == kMessageBySubject || request_.index->id == kMessageBySubjectSequence;
  if (by_subject) return RunBySubject();
  if (request_.key.empty()) {
    MessageRange everything;
    everything.descending = request_.descending();
    return Scan(std::move(everything));
  }
  return request_.index->id == kMessageByTime ? RunByTime() : RunBySequence();
}

void MessageSelect::RunBySequence() {
  const uint64_t key = std::get<uint64_t>(request_.key[0]);
  // There is no message 0, and none before it.
  if (key == 0 && (request_.iterator == Iterator::kGreaterOrEqual || request_.iterator == Iterator::kGreater)) {
    return Scan({});
  }
  if (key == 0) return Answer(absl::OkStatus());
  MessageRange range = RangeOf(request_.iterator, key - 1, key);
  range.descending = request_.descending();
  Scan(std::move(range));
}

void MessageSelect::RunByTime() {
  const uint64_t seconds = std::min(std::get<uint64_t>(request_.key[0]), kMaxSeconds);
  const Timestamp begin(static_cast<int64_t>(seconds * kMicrosPerSecond));
  const Timestamp end(static_cast<int64_t>((seconds + 1) * kMicrosPerSecond));
  messages_.LastBefore(begin, [self = shared_from_this(), end](absl::StatusOr<Sequence> below) {
    if (!below.ok()) return self->Answer(below.status());
    self->messages_.LastBefore(end, [self, below = below->value()](absl::StatusOr<Sequence> through) {
      if (!through.ok()) return self->Answer(through.status());
      MessageRange range = RangeOf(self->request_.iterator, below, through->value());
      range.descending = self->request_.descending();
      self->Scan(std::move(range));
    });
  });
}

void MessageSelect::Scan(MessageRange range) {
  MessageScan::Start(messages_, std::move(range), rows_,
                     [self = shared_from_this()](const absl::Status& status) { self->Answer(status); });
}

void MessageSelect::Answer(const absl::Status& status) {
  if (!status.ok()) return reply_.Fail(status);
  reply_.Values(rows_.values.count, rows_.values.encoded);
}

// ---- By subject

void MessageSelect::RunBySubject() {
  const bool equal = request_.iterator == Iterator::kEqual || request_.iterator == Iterator::kEqualReversed;
  if (request_.descending() && (!equal || request_.key.empty())) return reply_.Fail(UnsupportedIterator(request_));
  if (request_.key.empty()) return RunSubjects();
  const std::string subject = std::get<std::string>(request_.key[0]);
  const bool possible = ValidateSubject(subject).ok();
  MessageRange range;
  if (possible) range.pattern = Pattern::Exact(subject);
  if (request_.key.size() == 2) {
    const uint64_t sequence = std::get<uint64_t>(request_.key[1]);
    range = RangeOf(request_.iterator, sequence == 0 ? 0 : sequence - 1, sequence);
    if (possible) range.pattern = Pattern::Exact(subject);
  }
  range.descending = request_.descending();
  if (equal) return possible ? Scan(std::move(range)) : Answer(absl::OkStatus());
  // Greater: the rest of this subject, unless only the subject was given, and then the following ones.
  page_.after = subject;
  const bool without_this = request_.iterator == Iterator::kGreater && request_.key.size() == 1;
  if (!possible || without_this) return RunSubjects();
  MessageScan::Start(messages_, std::move(range), rows_, [self = shared_from_this()](absl::Status status) {
    if (!status.ok()) return self->Answer(status);
    self->RunSubjects();
  });
}

void MessageSelect::RunSubjects() {
  if (rows_.full()) return Answer(absl::OkStatus());
  messages_.Subjects(Pattern::All(), page_,
                     [self = shared_from_this()](absl::StatusOr<std::vector<store::SubjectState>> subjects) {
                       if (!subjects.ok()) return self->Answer(subjects.status());
                       if (subjects->empty()) return self->Answer(absl::OkStatus());
                       self->subjects_ = *std::move(subjects);
                       self->next_subject_ = 0;
                       self->page_.after = self->subjects_.back().subject;
                       self->ScanNextSubject();
                     });
}

void MessageSelect::ScanNextSubject() {
  while (next_subject_ < subjects_.size() && !rows_.full()) {
    MessageRange range;
    range.pattern = Pattern::Exact(subjects_[next_subject_++].subject);
    scanned_.Arm();
    MessageScan::Start(messages_, std::move(range), rows_, [self = shared_from_this()](absl::Status status) {
      self->scan_status_ = std::move(status);
      if (!self->scanned_.BothDone()) return;
      if (!self->scan_status_.ok()) return self->Answer(self->scan_status_);
      self->ScanNextSubject();
    });
    if (!scanned_.BothDone()) return;
    if (!scan_status_.ok()) return Answer(scan_status_);
  }
  RunSubjects();
}

}  // namespace mts::gate
