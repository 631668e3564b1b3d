#include "tarantool/src/append_call.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "model/headers.h"
#include "model/subject.h"

namespace mts::tarantool {

std::vector<AppendResult> Append(Instance& instance, absl::Span<const AppendBatch> batches,
                                 std::optional<RememberResults> remember) {
  return AppendCall(instance, batches, remember).Run();
}

AppendCall::AppendCall(Instance& instance, absl::Span<const AppendBatch> batches,
                       std::optional<RememberResults> remember)
    : instance_(instance),
      batches_(batches),
      remember_(remember),
      results_(batches.size()),
      time_(instance.TimeForMessage()),
      next_(instance.visibility().given()),
      given_before_(next_) {}

std::vector<AppendResult> AppendCall::Run() {
  Transaction transaction;
  const uint64_t failures = instance_.visibility().failures();
  const absl::Status status = transaction.open() ? PutAll(transaction) : StatusOfLastError();
  if (status.ok() && next_ > given_before_) {
    Commit(transaction);  // when it succeeds, all that came before is durable too
    return std::move(results_);
  }
  transaction.Rollback();
  if (!status.ok()) {
    RefuseAll(status);
  } else if (std::any_of(results_.begin(), results_.end(), RestsOnOthers)) {
    instance_.visibility().WaitFor(given_before_);
    if (instance_.visibility().failures() != failures) RefuseWhatRestsOnOthers();
  }
  return std::move(results_);
}

absl::Status AppendCall::PutAll(Transaction& transaction) {
  for (size_t i = 0; i < batches_.size(); ++i) {
    const AppendBatch& batch = batches_[i];
    AppendResult& result = results_[i];
    if (batch.stream != 0 && broken_streams_.contains(batch.stream)) {
      result.status = absl::UnavailableError("an earlier batch of the stream was refused");
      continue;
    }
    result.status = Decide(batch, result);
    if (result.status.ok()) MTS_RETURN_IF_ERROR(Put(transaction, batch, result));
    if (batch.stream != 0 && IsRetryable(result.status)) broken_streams_.insert(batch.stream);
  }
  if (next_ == given_before_) return absl::OkStatus();
  MTS_RETURN_IF_ERROR(PutSubjects(transaction));
  if (remember_) MTS_RETURN_IF_ERROR((*remember_)(transaction, results_));
  return transaction.SetSequence(instance_.spaces().sequence_id, next_);
}

AppendCall::Subject& AppendCall::SubjectOf(std::string_view name) {
  const auto [entry, is_first] = subjects_.try_emplace(name);
  Subject& subject = entry->second;
  if (!is_first) return subject;
  box_tuple_t* const row = Find(instance_.spaces().subjects, MakeTuple(name));
  subject.is_new = row == nullptr;
  if (row == nullptr) return subject;
  subject.before = subject.last = Sequence(NumberField(row, field::kSubjectLast));
  subject.messages = NumberField(row, field::kSubjectMessages);
  subject.bytes = NumberField(row, field::kSubjectBytes);
  return subject;
}

absl::Status AppendCall::Check(const AppendMessage& message) const {
  const NewRow& row = message.row;
  MTS_RETURN_IF_ERROR(ValidateSubject(row.subject));
  MTS_RETURN_IF_ERROR(ValidateEncodedHeaders(row.headers));
  if (row.headers.size() > limits::kMaxHeaderBytes) return absl::InvalidArgumentError("headers are too long");
  if (message.message_id.size() > limits::kMaxMessageIdBytes) {
    return absl::InvalidArgumentError("message_id is too long");
  }
  if (row.object_name.size() > limits::kMaxObjectNameBytes) {
    return absl::InvalidArgumentError("object_name is too long");
  }
  if (row.kind != PayloadKind::kInline && row.object_name.empty()) {
    return absl::InvalidArgumentError("object_name cannot be empty");
  }
  if (row.payload.size() > kMaxInlineBytes) {
    return absl::InvalidArgumentError(Concat("a payload of ", row.payload.size(),
                                             " bytes belongs into an object: at most ", kMaxInlineBytes,
                                             " bytes lie in a row"));
  }
  return absl::OkStatus();
}

absl::Status AppendCall::Decide(const AppendBatch& batch, AppendResult& result) {
  if (instance_.memory_short()) return absl::ResourceExhaustedError("Tarantool's memory is nearly full");
  absl::flat_hash_set<std::pair<std::string_view, std::string_view>> ids;
  uint64_t new_subjects = 0;
  for (uint32_t i = 0; i < batch.messages.size(); ++i) {
    const AppendMessage& message = batch.messages[i];
    result.refused_position = i;
    MTS_RETURN_IF_ERROR(Check(message));
    if (!message.message_id.empty()) {
      const std::string_view subject = message.row.subject;
      const auto stored = instance_.deduplication().Find(subject, message.message_id, time_);
      const bool in_batch = !stored.has_value() && !ids.emplace(subject, message.message_id).second;
      if (stored.has_value() || in_batch) {
        result.duplicates.emplace_back(i, stored.value_or(kNoSequence));
        continue;
      }
    }
    Subject& subject = SubjectOf(message.row.subject);
    if (message.expected_last_sequence && *message.expected_last_sequence != subject.last) {
      return absl::FailedPreconditionError(Concat("the last sequence of ", message.row.subject, " is ",
                                                  subject.last.value(), ", not ",
                                                  message.expected_last_sequence->value()));
    }
    if (subject.is_new && subject.last == kNoSequence) ++new_subjects;
  }
  result.refused_position.reset();
  if (new_subjects == 0) return absl::OkStatus();
  const uint64_t subjects = CountOf(instance_.spaces().subjects) + new_subjects_ + new_subjects;
  if (subjects > limits::kMaxSubjects) return absl::ResourceExhaustedError("there are too many subjects");
  return absl::OkStatus();
}

absl::Status AppendCall::Put(Transaction& transaction, const AppendBatch& batch, AppendResult& result) {
  auto duplicate = result.duplicates.begin();
  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, Sequence> own;
  for (uint32_t i = 0; i < batch.messages.size(); ++i) {
    const AppendMessage& message = batch.messages[i];
    if (duplicate != result.duplicates.end() && duplicate->first == i) {
      if (duplicate->second == kNoSequence) duplicate->second = own[{message.row.subject, message.message_id}];
      ++duplicate;
      continue;
    }
    MTS_RETURN_IF_ERROR(PutMessage(transaction, message));
    if (!result.duplicates.empty() && !message.message_id.empty()) {
      own[{message.row.subject, message.message_id}] = next_;
    }
    if (result.first == kNoSequence) result.first = next_;
    result.last = next_;
  }
  return absl::OkStatus();
}

absl::Status AppendCall::PutMessage(Transaction& transaction, const AppendMessage& message) {
  next_ = next_.Next();
  row_.clear();
  AppendRow(row_, message.row, next_, time_);
  MTS_RETURN_IF_ERROR(transaction.Insert(instance_.spaces().message, row_));
  if (!message.message_id.empty()) {
    MTS_RETURN_IF_ERROR(
        instance_.deduplication().Add(transaction, message.row.subject, message.message_id, next_, time_));
  }
  Subject& subject = SubjectOf(message.row.subject);
  if (subject.is_new && subject.last == kNoSequence) ++new_subjects_;
  subject.last = next_;
  ++subject.messages;
  subject.bytes += SizeOf(message.row);
  bytes_ += SizeOf(message.row);
  return absl::OkStatus();
}

absl::Status AppendCall::PutSubjects(Transaction& transaction) {
  for (const auto& [name, subject] : subjects_) {
    if (subject.last <= given_before_) continue;  // only looked at
    MTS_RETURN_IF_ERROR(transaction.Replace(
        instance_.spaces().subject,
        MakeTuple(name, subject.last, static_cast<uint64_t>(time_.value()), subject.messages, subject.bytes)));
  }
  return absl::OkStatus();
}

void AppendCall::Commit(Transaction& transaction) {
  std::vector<Visibility::SubjectChange> changes;
  std::vector<Sequence> before;
  for (const auto& [name, subject] : subjects_) {
    if (subject.last <= given_before_) continue;
    changes.push_back({std::string(name), subject.last});
    before.push_back(subject.before);
  }
  const Sequence last = next_;
  const uint64_t write = instance_.visibility().Begin(given_before_.Next(), last, std::move(changes), before);
  const absl::Status status = transaction.Commit(instance_.spaces().quorum);
  instance_.visibility().End(write, status.ok());
  if (!status.ok()) return RefuseAll(status);
  instance_.AddBytes(bytes_);
  instance_.visibility().WaitFor(last);
}

void AppendCall::RefuseAll(const absl::Status& status) {
  for (AppendResult& result : results_) {
    if (result.status.ok() || absl::IsFailedPrecondition(result.status)) result = AppendResult::Refused(status);
  }
}

bool AppendCall::RestsOnOthers(const AppendResult& result) {
  return absl::IsFailedPrecondition(result.status) || !result.duplicates.empty();
}

void AppendCall::RefuseWhatRestsOnOthers() {
  for (AppendResult& result : results_) {
    if (RestsOnOthers(result)) {
      result = AppendResult::Refused(absl::UnavailableError("what decided about the batch could not be written"));
    }
  }
}

}  // namespace mts::tarantool
