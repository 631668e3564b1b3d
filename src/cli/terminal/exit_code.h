// What a client command answers to the shell, and the one line it says on stderr when it fails.
//
// Threading: pure functions, but Conclude prints.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace mts::cli {

enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,      // the command was understood and failed
  kUsage = 2,        // the command line is wrong
  kUnreachable = 3,  // the server cannot be reached, or is not available for now
  kInterrupted = 130,
  kClosedPipe = 141,  // the reader of our output went away (as SIGPIPE would give)
  kTerminated = 143,
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view text;
};

// As in every --help and in the manual page; a command that means something else says so in its notes ("Exit codes:").
inline constexpr std::array<ExitCodeMeaning, 7> kExitCodeMeanings = {{
    {kSuccess, "done"},
    {kFailure, "the command was understood and failed"},
    {kUsage, "wrong command line or configuration"},
    {kUnreachable, "the server cannot be reached, or is not available for now: trying again may help"},
    {kInterrupted, "interrupted (Ctrl-C)"},
    {kClosedPipe, "the reader of the output went away"},
    {kTerminated, "terminated (SIGTERM)"},
}};

// A wrong command line; ends with kUsage.
absl::Status UsageError(std::string_view message);

// Marks a write to a pipe that nobody reads any more; ends quietly with kClosedPipe.
absl::Status ClosedPipeError();
bool IsClosedPipe(const absl::Status& status);

// No connection; the line ends with what to do about it.
absl::Status UnreachableError(std::string_view message);

// A failure that ends with this code.
absl::Status WithExitCode(const absl::Status& status, ExitCode code);

ExitCode ExitCodeOf(const absl::Status& status);

// Prints "minitoolstream COMMAND: what" for a failure, unless it is an interrupt or a closed pipe; gives the exit code.
int Conclude(std::string_view command, const absl::Status& status);

}  // namespace mts::cli
