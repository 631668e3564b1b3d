#include "log/name_table_writer.h"

#include <algorithm>
#include <tuple>

#include "base/status.h"

namespace mts::log {

NameTableWriter::NameTableWriter(io::FileSystem& files, const std::string& path, PagedWriter& writer, IndexKind kind)
    : writer_(writer),
      item_bytes_(ListItemBytes(kind)),
      names_(files, path + ".names"),
      entries_(files, path + ".entries") {
  layout_.lists_at = writer.position();
}

void NameTableWriter::AppendList(std::string_view items) {
  writer_.Append(items);
  list_bytes_ += items.size();
}

void NameTableWriter::EndName(std::string_view name, uint64_t payload_bytes) {
  NameEntry entry;
  entry.name_offset = names_.size();
  entry.name_length = static_cast<uint32_t>(name.size());
  entry.list_length = static_cast<uint32_t>(list_bytes_ / item_bytes_);
  entry.list_first = layout_.list_items;
  entry.payload_bytes = payload_bytes;
  char bytes[kNameEntryBytes];
  EncodeNameEntry(entry, bytes);
  entries_.Append(std::string_view(bytes, sizeof(bytes)));
  names_.Append(name);
  slots_.push_back({HashSubjectName(name), static_cast<uint32_t>(layout_.names)});
  ++layout_.names;
  layout_.list_items += entry.list_length;
  list_bytes_ = 0;
}

absl::StatusOr<NameTableLayout> NameTableWriter::Finish() {
  layout_.names_at = writer_.position();
  layout_.names_bytes = names_.size();
  MTS_RETURN_IF_ERROR(names_.CopyTo(writer_));
  writer_.Align(8);
  layout_.entries_at = writer_.position();
  MTS_RETURN_IF_ERROR(entries_.CopyTo(writer_));
  WriteSlots();
  return layout_;
}

void NameTableWriter::WriteSlots() {
  std::sort(slots_.begin(), slots_.end(),
            [](const NameSlot& a, const NameSlot& b) { return std::tie(a.hash, a.rank) < std::tie(b.hash, b.rank); });
  layout_.slots_at = writer_.position();
  // A quarter stays empty, so that most searches end in the page where they begin.
  layout_.homes = layout_.names + layout_.names / 3 + 1;
  const auto append = [this](const NameSlot& slot) {
    writer_.Append(std::string_view(reinterpret_cast<const char*>(&slot), sizeof(slot)));
    ++layout_.slots;
  };
  for (const NameSlot& slot : slots_) {
    while (layout_.slots < HomeSlot(slot.hash, layout_.homes)) append(NameSlot{});
    append(slot);
  }
  while (layout_.slots < layout_.homes) append(NameSlot{});
  append(NameSlot{});  // an empty one behind the last, where every search ends
  slots_ = {};
}

}  // namespace mts::log
