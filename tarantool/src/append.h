// Storing messages: several independent batches in one transaction, decided in order.
//
// Threading: the transaction thread; Append yields until the transaction is written, so what it is given must live that
// long. Errors: in each batch's result, see SCHEMA.md, mts.append. Limits: kMaxCallMessages.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/sequence.h"
#include "tarantool/src/append_arguments.h"
#include "tarantool/src/instance.h"

namespace mts::tarantool {

struct AppendResult {
  static AppendResult Refused(absl::Status status) {
    AppendResult result;
    result.status = std::move(status);
    return result;
  }

  absl::Status status;
  std::optional<uint32_t> refused_position;
  Sequence first, last;
  std::vector<std::pair<uint32_t, Sequence>> duplicates;  // position in the batch, message stored first
};

// Called within the transaction, before its commit, with what the results are if that succeeds; not when nothing is
// stored.
using RememberResults = absl::FunctionRef<absl::Status(Transaction&, const std::vector<AppendResult>&)>;

std::vector<AppendResult> Append(Instance& instance, absl::Span<const AppendBatch> batches,
                                 std::optional<RememberResults> remember = std::nullopt);

}  // namespace mts::tarantool
