#include "log/index_file.h"

#include "base/status.h"
#include "base/text.h"

namespace mts::log {

absl::StatusOr<IndexHeader> ReadIndexHeader(io::FileSystem& files, const std::string& path) {
  MTS_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files.Open(path, io::OpenMode::kRead));
  std::string page(kPageBytes, '\0');
  MTS_ASSIGN_OR_RETURN(const size_t read, file->ReadAt(0, absl::MakeSpan(page)));
  page.resize(read);
  MTS_RETURN_IF_ERROR(CheckPage(page, 0, path));
  absl::StatusOr<IndexHeader> header = DecodeIndexHeader(page);
  if (!header.ok()) return WithContext(header.status(), path);
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size % kPageBytes != 0 || size != PagedFileBytes(header->content_end)) {
    return absl::DataLossError(
        Concat(path, ": has ", size, " bytes, its header says ", PagedFileBytes(header->content_end)));
  }
  return header;
}

absl::Status FinishIndexFile(io::FileSystem& files, const std::string& temporary, const std::string& path,
                             std::unique_ptr<PagedWriter> writer, IndexHeader header) {
  header.content_end = writer->position();
  absl::Status status = writer->Finish(EncodeIndexHeader(header));
  writer.reset();
  if (status.ok()) status = files.Rename(temporary, path);
  if (!status.ok()) files.Remove(temporary).IgnoreError();
  return status;
}

}  // namespace mts::log
