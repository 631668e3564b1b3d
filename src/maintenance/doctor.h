// `minitoolstream doctor`: examines a data directory that no server uses, and mends it when told to.
//
// What a repair does with each kind of damage stands in docs/doctor.md. What it takes away it keeps, in
// DIR/doctor/<time>/.
//
// Threading: one thread. Errors: FAILED_PRECONDITION while a server has the directory (naming it), for a version from
// the future, or for what is no data directory; those of the disk. Damage is no error.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "maintenance/finding.h"
#include "maintenance/progress_sink.h"

namespace mts::maintenance {

struct DoctorOptions {
  io::FileSystem* files = nullptr;
  std::string data_dir;
  const Clock* clock = nullptr;
  ProgressSink progress;
};

// Writes nothing.
absl::StatusOr<Report> Examine(const DoctorOptions& options);

struct Repaired {
  Report before;
  Report after;
  std::string kept_in;  // empty: nothing had to be done
};
absl::StatusOr<Repaired> ExamineAndRepair(const DoctorOptions& options);

}  // namespace mts::maintenance
