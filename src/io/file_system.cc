#include "io/file_system.h"

#include "base/status.h"
#include "base/text.h"

namespace mts::io {

absl::Status File::Write(uint64_t offset, std::string_view bytes) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return WriteAt(offset, absl::MakeConstSpan(&part, 1));
}

absl::Status File::ReadExactly(uint64_t offset, absl::Span<char> to) {
  MTS_ASSIGN_OR_RETURN(const size_t count, ReadAt(offset, to));
  if (count == to.size()) return absl::OkStatus();
  return absl::DataLossError(
      Concat("file ends at ", offset + count, ", ", to.size(), " bytes were expected from ", offset));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.back() == '/' ? Concat(directory, name) : Concat(directory, "/", name);
}

std::string ParentPath(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t limit) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(path, OpenMode::kRead));
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > limit) {
    return absl::ResourceExhaustedError(Concat(path, ": ", size, " bytes, at most ", limit, " are read"));
  }
  std::string bytes(size, '\0');
  MTS_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(0, absl::MakeSpan(bytes)));
  bytes.resize(count);
  return bytes;
}

absl::Status WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = Concat(path, ".tmp");
  const auto write = [&]() -> absl::Status {
    MTS_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(temporary, OpenMode::kCreateOrTruncate));
    MTS_RETURN_IF_ERROR(file->Write(0, bytes));
    MTS_RETURN_IF_ERROR(file->SyncData());
    return files.Rename(temporary, path);
  };
  if (absl::Status status = write(); !status.ok()) {
    files.Remove(temporary).IgnoreError();
    return status;
  }
  return files.SyncDirectory(ParentPath(path));
}

}  // namespace mts::io
