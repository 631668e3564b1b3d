#include "maintenance/doctor.h"

#include <memory>

#include "base/status.h"
#include "maintenance/examination.h"
#include "maintenance/repair.h"

namespace mts::maintenance {
namespace {

std::string LockPath(const DoctorOptions& options) { return io::JoinPath(options.data_dir, "LOCK"); }

}  // namespace

absl::StatusOr<Report> Examine(const DoctorOptions& options) {
  MTS_RETURN_IF_ERROR(CheckIsDataDirectory(*options.files, options.data_dir));
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::DirectoryLock> lock, options.files->LockForReading(LockPath(options)));
  Examination examination(options);
  MTS_RETURN_IF_ERROR(examination.Run());
  return examination.report();
}

absl::StatusOr<Repaired> ExamineAndRepair(const DoctorOptions& options) {
  MTS_RETURN_IF_ERROR(CheckIsDataDirectory(*options.files, options.data_dir));
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::DirectoryLock> lock, options.files->Lock(LockPath(options)));
  Repaired result;
  {
    Examination examination(options);
    MTS_RETURN_IF_ERROR(examination.Run());
    result.before = examination.report();
    if (result.before.sound()) {
      result.after = result.before;
      return result;
    }
    MTS_ASSIGN_OR_RETURN(result.kept_in, Repair(options, examination));
  }
  Examination again(options);
  MTS_RETURN_IF_ERROR(again.Run());
  result.after = again.report();
  return result;
}

}  // namespace mts::maintenance
