// File names as header values, and which names may become files below a folder.
//
// A header is UTF-8; a file name is any bytes. `%` and bytes that are not UTF-8 are written as %XX.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT saying what is wrong with the name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mts::cli {

inline constexpr std::string_view kFileNameHeader = "filename";
// The permission bits in octal.
inline constexpr std::string_view kFileModeHeader = "file-mode";

std::string EncodeFileName(std::string_view name);
absl::StatusOr<std::string> DecodeFileName(std::string_view header);

// The components of a relative name that stays below the folder it is taken from: refuses empty and absolute names,
// empty components, `.` and `..`, and zero bytes.
absl::StatusOr<std::vector<std::string>> SafeComponents(std::string_view name);

}  // namespace mts::cli
