#include "maintenance/examination.h"

#include <utility>

#include "base/status.h"
#include "base/text.h"

namespace mts::maintenance {

Examination::Examination(const DoctorOptions& options)
    : log_(*options.files, LogDirectory(options.data_dir), options.progress, report_),
      payloads_(*options.files, PayloadDirectory(options.data_dir), options.progress,
                [this](Finding finding) { report_.Add(std::move(finding)); }) {}

absl::Status Examination::Run() {
  MTS_RETURN_IF_ERROR(log_.Run([this](const NamedPayload& payload) { return payloads_.Check(payload); }));
  for (const auto& [group, references] : log_.state().pending_removals) {
    for (const PayloadReference& reference : references) payloads_.Expect(reference);
  }
  MTS_RETURN_IF_ERROR(payloads_.FindOrphans(orphans_));
  report_.examined.payload_files = payloads_.files_checked();
  return absl::OkStatus();
}

absl::Status CheckIsDataDirectory(io::FileSystem& files, const std::string& data_dir) {
  const std::string log = LogDirectory(data_dir);
  const absl::StatusOr<std::vector<std::string>> names = files.List(log);
  if (absl::IsNotFound(names.status())) {
    return absl::NotFoundError(Concat(data_dir, " is not a data directory: there is no ", log));
  }
  return names.status();
}

}  // namespace mts::maintenance
