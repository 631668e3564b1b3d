#include "tarantool/src/functions.h"

#include <algorithm>

#include "base/status.h"
#include "model/msgpack_writer.h"
#include "tarantool/src/consumers.h"
#include "tarantool/src/news.h"
#include "tarantool/src/reading.h"
#include "tarantool/src/retention.h"
#include "tarantool/src/subject_scan.h"

namespace mts::tarantool {
namespace {

constexpr uint64_t kVersion = 1;
constexpr uint64_t kMaxCallBytes = 32 * 1024 * 1024;
constexpr uint64_t kMaxPageSize = 10'000;
constexpr uint64_t kMaxWaitMillis = 60'000;

ConsumerId TakeConsumer(ValueReader& arguments) {
  ConsumerId id;
  id.durable_name = arguments.Text();
  id.subject = arguments.Text();
  return id;
}

absl::Status Move(Instance& instance, ValueReader& arguments, Answer& answer,
                  absl::StatusOr<Sequence> (*move)(Instance&, const ConsumerId&, Sequence)) {
  const ConsumerId id = TakeConsumer(arguments);
  const Sequence to(arguments.Number());
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Sequence position, move(instance, id, to));
  answer.Add(position);
  return absl::OkStatus();
}

}  // namespace

absl::Status HelloFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  answer.Add(kVersion);
  answer.Add(instance.writable());
  answer.Add(instance.visibility().visible());
  answer.Add(std::string_view(instance.uuid()));
  answer.Add(std::string_view(instance.durability()));
  answer.Add(kMaxInlineBytes);
  answer.Add(kMaxCallBytes);
  return absl::OkStatus();
}

absl::Status ReadFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view name = arguments.Text();
  ReadLimits limits;
  limits.after = Sequence(arguments.Number());
  limits.max_messages = arguments.Number();
  limits.max_bytes = arguments.Number();
  limits.max_inline_bytes = arguments.Number();
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(name));
  uint64_t count = 0;
  std::string rows;
  const ReadOutcome outcome = ReadMessages(instance, pattern, limits, [&](const Row& row, std::string_view tuple) {
    AppendRowForReader(rows, row, tuple, limits.max_inline_bytes);
    ++count;
  });
  answer.Add(outcome.scanned_through);
  answer.Add(outcome.more);
  answer.AddArray(count, rows);
  return absl::OkStatus();
}

absl::Status ReadOneFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view subject = arguments.Text();
  const Sequence sequence(arguments.Number());
  const uint64_t max_inline_bytes = arguments.Number();
  if (!arguments.ok()) return absl::OkStatus();
  ReadMessage(instance, sequence, [&](const Row& row, std::string_view tuple) {
    if (!subject.empty() && row.message.subject != subject) return;
    AppendRowForReader(answer.values, row, tuple, max_inline_bytes);
    ++answer.count;
  });
  return answer.count == 1 ? absl::OkStatus() : absl::NotFoundError("there is no such message");
}

absl::Status LastFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view name = arguments.Text();
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(name));
  answer.Add(instance.LastOf(pattern));
  return absl::OkStatus();
}

absl::Status LastBeforeFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const uint64_t time = std::min<uint64_t>(arguments.Number(), INT64_MAX);
  if (arguments.ok()) answer.Add(LastBefore(instance, Timestamp(static_cast<int64_t>(time))));
  return absl::OkStatus();
}

absl::Status PositionFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const ConsumerId id = TakeConsumer(arguments);
  if (!arguments.ok()) return absl::OkStatus();
  const std::optional<Sequence> position = PositionOf(instance, id);
  if (position.has_value()) {
    answer.Add(*position);
  } else {
    msgpack::AppendNil(answer.values);
    answer.count = 1;
  }
  return absl::OkStatus();
}

absl::Status AdvanceFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  return Move(instance, arguments, answer, &AdvanceConsumer);
}

absl::Status ResetFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  return Move(instance, arguments, answer, &ResetConsumer);
}

absl::Status DeleteConsumerFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const ConsumerId id = TakeConsumer(arguments);
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const bool existed, DeleteConsumer(instance, id));
  answer.Add(existed);
  return absl::OkStatus();
}

absl::Status WaitFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::optional<uint64_t> known = arguments.OptionalNumber();
  const uint64_t timeout_millis = std::min(arguments.Number(), kMaxWaitMillis);
  if (!arguments.ok()) return absl::OkStatus();
  std::optional<Sequence> known_sequence;
  if (known.has_value()) known_sequence = Sequence(*known);
  const News news = WaitForNews(instance, known_sequence, static_cast<double>(timeout_millis) / 1000);
  MTS_RETURN_IF_ERROR(instance.CheckWritable());
  std::string subjects;
  for (const auto& [subject, last] : news.last_of_subject) {
    msgpack::AppendText(subjects, subject);
    msgpack::AppendUnsigned(subjects, last.value());
  }
  answer.Add(news.through);
  answer.AddArray(news.last_of_subject.size() * 2, subjects);
  return absl::OkStatus();
}

