// Where reading begins, as the command line says it.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT naming what is accepted.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "minitoolstream/egress.pb.h"

namespace mts::cli {

// "first", "new", "SEQUENCE" (that message is the first one read), a time, or a span before `now` such as "10m".
absl::StatusOr<::minitoolstream::StartPosition> ParseStartPosition(std::string_view text, absl::Time now);

}  // namespace mts::cli
