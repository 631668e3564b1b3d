// Standard output: buffered, and every failure of writing noticed. A closed pipe is ClosedPipeError (exit_code.h); a
// full disk behind a redirection is an error like any other.
//
// Threading: one thread. Limits: 64 KiB of buffer; a signal ends a write that waits.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace mts::cli {

class Output {
 public:
  explicit Output(int fd);

  absl::Status Write(std::string_view text);
  absl::Status Flush();

 private:
  absl::Status WriteThrough(std::string_view text);

  int fd_;
  size_t max_write_;
  std::string buffer_;
};

Output& StandardOutput();

}  // namespace mts::cli
