#include "cli/publish_many.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/file_name.h"
#include "cli/client/message_id.h"
#include "cli/client/source_folder.h"
#include "cli/client/unique_fd.h"
#include "cli/client/upload.h"
#include "cli/message_batcher.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

class FolderPublication {
 public:
  FolderPublication(const Connection& connection, const PublishOptions& options, std::string path,
                    pb::PublishRequest request)
      : connection_(connection),
        path_(std::move(path)),
        template_(std::move(request)),
        repeatable_(!options.message_id.empty()),
        prefix_(repeatable_ ? options.message_id : RandomRunId()),
        batcher_(connection, totals_, [](const pb::PublishRequest& message) {
          return Concat("file ", message.headers().at(std::string(kFileNameHeader)));
        }) {}

  absl::StatusOr<PublishedMany> Run() {
    MTS_ASSIGN_OR_RETURN(const SourceFolder folder, ListSourceFolder(path_));
    NoteSkipped(folder);
    Progress progress(folder.bytes);
    for (size_t index = 0; index < folder.files.size(); ++index) {
      MTS_RETURN_IF_ERROR(Interrupt::Get().Check());
      MTS_RETURN_IF_ERROR(Publish(folder.files[index], index, progress));
      progress.Show(folder.files[index].name);
    }
    MTS_RETURN_IF_ERROR(batcher_.Finish());
    return totals_;
  }

 private:
  void NoteSkipped(const SourceFolder& folder) {
    if (!folder.skipped.empty()) {
      PrintNote(Concat("left out ", FormatCount(folder.skipped.size()),
                       " symbolic links and special files, for instance ", folder.skipped.front()));
    }
    for (const std::string& reason : folder.unreadable) NoteUnreadable(reason);
  }
  void NoteUnreadable(std::string_view reason) {
    ++totals_.unreadable;
    PrintNote(Concat("left out: ", reason));
  }

  absl::Status Publish(const SourceFile& file, size_t index, Progress& progress) {
    const std::string full_name = Concat(path_, "/", file.name);
    const UniqueFd opened(open(full_name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.valid()) {
      NoteUnreadable(ErrnoStatus(errno, full_name).ToString(absl::StatusToStringMode::kWithNoExtraData));
      progress.Add(file.size);
      return absl::OkStatus();
    }
    pb::PublishRequest request = template_;
    request.set_message_id(repeatable_ ? FileMessageId(prefix_, file) : IndexedMessageId(prefix_, index));
    auto& headers = *request.mutable_headers();
    headers[std::string(kFileNameHeader)] = EncodeFileName(file.name);
    headers.insert({std::string(kFileModeHeader), absl::StrFormat("%04o", file.mode & 0777)});
    FileUploadSource source(opened.get(), file.size, full_name);
    if (file.size > limits::kInlineLimit) return Upload(std::move(request), source, file, progress);
    std::string& data = *request.mutable_data();
    data.resize(file.size);
    MTS_RETURN_IF_ERROR(source.Read(data.data(), file.size).status());
    progress.Add(file.size);
    return batcher_.Add(std::move(request));
  }

  absl::Status Upload(pb::PublishRequest request, UploadSource& source, const SourceFile& file, Progress& progress) {
    // The small ones need not wait for the large one.
    MTS_RETURN_IF_ERROR(batcher_.SendBatch());
    const auto response = UploadPayload(connection_, request, source, progress, file.name);
    if (!response.ok()) {
      return absl::IsCancelled(response.status()) ? response.status()
                                                  : WithContext(response.status(), Concat("file ", file.name));
    }
    const bool duplicate = response->duplicate();
    batcher_.Count(response->sequence(), response->sequence(), duplicate ? 0 : 1, duplicate ? 1 : 0, file.size);
    return absl::OkStatus();
  }

  const Connection& connection_;
  const std::string path_;
  const pb::PublishRequest template_;
  const bool repeatable_;
  const std::string prefix_;
  PublishedMany totals_;
  MessageBatcher batcher_;
};

class LinePublication {
 public:
  LinePublication(const Connection& connection, const PublishOptions& options, pb::PublishRequest request, int fd)
      : template_(std::move(request)),
        prefix_(options.message_id.empty() ? RandomRunId() : options.message_id),
        fd_(fd),
        batcher_(connection, totals_, [this](const pb::PublishRequest& message) {
          return Concat("line ", message.message_id().substr(prefix_.size() + 1));
        }) {}

  absl::StatusOr<PublishedMany> Run() {
    std::string piece(64 * 1024, '\0');
    while (true) {
      MTS_ASSIGN_OR_RETURN(const size_t length, ReadSome(piece));
      if (length == 0) break;
      rest_.append(piece, 0, length);
      MTS_RETURN_IF_ERROR(PublishWholeLines());
    }
    if (!rest_.empty()) MTS_RETURN_IF_ERROR(PublishLine(rest_));
    MTS_RETURN_IF_ERROR(batcher_.Finish());
    return totals_;
  }

 private:
  absl::StatusOr<size_t> ReadSome(std::string& piece) {
    pollfd waiting = {fd_, POLLIN, 0};
    // What came so far does not wait for what may come.
    if (poll(&waiting, 1, 0) == 0) MTS_RETURN_IF_ERROR(batcher_.Finish());
    while (true) {
      if (!Interrupt::Get().WaitFor(fd_, POLLIN)) return Interrupt::Get().Check();
      const ssize_t length = read(fd_, piece.data(), piece.size());
      if (length >= 0) return static_cast<size_t>(length);
      if (errno != EINTR && errno != EAGAIN) return ErrnoStatus(errno, "cannot read the lines");
    }
  }
  absl::Status PublishWholeLines() {
    size_t begin = 0;
    for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      MTS_RETURN_IF_ERROR(PublishLine(std::string_view(rest_).substr(begin, end - begin)));
      begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() <= limits::kMaxMessageBytes) return absl::OkStatus();
    return absl::InvalidArgumentError(Concat("line ", number_ + 1, " is longer than ",
                                             FormatBytes(limits::kMaxMessageBytes), "; publish it with --file"));
  }
  absl::Status PublishLine(std::string_view line) {
    pb::PublishRequest request = template_;
    request.set_message_id(IndexedMessageId(prefix_, ++number_));
    request.set_data(line.data(), line.size());
    return batcher_.Add(std::move(request));
  }

  const pb::PublishRequest template_;
  const std::string prefix_;
  const int fd_;
  std::string rest_;
  uint64_t number_ = 0;
  PublishedMany totals_;
  MessageBatcher batcher_;
};

// The headers and conditions that belong to one message only.
absl::Status RefuseSingleOptions(const PublishOptions& options) {
  if (!options.expected_last_sequence.has_value()) return absl::OkStatus();
  return UsageError("--expected-last-sequence goes with one message only");
}

}  // namespace

absl::StatusOr<PublishedMany> PublishFolder(const Connection& connection, const PublishOptions& options,
                                            const std::string& path) {
  MTS_RETURN_IF_ERROR(RefuseSingleOptions(options));
  MTS_ASSIGN_OR_RETURN(pb::PublishRequest request, RequestTemplate(options));
  return FolderPublication(connection, options, path, std::move(request)).Run();
}

absl::StatusOr<PublishedMany> PublishLines(const Connection& connection, const PublishOptions& options, int fd) {
  MTS_RETURN_IF_ERROR(RefuseSingleOptions(options));
  MTS_ASSIGN_OR_RETURN(pb::PublishRequest request, RequestTemplate(options));
  return LinePublication(connection, options, std::move(request), fd).Run();
}

}  // namespace mts::cli
