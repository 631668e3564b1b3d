#include "store/files/payload_listing.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::store {
namespace {

constexpr uint32_t kUpperDirectories = 256;

// None when the directory is not there: it is made for its first file.
absl::StatusOr<std::vector<std::string>> ListIfThere(io::FileSystem& files, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (absl::IsNotFound(names.status())) return std::vector<std::string>();
  return names;
}

absl::Status ListUpperDirectory(io::FileSystem& files, const PayloadPaths& paths, uint32_t number,
                                ObjectInventory::ObjectPage& page) {
  const std::string upper = paths.UpperDirectory(FanOut{static_cast<uint16_t>(number << 8)});
  MTS_ASSIGN_OR_RETURN(const std::vector<std::string> lower, ListIfThere(files, upper));
  for (const std::string& name : lower) {
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> keys, ListIfThere(files, io::JoinPath(upper, name)));
    for (const std::string& key : keys) {
      // A file that lies elsewhere than its name says is nobody's payload.
      const bool ours = IsPayloadKey(key) && paths.Kept(key) == io::JoinPath(io::JoinPath(upper, name), key);
      if (ours) page.objects.emplace_back().key = key;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ObjectInventory::ObjectPage> ListPayloadPage(io::FileSystem& files, const PayloadPaths& paths,
                                                            const FilesUnderWay& under_way, std::string_view from) {
  ObjectInventory::ObjectPage page;
  // First, so that a file that moves meanwhile is seen in its new place.
  if (from.empty()) {
    MTS_ASSIGN_OR_RETURN(const std::vector<std::string> incoming, files.List(paths.incoming()));
    for (const std::string& key : incoming) {
      if (IsPayloadKey(key) && !under_way.Contains(key)) page.objects.emplace_back().key = key;
    }
    page.next = std::to_string(0);
    return page;
  }
  uint32_t number = 0;
  if (!absl::SimpleAtoi(ToAbsl(from), &number) || number >= kUpperDirectories) {
    return absl::InvalidArgumentError(Concat("there is no page ", from, " of payload files"));
  }
  MTS_RETURN_IF_ERROR(ListUpperDirectory(files, paths, number, page));
  if (number + 1 < kUpperDirectories) page.next = std::to_string(number + 1);
  return page;
}

}  // namespace mts::store