absl::Status SubjectsFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view name = arguments.Text();
  const std::string_view after = arguments.Text();
  const uint64_t size = std::clamp<uint64_t>(arguments.Number(), 1, kMaxPageSize);
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(name));
  uint64_t count = 0;
  std::string states;
  SubjectScan scan(instance, pattern, after);
  box_tuple_t* row = nullptr;
  while (count < size && (row = scan.Next()) != nullptr) {
    const std::string_view subject = TextField(row, field::kSubjectName);
    const Sequence last = instance.visibility().LastOf(subject, Sequence(NumberField(row, field::kSubjectLast)));
    if (last == kNoSequence) continue;  // its first message is not visible yet
    uint64_t first = 0, first_time = 0;
    ReadLimits one{.after = kNoSequence, .max_messages = 1};
    ReadMessages(instance, Pattern::Exact(subject), one, [&](const Row& message, std::string_view) {
      first = message.message.sequence.value();
      first_time = static_cast<uint64_t>(message.message.time.value());
    });
    states += MakeTuple(subject, first, last, NumberField(row, field::kSubjectMessages),
                        NumberField(row, field::kSubjectBytes), first_time, NumberField(row, field::kSubjectLastTime));
    ++count;
  }
  answer.AddArray(count, states);
  answer.Add(count == size);
  return absl::OkStatus();
}

absl::Status ConsumersFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view subject = arguments.Text();
  const std::string_view after_subject = arguments.Text();
  const std::string_view after_durable_name = arguments.Text();
  const uint64_t size = std::clamp<uint64_t>(arguments.Number(), 1, kMaxPageSize);
  if (!arguments.ok()) return absl::OkStatus();
  // All of the one subject lie together.
  const bool from_subject = !subject.empty() && after_subject < subject;
  Scan scan(instance.spaces().consumers_by_subject, ITER_GT,
            from_subject ? MakeTuple(subject, std::string_view()) : MakeTuple(after_subject, after_durable_name));
  uint64_t count = 0;
  std::string consumers;
  while (count < size) {
    box_tuple_t* const row = scan.Next();
    if (row == nullptr) break;
    const ConsumerId id{std::string(TextField(row, field::kDurableName)),
                        std::string(TextField(row, field::kConsumerSubject))};
    if (!subject.empty() && id.subject != subject) break;
    const uint64_t active_time = NumberField(row, field::kActiveTime);
    const std::optional<Sequence> position = PositionOf(instance, id);
    if (!position.has_value()) continue;  // not durable yet
    consumers += MakeTuple(std::string_view(id.durable_name), std::string_view(id.subject), *position, active_time);
    ++count;
  }
  answer.AddArray(count, consumers);
  return absl::OkStatus();
}

absl::Status InfoFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  answer.Add(instance.visibility().last_message());
  answer.Add(CountOf(instance.spaces().messages));
  answer.Add(instance.bytes());
  answer.Add(std::string_view(instance.durability()));
  return absl::OkStatus();
}

absl::Status CountAfterFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  const std::string_view name = arguments.Text();
  const Sequence position(arguments.Number());
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const Pattern pattern, Pattern::Parse(name));
  answer.Add(CountAfter(instance, pattern, position));
  return absl::OkStatus();
}

absl::Status ExpireFunction(Instance& instance, ValueReader& arguments, Answer& answer) {
  Retention limits;
  limits.max_age_micros = static_cast<int64_t>(std::min<uint64_t>(arguments.Number(), INT64_MAX));
  limits.max_bytes = arguments.Number();
  limits.max_messages = arguments.Number();
  const uint64_t max_rows = arguments.Number();
  if (!arguments.ok()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(const ExpireOutcome outcome, ExpireStep(instance, limits, max_rows));
  uint64_t count = 0;
  std::string objects;
  std::string_view last_name;  // messages of one object mostly lie together
  for (const RemovedMessage& message : outcome.removed) {
    if (message.object_name == last_name || message.kind == PayloadKind::kInline) continue;
    last_name = message.object_name;
    if (IsNamed(instance, message.object_name)) continue;
    msgpack::AppendUnsigned(objects, static_cast<uint64_t>(message.kind));
    msgpack::AppendText(objects, message.object_name);
    count += 2;
  }
  answer.Add(outcome.more);
  answer.Add(static_cast<uint64_t>(outcome.removed.size()));
  answer.AddArray(count, objects);
  return absl::OkStatus();
}

}  // namespace mts::tarantool
