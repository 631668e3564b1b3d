// Every bound of the system that is not a configuration key stands here, with the defaults of those that are.
#pragma once

#include <cstdint>

namespace mts::limits {

inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;

// Names (design section 7; the proto contract).
inline constexpr uint64_t kMaxSubjectBytes = 255;
inline constexpr uint64_t kMaxDurableNameBytes = 255;
inline constexpr uint64_t kMaxMessageIdBytes = 255;
inline constexpr uint64_t kMaxObjectNameBytes = 1024;

// One message and one batch; defaults of max_header_bytes, max_message_bytes, max_batch_messages, max_batch_bytes.
inline constexpr uint64_t kMaxHeaderBytes = 64 * kKiB;
inline constexpr uint64_t kMaxMessageBytes = 64 * kMiB;
inline constexpr uint64_t kMaxMessageBytesCeiling = 1 * kGiB;
inline constexpr uint64_t kMaxBatchMessages = 10'000;
inline constexpr uint64_t kMaxBatchBytes = 64 * kMiB;
inline constexpr uint64_t kMaxSubjects = 1'000'000;
inline constexpr uint64_t kMaxConsumers = 1'000'000;

// The embedded engine.
inline constexpr uint64_t kInlineLimit = 1 * kMiB;           // longer payloads become files
inline constexpr uint64_t kMaxInlineBatchBytes = 16 * kMiB;  // of one batch; what is beyond becomes files
inline constexpr uint64_t kSegmentBytes = 64 * kMiB;
inline constexpr uint64_t kMinSegmentBytes = 1 * kMiB;  // tests use small segments
inline constexpr uint64_t kMaxSegmentBytes = 1 * kGiB;
inline constexpr uint32_t kPreparedSegments = 8;
inline constexpr uint64_t kMaxQueuedBytes = 128 * kMiB;  // accepted, waiting for their commit
inline constexpr uint64_t kMaxQueuedAppends = 100'000;
inline constexpr int64_t kDeduplicationWindowMicros = 120'000'000;
inline constexpr uint64_t kMaxDeduplicationIds = 1'000'000;
inline constexpr uint64_t kMinFreeBytes = 256 * kMiB;
inline constexpr uint64_t kSequenceReservation = 1'000'000;
inline constexpr uint64_t kMaxOpenLogFiles = 512;  // segments and index files that are kept open
inline constexpr int64_t kMaxClockJumpMicros = 3'600'000'000;
inline constexpr int64_t kClockJumpGraceMicros = 600'000'000;

// Streams and downloads.
inline constexpr uint64_t kMaxChunkBytes = 1 * kMiB;
inline constexpr uint32_t kMaxSubscriptions = 100'000;

}  // namespace mts::limits
