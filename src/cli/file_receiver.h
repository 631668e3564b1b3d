// Turns messages into files below a folder: the header `filename` gives the name, large payloads are downloaded
// straight to the disk, and a file has its own name only when it is whole.
//
// Threading: one thread. Errors: those of the disk and the server. What concerns one message only (a name that leaves
// the folder, a payload that is gone) is noted on stderr and counted, and the next one follows.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/client/output_folder.h"
#include "cli/terminal/progress.h"

namespace mts::cli {

class FileReceiver {
 public:
  // `keeps_parts`: what an interrupted download left is continued by a later run.
  static absl::StatusOr<FileReceiver> Open(const Connection& connection, const std::string& path, bool keeps_parts);

  absl::Status Receive(const pb::Message& message, Progress& progress);

  uint64_t files() const { return files_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t refused() const { return refused_; }

 private:
  FileReceiver(const Connection& connection, OutputFolder folder, bool keeps_parts)
      : connection_(connection), folder_(std::move(folder)), keeps_parts_(keeps_parts) {}
  absl::Status Write(const pb::Message& message, const std::string& name, Progress& progress);
  absl::Status Download(const pb::Message& message, OutputFile& file, const std::string& name, Progress& progress);
  void Refuse(const pb::Message& message, std::string_view why);

  const Connection& connection_;
  OutputFolder folder_;
  bool keeps_parts_;
  uint64_t files_ = 0;
  uint64_t bytes_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace mts::cli
