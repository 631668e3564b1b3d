#include "cli/terminal/exit_code.h"

#include <signal.h>

#include "absl/strings/cord.h"
#include "base/text.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::string_view kUsageMark = "minitoolstream/usage";
constexpr absl::string_view kUnreachableMark = "minitoolstream/unreachable";
constexpr absl::string_view kExitCodeMark = "minitoolstream/exit-code";
constexpr absl::string_view kClosedPipeMark = "minitoolstream/closed-pipe";

absl::Status Marked(absl::Status status, absl::string_view mark) {
  status.SetPayload(mark, absl::Cord("1"));
  return status;
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  return Marked(absl::InvalidArgumentError(ToAbsl(message)), kUsageMark);
}

absl::Status ClosedPipeError() { return Marked(absl::AbortedError("the output was closed"), kClosedPipeMark); }

absl::Status UnreachableError(std::string_view message) {
  return Marked(absl::UnavailableError(ToAbsl(message)), kUnreachableMark);
}

absl::Status WithExitCode(const absl::Status& status, ExitCode code) {
  absl::Status marked = status;
  marked.SetPayload(kExitCodeMark, absl::Cord(std::string(1, static_cast<char>(code))));
  return marked;
}

bool IsClosedPipe(const absl::Status& status) { return status.GetPayload(kClosedPipeMark).has_value(); }

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kSuccess;
  if (IsClosedPipe(status)) return kClosedPipe;
  if (const auto code = status.GetPayload(kExitCodeMark)) {
    return static_cast<ExitCode>(static_cast<unsigned char>(std::string(*code)[0]));
  }
  if (status.GetPayload(kUsageMark).has_value()) return kUsage;
  if (absl::IsCancelled(status) && Interrupt::Get().requested()) {
    return Interrupt::Get().signal_number() == SIGTERM ? kTerminated : kInterrupted;
  }
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return kUnreachable;
  return kFailure;
}

namespace {

// What to do about it, where that is known.
std::string AdviceFor(std::string_view command, const absl::Status& status) {
  if (status.GetPayload(kUsageMark).has_value()) return Concat(" (see: minitoolstream ", command, " --help)");
  if (!status.GetPayload(kUnreachableMark).has_value()) return "";
  return "; start it with 'minitoolstream serve', or name another one with --ingress and --egress or --context";
}

}  // namespace

int Conclude(std::string_view command, const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  if (code == kFailure || code == kUsage || code == kUnreachable) {
    PrintError(command, Concat(status.message(), AdviceFor(command, status)));
  }
  return code;
}

}  // namespace mts::cli
