#include "cli/client/start_position.h"

#include "absl/strings/numbers.h"
#include "base/text.h"
#include "cli/terminal/format.h"

namespace mts::cli {
namespace {

void SetTime(::minitoolstream::StartPosition& position, absl::Time time) {
  const timespec parts = absl::ToTimespec(time);
  position.mutable_time()->set_seconds(parts.tv_sec);
  position.mutable_time()->set_nanos(static_cast<int32_t>(parts.tv_nsec));
}

}  // namespace

absl::StatusOr<::minitoolstream::StartPosition> ParseStartPosition(std::string_view text, absl::Time now) {
  ::minitoolstream::StartPosition position;
  uint64_t sequence = 0;
  if (text == "first") return position;
  if (text == "new") {
    position.set_newest(true);
  } else if (absl::SimpleAtoi(ToAbsl(text), &sequence)) {
    if (sequence > 0) position.set_after_sequence(sequence - 1);
  } else if (const auto time = ParseTime(text); time.ok()) {
    SetTime(position, *time);
  } else if (const auto span = ParseDuration(text); span.ok()) {
    SetTime(position, now - *span);
  } else {
    return absl::InvalidArgumentError(
        Concat("'", text,
               "' is no position; write first, new, a sequence such as 42, a time such as "
               "2026-11-23T10:00:00Z, or a span back such as 10m"));
  }
  return position;
}

}  // namespace mts::cli
