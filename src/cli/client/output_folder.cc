#include "cli/client/output_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "base/crc32c.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::cli {
namespace {

constexpr absl::string_view kNameRefusedMark = "minitoolstream/name-refused";

absl::Status FileError(int error_number, std::string_view what) {
  absl::Status status = ErrnoStatus(error_number, what);
  switch (error_number) {
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOTEMPTY:
    case EEXIST:
    case EILSEQ:
    case EINVAL:
      status.SetPayload(kNameRefusedMark, absl::Cord("1"));
      break;
    default:
      break;
  }
  return status;
}

absl::StatusOr<UniqueFd> OpenBelow(int parent, const std::string& name, const std::string& shown) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name.c_str(), kFlags);
  if (fd < 0 && errno == ENOENT) {
    if (mkdirat(parent, name.c_str(), 0777) != 0 && errno != EEXIST) {
      return FileError(errno, Concat("cannot make the folder ", shown));
    }
    fd = openat(parent, name.c_str(), kFlags);
  }
  if (fd < 0) return FileError(errno, Concat("cannot open the folder ", shown));
  return UniqueFd(fd);
}

}  // namespace

bool IsNameRefused(const absl::Status& status) { return status.GetPayload(kNameRefusedMark).has_value(); }

OutputFile::~OutputFile() {
  if (file_.valid() && !temporary_name_.empty()) unlinkat(parent_.get(), temporary_name_.c_str(), 0);
}

absl::StatusOr<uint32_t> OutputFile::Crc32c() const {
  std::string piece(size_t{1} << 20, '\0');
  uint32_t crc = 0;
  for (uint64_t at = 0; at < size_;) {
    const ssize_t got = pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 1) return FileError(got < 0 ? errno : EIO, Concat("cannot read back ", shown_name_));
    crc = ExtendCrc32c(crc, std::string_view(piece.data(), static_cast<size_t>(got)));
    at += static_cast<uint64_t>(got);
  }
  return crc;
}

absl::Status OutputFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, Concat("cannot write ", shown_name_));
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Restart() {
  size_ = 0;
  if (ftruncate(file_.get(), 0) != 0) return FileError(errno, Concat("cannot write ", shown_name_));
  return absl::OkStatus();
}

absl::Status OutputFile::Commit(uint32_t mode) {
  // The owner's and group's special bits are never taken from a message.
  if (fchmod(file_.get(), mode & 0777) != 0) return FileError(errno, Concat("cannot set the mode of ", shown_name_));
  if (renameat(parent_.get(), temporary_name_.c_str(), parent_.get(), name_.c_str()) != 0) {
    return FileError(errno, Concat("cannot put ", shown_name_, " in its place"));
  }
  temporary_name_.clear();
  return absl::OkStatus();
}

absl::StatusOr<OutputFolder> OutputFolder::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, Concat("cannot make the folder ", path));
  }
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, Concat("cannot open the folder ", path));
  return OutputFolder(path, UniqueFd(fd));
}

absl::StatusOr<int> OutputFolder::OpenParent(const std::vector<std::string>& components) {
  const std::vector<std::string> parents(components.begin(), components.end() - 1);
  if (parents.empty()) return root_.get();
  if (last_.valid() && parents == last_components_) return last_.get();
  UniqueFd parent;
  std::string shown = path_;
  for (const std::string& component : parents) {
    shown += Concat("/", component);
    MTS_ASSIGN_OR_RETURN(parent, OpenBelow(parent.valid() ? parent.get() : root_.get(), component, shown));
  }
  last_ = std::move(parent);
  last_components_ = parents;
  return last_.get();
}

absl::StatusOr<OutputFile> OutputFolder::Create(const std::vector<std::string>& components, std::string_view token,
                                                bool resume) {
  MTS_ASSIGN_OR_RETURN(const int parent, OpenParent(components));
  OutputFile file;
  file.parent_ = UniqueFd(fcntl(parent, F_DUPFD_CLOEXEC, 0));
  file.name_ = components.back();
  file.shown_name_ = Concat(path_, "/", absl::StrJoin(components, "/"));
  file.temporary_name_ = Concat(".minitoolstream-", token, ".part");
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (resume ? 0 : O_TRUNC);
  file.file_ = UniqueFd(openat(parent, file.temporary_name_.c_str(), flags, 0600));
  if (!file.parent_.valid() || !file.file_.valid()) {
    return FileError(errno, Concat("cannot write ", file.shown_name_));
  }
  struct stat info = {};
  if (fstat(file.file_.get(), &info) != 0) return FileError(errno, Concat("cannot look at ", file.shown_name_));
  file.size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

}  // namespace mts::cli
