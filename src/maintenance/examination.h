// One look at a whole data directory: the log, then the payload files that it names.
//
// Threading: one thread, under the directory's lock. Errors: as doctor.h.
#pragma once

#include <string>

#include "maintenance/doctor.h"
#include "maintenance/log_examination.h"
#include "maintenance/payload_examination.h"

namespace mts::maintenance {

class Examination {
 public:
  explicit Examination(const DoctorOptions& options);

  absl::Status Run();
  const Report& report() const { return report_; }
  const LogExamination& log() const { return log_; }
  const PayloadExamination::Orphans& orphans() const { return orphans_; }

 private:
  Report report_;
  LogExamination log_;
  PayloadExamination payloads_;
  PayloadExamination::Orphans orphans_;
};

inline std::string LogDirectory(const std::string& data_dir) { return io::JoinPath(data_dir, "log"); }
inline std::string PayloadDirectory(const std::string& data_dir) { return io::JoinPath(data_dir, "payloads"); }

// NOT_FOUND, in words that help, for what is no data directory.
absl::Status CheckIsDataDirectory(io::FileSystem& files, const std::string& data_dir);

}  // namespace mts::maintenance
