#include "cli/publish_one.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/file_name.h"
#include "cli/client/message_id.h"
#include "cli/client/unique_fd.h"
#include "cli/client/upload.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

// An id of our own lets every attempt be repeated.
std::string IdOf(const PublishOptions& options) {
  return options.message_id.empty() ? RandomRunId() : options.message_id;
}

absl::StatusOr<PublishedMessage> PublishUnary(const Connection& connection, const pb::PublishRequest& request) {
  PublishedMessage published;
  published.size = request.data().size();
  MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
    Call call(connection.options().timeout);
    return connection.IngressStatus(connection.ingress().Publish(call.context(), request, &published.response));
  }));
  MTS_RETURN_IF_ERROR(RefusalOf(published.response.status_code(), published.response.error_message()));
  return published;
}

absl::StatusOr<PublishedMessage> Upload(const Connection& connection, const pb::PublishRequest& request,
                                        UploadSource& source, std::string_view what) {
  Progress progress(source.size());
  PublishedMessage published;
  published.size = source.size();
  published.size_known = source.size() > 0;
  MTS_ASSIGN_OR_RETURN(published.response, UploadPayload(connection, request, source, progress, what));
  return published;
}

// `file` is open and a regular file.
absl::StatusOr<PublishedMessage> PublishOpenFile(const Connection& connection, pb::PublishRequest request, int file,
                                                 const struct stat& info, const std::string& name) {
  const auto size = static_cast<uint64_t>(info.st_size);
  FileUploadSource source(file, size, name);
  if (size > limits::kInlineLimit) return Upload(connection, request, source, name);
  std::string& data = *request.mutable_data();
  data.resize(size);
  MTS_RETURN_IF_ERROR(source.Read(data.data(), size).status());
  return PublishUnary(connection, request);
}

}  // namespace

absl::StatusOr<PublishedMessage> PublishText(const Connection& connection, const PublishOptions& options,
                                             std::string text) {
  MTS_ASSIGN_OR_RETURN(pb::PublishRequest request, RequestTemplate(options));
  request.set_message_id(IdOf(options));
  request.set_data(std::move(text));
  return PublishUnary(connection, request);
}

absl::StatusOr<PublishedMessage> PublishStandardInput(const Connection& connection, const PublishOptions& options) {
  MTS_ASSIGN_OR_RETURN(pb::PublishRequest request, RequestTemplate(options));
  request.set_message_id(IdOf(options));
  if (isatty(STDIN_FILENO) == 1) PrintNote("reading the message from the terminal; Ctrl-D on an empty line ends it");
  std::string first(limits::kInlineLimit + 1, '\0');
  MTS_ASSIGN_OR_RETURN(const size_t length, ReadFully(STDIN_FILENO, first.data(), first.size()));
  first.resize(length);
  if (length <= limits::kInlineLimit) {
    request.set_data(std::move(first));
    return PublishUnary(connection, request);
  }
  PipeUploadSource source(STDIN_FILENO, std::move(first));
  return Upload(connection, request, source, "standard input");
}

absl::StatusOr<PublishedMessage> PublishFile(const Connection& connection, const PublishOptions& options,
                                             const std::string& path) {
  MTS_ASSIGN_OR_RETURN(pb::PublishRequest request, RequestTemplate(options));
  request.set_message_id(IdOf(options));
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info = {};
  if (!file.valid() || fstat(file.get(), &info) != 0) return ErrnoStatus(errno, Concat("cannot read ", path));
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        Concat(path, " is not a regular file; publish a pipe through the standard input"));
  }
  auto& headers = *request.mutable_headers();
  headers.insert({std::string(kFileNameHeader), EncodeFileName(std::filesystem::path(path).filename().string())});
  headers.insert({std::string(kFileModeHeader), absl::StrFormat("%04o", info.st_mode & 0777)});
  return PublishOpenFile(connection, std::move(request), file.get(), info, path);
}

}  // namespace mts::cli
