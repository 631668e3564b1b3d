#include "log/record_reader.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/status.h"
#include "spdlog/spdlog.h"

namespace mts::log {
namespace {

// Records further apart than this are read one by one: reading the gap would cost more than another call.
constexpr uint64_t kMaxGapBytes = 16 * limits::kKiB;
constexpr uint64_t kMaxRunBytes = 1 * limits::kMiB;
// Read for the last record of a run, whose length is not known beforehand.
constexpr uint64_t kTailBytes = 4 * limits::kKiB;
// Enough for the header and the fixed part of a body, and mostly subject and headers too.
constexpr uint64_t kPrefixBytes = 1 * limits::kKiB;

using Location = SegmentSet::Location;

// How many of the locations from `begin` on lie close together in one segment.
size_t RunLength(absl::Span<const Location> locations) {
  size_t count = 1;
  while (count < locations.size()) {
    const Location& last = locations[count - 1];
    const Location& next = locations[count];
    if (next.segment != last.segment || next.offset < last.offset) break;
    if (next.offset - last.offset > kMaxGapBytes || next.offset - locations[0].offset > kMaxRunBytes) break;
    ++count;
  }
  return count;
}

}  // namespace

class RecordReader::Block : public store::MessageBlock {
 public:
  // A buffer that lives as long as the block.
  absl::Span<char> NewBuffer(uint64_t size) {
    buffers_.push_back(std::make_unique_for_overwrite<char[]>(size));
    return {buffers_.back().get(), size};
  }
  void Add(const RecordHeader& header, const MessageBody& body, bool payload_included) {
    StoredMessage& message = messages.emplace_back();
    message.subject = body.subject;
    message.sequence = header.sequence;
    message.time = header.time;
    message.headers = body.headers;
    message.reference = body.reference;
    message.size = body.size;
    message.payload_included = payload_included && !body.reference;
    if (message.payload_included) message.payload = body.payload;
    bytes += body.subject.size() + body.headers.size() + message.payload.size();
  }
  uint64_t bytes = 0;

 private:
  std::vector<std::unique_ptr<char[]>> buffers_;
};

absl::StatusOr<RecordReader::Result> RecordReader::Read(absl::Span<const Location> locations,
                                                        const ReadLimits& limits) {
  auto block = std::make_unique<Block>();
  block->messages.reserve(locations.size());
  size_t read = 0;
  while (read < locations.size() && (read == 0 || block->bytes < limits.max_bytes)) {
    // What is left of max_bytes bounds how far a run goes.
    const uint64_t left = limits.max_bytes - std::min(limits.max_bytes, block->bytes);
    absl::Span<const Location> run = locations.subspan(read, RunLength(locations.subspan(read)));
    while (run.size() > 1 && run.back().offset - run.front().offset > left) run.remove_suffix(run.size() / 2);
    MTS_RETURN_IF_ERROR(ReadRun(run, limits, *block));
    read += run.size();
  }
  // The last run may have gone over the limit.
  while (block->bytes > limits.max_bytes && block->messages.size() > 1) {
    const StoredMessage& last = block->messages.back();
    block->bytes -= last.subject.size() + last.headers.size() + last.payload.size();
    while (read > 0 && locations[read - 1].sequence >= last.sequence) --read;
    block->messages.pop_back();
  }
  if (read > 0) block->scanned_through = locations[read - 1].sequence;
  return Result{std::move(block), read};
}

absl::Status RecordReader::ReadRun(absl::Span<const Location> run, const ReadLimits& limits, Block& block) {
  const Location& first = run.front();
  if (run.size() == 1) return ReadAlone(first, limits, block);
  absl::Span<char> buffer = block.NewBuffer(run.back().offset - first.offset + kTailBytes);
  MTS_ASSIGN_OR_RETURN(const size_t size, first.file->ReadAt(first.offset, buffer));
  const std::string_view bytes(buffer.data(), size);
  for (const Location& location : run) {
    const uint64_t start = location.offset - first.offset;
    const std::string_view record = start < bytes.size() ? bytes.substr(start) : std::string_view();
    const std::optional<RecordHeader> header = DecodeRecordHeader(record, location.identity);
    const bool whole = header && record.size() >= kRecordHeaderBytes + header->body_length;
    const bool expected = whole && header->sequence == location.sequence && header->type == RecordType::kMessage;
    if (!expected || header->body_length > limits.max_inline_bytes) {
      MTS_RETURN_IF_ERROR(ReadAlone(location, limits, block));
      continue;
    }
    const std::string_view body_bytes = record.substr(kRecordHeaderBytes, header->body_length);
    const std::optional<MessageBody> body = DecodeMessageBody(body_bytes);
    if (!body || Crc32c(body_bytes) != header->body_crc) {
      ReportDamage(location, "the record's body does not have its checksum");
      continue;
    }
    block.Add(*header, *body, true);
  }
  return absl::OkStatus();
}

absl::Status RecordReader::ReadAlone(const Location& location, const ReadLimits& limits, Block& block) {
  absl::Span<char> prefix = block.NewBuffer(kPrefixBytes);
  MTS_ASSIGN_OR_RETURN(const size_t size, location.file->ReadAt(location.offset, prefix));
  std::string_view bytes(prefix.data(), size);
  const std::optional<RecordHeader> header = DecodeRecordHeader(bytes, location.identity);
  if (!header || header->sequence != location.sequence || header->type != RecordType::kMessage) {
    ReportDamage(location, "no whole record header where the index says one is");
    return absl::OkStatus();
  }
  bytes.remove_prefix(kRecordHeaderBytes);
  const std::optional<uint64_t> payload_offset = PayloadOffset(bytes);
  if (!payload_offset || *payload_offset > header->body_length) {
    ReportDamage(location, "the record's lengths do not fit");
    return absl::OkStatus();
  }
  const bool include = header->body_length - *payload_offset <= limits.max_inline_bytes;
  // A payload that is left out is not read, so the body's checksum cannot be verified here: Download does.
  const uint64_t wanted = include ? header->body_length : *payload_offset;
  if (wanted > bytes.size()) {
    absl::Span<char> whole = block.NewBuffer(wanted);
    MTS_ASSIGN_OR_RETURN(const size_t got, location.file->ReadAt(location.offset + kRecordHeaderBytes, whole));
    bytes = std::string_view(whole.data(), got);
  }
  if (bytes.size() < wanted || (include && Crc32c(bytes.substr(0, wanted)) != header->body_crc)) {
    ReportDamage(location, "the record's body does not have its checksum");
    return absl::OkStatus();
  }
  std::optional<MessageBody> body = DecodeMessageBody(bytes.substr(0, wanted));
  if (!body) {
    ReportDamage(location, "the record's body cannot be decoded");
    return absl::OkStatus();
  }
  if (!include) body->size = header->body_length - *payload_offset;
  block.Add(*header, *body, include);
  return absl::OkStatus();
}

void RecordReader::ReportDamage(const Location& location, const char* what) {
  damaged_.fetch_add(1, std::memory_order_relaxed);
  spdlog::error("log: damage in {} at {}: {}; message {} is left out", SegmentFileName(location.segment),
                location.offset, what, location.sequence.value());
}

}  // namespace mts::log
