// Answers selects on the views that tell of the tables (schema.h).
//
// Threading: pure functions. Errors: as OrderedRows.
#pragma once

#include "absl/status/statusor.h"
#include "gate/select_request.h"
#include "iproto/packet.h"

namespace mts::gate {

absl::StatusOr<iproto::Values> SelectSpaces(const SelectRequest& request, bool is_guest);
absl::StatusOr<iproto::Values> SelectIndexes(const SelectRequest& request, bool is_guest);

}  // namespace mts::gate
