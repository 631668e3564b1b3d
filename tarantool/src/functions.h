// The functions for the services, as SCHEMA.md has them: from encoded arguments to encoded answers.
//
// Threading: fibers of the transaction thread. The arguments must live until the call ends, also over yields. Errors: a
// status is the function's refusal; `arguments.wrong()` is told apart by the caller. Limits: SCHEMA.md.
#pragma once

#include "absl/status/status.h"
#include "tarantool/src/answer.h"
#include "tarantool/src/instance.h"
#include "tarantool/src/values.h"

namespace mts::tarantool {

using Function = absl::Status (*)(Instance& instance, ValueReader& arguments, Answer& answer);

absl::Status HelloFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status AppendFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status ReadFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status ReadOneFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status LastFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status LastBeforeFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status PositionFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status AdvanceFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status ResetFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status DeleteConsumerFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status WaitFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status SubjectsFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status ConsumersFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status InfoFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status CountAfterFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status ExpireFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status NamedFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status LiveBytesFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status PayloadsOfFunction(Instance& instance, ValueReader& arguments, Answer& answer);
absl::Status MovePayloadsFunction(Instance& instance, ValueReader& arguments, Answer& answer);

}  // namespace mts::tarantool
