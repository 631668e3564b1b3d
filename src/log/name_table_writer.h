// Writes the name table of an index file from names that come in order, each after its list.
//
// Threading: one thread. Errors: kept, answered by Finish. Limits: 2 MiB of buffers and 8 bytes a name, for the hash
// table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "io/file_system.h"
#include "log/index_format.h"
#include "log/paged_file.h"
#include "log/spill.h"

namespace mts::log {

class NameTableWriter {
 public:
  // Lists go to `writer` at once; names and entries wait beside it, in files named `path`.names and `path`.entries.
  NameTableWriter(io::FileSystem& files, const std::string& path, PagedWriter& writer, IndexKind kind);

  // Items of the next name's list.
  void AppendList(std::string_view items);
  // Closes the list. Names must ascend.
  void EndName(std::string_view name, uint64_t payload_bytes);
  absl::StatusOr<NameTableLayout> Finish();

 private:
  void WriteSlots();

  PagedWriter& writer_;
  const uint64_t item_bytes_;
  Spill names_;
  Spill entries_;
  std::vector<NameSlot> slots_;
  uint64_t list_bytes_ = 0;  // of the open list
  NameTableLayout layout_;
};

}  // namespace mts::log
