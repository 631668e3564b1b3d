#include "cli/terminal/exit_code.h"

#include <signal.h>

#include "absl/strings/cord.h"
#include "base/text.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::string_view kUsageMark = "minitoolstream/usage";
constexpr absl::string_view kClosedPipeMark = "minitoolstream/closed-pipe";

absl::Status Marked(absl::Status status, absl::string_view mark) {
  status.SetPayload(mark, absl::Cord("1"));
  return status;
}

}  // namespace

absl::Status UsageError(std::string_view message) { return Marked(absl::InvalidArgumentError(ToAbsl(message)), kUsageMark); }

absl::Status ClosedPipeError() { return Marked(absl::AbortedError("the output was closed"), kClosedPipeMark); }

bool IsClosedPipe(const absl::Status& status) { return status.GetPayload(kClosedPipeMark).has_value(); }

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kSuccess;
  if (IsClosedPipe(status)) return kClosedPipe;
  if (status.GetPayload(kUsageMark).has_value()) return kUsage;
  if (absl::IsCancelled(status) && Interrupt::Get().requested()) {
    return Interrupt::Get().signal_number() == SIGTERM ? kTerminated : kInterrupted;
  }
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return kUnreachable;
  return kFailure;
}

int Conclude(std::string_view command, const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  if (code == kFailure || code == kUsage || code == kUnreachable) {
    PrintError(command, code == kUsage ? Concat(status.message(), " (see: minitoolstream ", command, " --help)")
                                       : std::string(status.message()));
  }
  return code;
}

}  // namespace mts::cli
