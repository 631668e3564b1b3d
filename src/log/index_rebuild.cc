#include "log/index_rebuild.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "log/segment_scanner.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

std::optional<VisibleMessage> MessageOf(const ScannedRecord& record, const Catalogue& catalogue) {
  if (record.header.type != RecordType::kMessage) return std::nullopt;
  const std::optional<MessageBody> body = DecodeMessageBody(record.body);
  if (!body) return std::nullopt;
  const std::optional<SubjectId> subject = catalogue.Find(body->subject);
  if (!subject) {
    // Every visible message's subject is in the catalogue, so this one was never visible.
    spdlog::warn("log: a message with sequence {} has a subject that is not in the catalogue",
                 record.header.sequence.value());
    return std::nullopt;
  }
  VisibleMessage message;
  message.subject = *subject;
  message.record_offset8 = static_cast<uint32_t>(record.offset / kAlignment);
  message.sequence = record.header.sequence;
  message.payload_bytes = body->size;
  message.has_stored_reference = body->reference && body->reference->kind == PayloadKind::kStored;
  return message;
}

}  // namespace

absl::StatusOr<std::shared_ptr<MemoryIndex>> RebuildIndex(io::File& file, const std::string& path,
                                                          const SegmentSummary& summary, const Catalogue& catalogue) {
  MTS_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  auto index = std::make_shared<MemoryIndex>(summary.number, summary.identity, catalogue);
  SegmentScanner scanner(file, summary.identity, kSegmentHeaderBytes, std::min(size, summary.end));
  const auto damage = [&path](uint64_t offset, uint64_t bytes, std::string_view what) {
    spdlog::error("log: {}: {} bytes at {}: {}", path, bytes, offset, what);
  };
  std::vector<VisibleMessage> messages;
  Sequence last;
  const auto add_group = [&](const ScannedGroup& group) -> absl::Status {
    messages.clear();
    Timestamp time;
    MTS_RETURN_IF_ERROR(scanner.ForEachRecord(group, damage, [&](const ScannedRecord& record) {
      const std::optional<VisibleMessage> message = MessageOf(record, catalogue);
      if (message && message->sequence > last) {
        messages.push_back(*message);
        last = message->sequence;
        time = record.header.time;
      }
      return absl::OkStatus();
    }));
    index->Add(messages, time);
    return absl::OkStatus();
  };
  while (true) {
    MTS_ASSIGN_OR_RETURN(const std::optional<ScannedGroup> group, scanner.Next());
    if (!group) break;
    MTS_RETURN_IF_ERROR(add_group(*group));
  }
  if (scanner.position() < std::min(size, summary.end)) MTS_RETURN_IF_ERROR(add_group(scanner.Rest()));
  index->Close(summary.end);
  return index;
}

}  // namespace mts::log
