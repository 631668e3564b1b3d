// Sends one payload of any size, piece by piece, and again from its start if the server went away meanwhile.
//
// Threading: one thread. Errors: a source that ends early or fails, a refusal (with the server's text), CANCELLED after
// a signal. Memory: one piece of 1 MiB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/terminal/progress.h"

namespace mts::cli {

class UploadSource {
 public:
  virtual ~UploadSource() = default;
  // 0: not known.
  virtual uint64_t size() const = 0;
  // Fills `to` from its start as far as it can; 0 at the end.
  virtual absl::StatusOr<size_t> Read(char* to, size_t max_bytes) = 0;
  // Back to the start; an error if that cannot be done.
  virtual absl::Status Rewind() = 0;
};

// An open file of exactly `size` bytes; does not own it.
class FileUploadSource : public UploadSource {
 public:
  FileUploadSource(int fd, uint64_t size, std::string name) : fd_(fd), size_(size), name_(std::move(name)) {}
  uint64_t size() const override { return size_; }
  absl::StatusOr<size_t> Read(char* to, size_t max_bytes) override;
  absl::Status Rewind() override;

 private:
  const int fd_;
  const uint64_t size_;
  const std::string name_;
  uint64_t position_ = 0;
};

// `first`, then what comes out of a pipe; can be sent once only.
class PipeUploadSource : public UploadSource {
 public:
  PipeUploadSource(int fd, std::string first) : fd_(fd), first_(std::move(first)) {}
  uint64_t size() const override { return 0; }
  absl::StatusOr<size_t> Read(char* to, size_t max_bytes) override;
  absl::Status Rewind() override;

 private:
  const int fd_;
  const std::string first_;
  size_t first_taken_ = 0;
  bool read_ = false;
};

// Reads from a pipe or terminal until `max_bytes` are there or the end; Ctrl-C ends it.
absl::StatusOr<size_t> ReadFully(int fd, char* to, size_t max_bytes);

// `message` without data. `what` names the payload in the progress line.
absl::StatusOr<pb::PublishResponse> UploadPayload(const Connection& connection, const pb::PublishRequest& message,
                                                  UploadSource& source, Progress& progress, std::string_view what);

// The refusal that an answer carries in its status_code, or OK.
absl::Status RefusalOf(int64_t status_code, std::string_view error_message);

}  // namespace mts::cli
