#include "cli/message_batcher.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/upload.h"

namespace mts::cli {
namespace {

constexpr int kBatchMessages = 500;
constexpr uint64_t kBatchBytes = uint64_t{1} << 20;

}  // namespace

MessageBatcher::MessageBatcher(const Connection& connection, PublishedMany& totals, NameCallback name_of)
    : totals_(totals),
      name_of_(std::move(name_of)),
      publisher_(connection, {}, [this](const auto& batch, const auto& answer) { return OnAnswer(batch, answer); }) {}

absl::Status MessageBatcher::Add(pb::PublishRequest message) {
  const uint64_t bytes = message.ByteSizeLong();
  if (batch_.messages_size() > 0 && batch_bytes_ + bytes > kBatchBytes) MTS_RETURN_IF_ERROR(SendBatch());
  batch_bytes_ += bytes;
  *batch_.add_messages() = std::move(message);
  return batch_.messages_size() < kBatchMessages ? absl::OkStatus() : SendBatch();
}

absl::Status MessageBatcher::SendBatch() {
  if (batch_.messages_size() == 0) return absl::OkStatus();
  batch_bytes_ = 0;
  return publisher_.Send(std::exchange(batch_, {}));
}

absl::Status MessageBatcher::Finish() {
  MTS_RETURN_IF_ERROR(SendBatch());
  return publisher_.Flush();
}

void MessageBatcher::Count(uint64_t first_sequence, uint64_t last_sequence, uint64_t messages, uint64_t duplicates,
                           uint64_t bytes) {
  totals_.messages += messages;
  totals_.duplicates += duplicates;
  totals_.bytes += bytes;
  if (messages == 0 || first_sequence == 0) return;
  totals_.first_sequence =
      totals_.first_sequence == 0 ? first_sequence : std::min(totals_.first_sequence, first_sequence);
  totals_.last_sequence = std::max(totals_.last_sequence, last_sequence);
}

absl::Status MessageBatcher::OnAnswer(const pb::PublishBatchRequest& batch, const pb::PublishBatchResponse& answer) {
  if (answer.status_code() != 0) {
    const auto position = static_cast<int>(answer.refused_position());
    const bool named = answer.has_refused_position() && position < batch.messages_size();
    return WithContext(
        RefusalOf(answer.status_code(), answer.error_message()),
        named ? name_of_(batch.messages(position)) : Concat("a batch that begins with ", name_of_(batch.messages(0))));
  }
  uint64_t bytes = 0;
  for (const pb::PublishRequest& message : batch.messages()) bytes += message.data().size();
  const auto duplicates = static_cast<uint64_t>(answer.duplicates_size());
  Count(answer.first_sequence(), answer.last_sequence(), static_cast<uint64_t>(batch.messages_size()) - duplicates,
        duplicates, bytes);
  return absl::OkStatus();
}

}  // namespace mts::cli
