// Where `sub --output-dir` puts files: each is written under a temporary name beside its place and renamed when it is
// whole. No name leaves the folder, also not through symbolic links that lie in it.
//
// Threading: one thread. Errors: NameRefused for a name that cannot be a file here (others can go on); everything else
// (disk full, read-only) means that nothing can be written for now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/unique_fd.h"

namespace mts::cli {

// True for errors that concern one name only.
bool IsNameRefused(const absl::Status& status);

// A file that is being written. Unless it was committed or kept, it goes with this object.
class OutputFile {
 public:
  OutputFile(OutputFile&&) = default;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // Bytes that an earlier attempt for the same message left; they lie before what is written.
  uint64_t size() const { return size_; }
  // Reads back what is there; `to` is called piece by piece.
  absl::StatusOr<uint32_t> Crc32c() const;
  absl::Status Write(std::string_view bytes);
  // Back to an empty file.
  absl::Status Restart();
  // Gives it its own name; `mode` has permission bits.
  absl::Status Commit(uint32_t mode);
  // Leaves what was written under the temporary name for a later attempt.
  void Keep() { temporary_name_.clear(); }

 private:
  friend class OutputFolder;
  OutputFile() = default;

  UniqueFd parent_;
  UniqueFd file_;
  std::string temporary_name_;
  std::string name_;
  std::string shown_name_;
  uint64_t size_ = 0;
};

class OutputFolder {
 public:
  // Makes the folder where it does not exist.
  static absl::StatusOr<OutputFolder> Open(const std::string& path);

  // `components` as from SafeComponents. `token` makes the temporary name: an attempt with the same token continues
  // what an earlier one left if `resume` is set.
  absl::StatusOr<OutputFile> Create(const std::vector<std::string>& components, std::string_view token, bool resume);

 private:
  OutputFolder(std::string path, UniqueFd root) : path_(std::move(path)), root_(std::move(root)) {}
  absl::StatusOr<int> OpenParent(const std::vector<std::string>& components);

  std::string path_;
  UniqueFd root_;
  // The folder used last: files of one folder come together.
  std::vector<std::string> last_components_;
  UniqueFd last_;
};

}  // namespace mts::cli
