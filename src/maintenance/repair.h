// Mends what an examination found, in an order in which an interruption at any point leaves a directory that a server
// can start on and that can be repaired again: what is taken away is kept first; segments are rewritten; the log is
// recovered as at a start, all messages counted anew, indexes made; a new checkpoint ends it.
//
// Threading: one thread, under the directory's lock. Errors: those of the disk and of recovery.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "maintenance/doctor.h"
#include "maintenance/examination.h"

namespace mts::maintenance {

// Answers the folder with what was taken away; empty: nothing could be mended.
absl::StatusOr<std::string> Repair(const DoctorOptions& options, const Examination& examination);

}  // namespace mts::maintenance
