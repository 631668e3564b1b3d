#include "cli/client/retry.h"

#include <algorithm>

#include "absl/random/distributions.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);

}  // namespace

bool IsTransient(const absl::Status& status) { return IsRetryable(status) || absl::IsDeadlineExceeded(status); }

std::string SpokenDuration(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds >= 120 && seconds % 60 == 0) return Concat(seconds / 60, " minutes");
  if (duration < absl::Seconds(1)) return Concat(absl::ToInt64Milliseconds(duration), " ms");
  return Concat(seconds, seconds == 1 ? " second" : " seconds");
}

absl::Duration PauseBefore(int attempt, absl::BitGen& random) {
  const absl::Duration pause = std::min(kLongestPause, kFirstPause * (1 << std::min(attempt, 10)));
  return pause * absl::Uniform(random, 0.5, 1.0);
}

void Retry::Succeeded() {
  if (told_) PrintNote("the server is back, going on");
  reached_ = true;
  attempts_ = 0;
  told_ = false;
}

absl::Status Retry::After(const absl::Status& failure) {
  MTS_RETURN_IF_ERROR(Interrupt::Get().Check());
  if (!IsTransient(failure)) return failure;
  // A refusal for lack of room is the answer of a server that is there.
  if (absl::IsResourceExhausted(failure)) reached_ = true;
  if (!reached_ && !policy_.wait_for_first) return failure;
  if (attempts_ == 0) outage_began_ = absl::Now();
  const absl::Duration left = policy_.retry_for - (absl::Now() - outage_began_);
  if (left <= absl::ZeroDuration()) {
    if (policy_.retry_for <= absl::ZeroDuration()) return failure;
    return WithContext(failure, Concat("gave up after ", SpokenDuration(policy_.retry_for)));
  }
  // Short gaps are nobody's business.
  if (attempts_ == 2) {
    PrintNote(Concat(failure.message(), "; trying again for up to ", SpokenDuration(policy_.retry_for)));
    told_ = true;
  }
  const absl::Duration pause = std::min(left, PauseBefore(attempts_++, random_));
  return Interrupt::Get().Sleep(pause) ? absl::OkStatus() : Interrupt::Get().Check();
}

}  // namespace mts::cli
