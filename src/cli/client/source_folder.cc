#include "cli/client/source_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/status.h"
#include "base/text.h"
#include "cli/terminal/interrupt.h"

namespace mts::cli {
namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory OpenDirectory(int parent, const char* name, int flags) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
  return Directory(fd < 0 ? nullptr : fdopendir(fd), closedir);
}

class Listing {
 public:
  explicit Listing(SourceFolder& folder) : folder_(folder) {}

  // `prefix` is empty or ends with a slash.
  absl::Status AddAll(DIR* directory, const std::string& prefix) {
    MTS_RETURN_IF_ERROR(Interrupt::Get().Check());
    while (const dirent* entry = readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      MTS_RETURN_IF_ERROR(Add(dirfd(directory), entry->d_name, Concat(prefix, name)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Add(int parent, const char* entry, std::string name) {
    struct stat info = {};
    if (fstatat(parent, entry, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      // Gone since it was listed: it is not in the folder.
      if (errno != ENOENT) NoteUnreadable(name, errno);
      return absl::OkStatus();
    }
    if (S_ISDIR(info.st_mode)) {
      const Directory below = OpenDirectory(parent, entry, O_NOFOLLOW);
      if (below != nullptr) return AddAll(below.get(), Concat(name, "/"));
      NoteUnreadable(name, errno);
    } else if (S_ISREG(info.st_mode)) {
      const auto size = static_cast<uint64_t>(info.st_size);
      folder_.bytes += size;
      folder_.files.push_back({std::move(name), size, info.st_mode & 07777,
                               int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec});
    } else {
      folder_.skipped.push_back(std::move(name));
    }
    return absl::OkStatus();
  }
  void NoteUnreadable(const std::string& name, int error_number) {
    folder_.unreadable.push_back(std::string(ErrnoStatus(error_number, name).message()));
  }

  SourceFolder& folder_;
};

}  // namespace

absl::StatusOr<SourceFolder> ListSourceFolder(const std::string& path) {
  const Directory directory = OpenDirectory(AT_FDCWD, path.c_str(), 0);
  if (directory == nullptr) return ErrnoStatus(errno, Concat("cannot read the folder ", path));
  SourceFolder folder;
  MTS_RETURN_IF_ERROR(Listing(folder).AddAll(directory.get(), ""));
  std::sort(folder.files.begin(), folder.files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
  return folder;
}

}  // namespace mts::cli
