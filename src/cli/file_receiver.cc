#include "cli/file_receiver.h"

#include <sys/stat.h>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/download.h"
#include "cli/client/file_name.h"
#include "cli/message_printer.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

absl::StatusOr<std::string> NameOf(const pb::Message& message) {
  const auto header = message.headers().find(std::string(kFileNameHeader));
  if (header == message.headers().end()) return Concat("message-", message.sequence());
  return DecodeFileName(header->second);
}

// As open(2) would have made it, where the message says nothing.
uint32_t DefaultMode() {
  static const mode_t mask = [] {
    const mode_t present = umask(0);
    umask(present);
    return present;
  }();
  return 0666 & ~mask;
}

uint32_t ModeOf(const pb::Message& message) {
  const auto header = message.headers().find(std::string(kFileModeHeader));
  if (header == message.headers().end()) return DefaultMode();
  uint32_t mode = 0;
  for (const char digit : header->second) {
    if (digit < '0' || digit > '7' || mode > 07777) return DefaultMode();
    mode = mode * 8 + static_cast<uint32_t>(digit - '0');
  }
  return mode & 0777;
}

}  // namespace

absl::StatusOr<FileReceiver> FileReceiver::Open(const Connection& connection, const std::string& path,
                                                bool keeps_parts) {
  MTS_ASSIGN_OR_RETURN(OutputFolder folder, OutputFolder::Open(path));
  return FileReceiver(connection, std::move(folder), keeps_parts);
}

absl::Status FileReceiver::Receive(const pb::Message& message, Progress& progress) {
  if (const std::string_view trouble = PayloadTrouble(message); !trouble.empty()) {
    Refuse(message, trouble);
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> name = NameOf(message);
  if (!name.ok()) {
    Refuse(message, ToStd(name.status().message()));
    return absl::OkStatus();
  }
  absl::Status written = Write(message, *name, progress);
  if (IsNameRefused(written) || absl::IsInvalidArgument(written) || absl::IsDataLoss(written) ||
      absl::IsNotFound(written)) {
    Refuse(message, ToStd(written.message()));
    return absl::OkStatus();
  }
  return written;
}

absl::Status FileReceiver::Write(const pb::Message& message, const std::string& name, Progress& progress) {
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> components, SafeComponents(name));
  const bool large = message.payload_status() == pb::PAYLOAD_STATUS_DEFERRED;
  MTS_ASSIGN_OR_RETURN(OutputFile file,
                       folder_.Create(components, Concat(message.sequence()), /*resume=*/large && keeps_parts_));
  if (large) {
    MTS_RETURN_IF_ERROR(Download(message, file, name, progress));
  } else {
    MTS_RETURN_IF_ERROR(file.Write(message.data()));
    progress.Add(message.data().size());
  }
  MTS_RETURN_IF_ERROR(file.Commit(ModeOf(message)));
  ++files_;
  bytes_ += message.size();
  progress.Show(name);
  return absl::OkStatus();
}

absl::Status FileReceiver::Download(const pb::Message& message, OutputFile& file, const std::string& name,
                                    Progress& progress) {
  if (file.size() > message.size()) MTS_RETURN_IF_ERROR(file.Restart());
  const bool resumed = file.size() > 0;
  absl::Status sink_failure;
  const auto attempt = [&]() -> absl::Status {
    DownloadRange range;
    range.subject = message.subject();
    range.sequence = message.sequence();
    range.offset = file.size();
    MTS_ASSIGN_OR_RETURN(range.crc_before, file.Crc32c());
    const auto sink = [&](std::string_view bytes) { return sink_failure = file.Write(bytes); };
    return DownloadPayload(connection_, range, sink, {progress, name, false});
  };
  absl::Status status = attempt();
  if (absl::IsDataLoss(status) && resumed) {
    // What an earlier run left may be another payload's.
    MTS_RETURN_IF_ERROR(file.Restart());
    status = attempt();
  }
  // A part is worth keeping for a later run, but not on a disk that is full.
  const bool resumable = absl::IsCancelled(status) || IsTransient(status);
  if (resumable && sink_failure.ok() && keeps_parts_) file.Keep();
  return status;
}

void FileReceiver::Refuse(const pb::Message& message, std::string_view why) {
  ++refused_;
  PrintNote(Concat("left out message ", message.sequence(), " of ", message.subject(), ": ", why));
}

}  // namespace mts::cli
