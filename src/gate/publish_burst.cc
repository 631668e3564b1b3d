#include "gate/publish_burst.h"

#include <utility>

#include "base/status.h"
#include "iproto/call_replies.h"
#include "iproto/packet.h"

namespace mts::gate {
namespace {

void AppendStored(std::string& to, ReplyHead head, PublishAnswer answer, Sequence sequence) {
  std::string value;
  if (answer == PublishAnswer::kMap) {
    iproto::AppendPublished(value, sequence);
  } else {
    iproto::AppendNumber(value, sequence);
  }
  AppendValues(to, head, 1, value);
}

}  // namespace

void AppendRefusal(std::string& to, ReplyHead head, PublishAnswer answer, const absl::Status& status) {
  if (answer == PublishAnswer::kSequence) {
    iproto::AppendError(to, head.sync, kSchemaVersion, iproto::ErrorOf(status));
    return;
  }
  std::string value;
  iproto::AppendPublishRefused(value, status);
  AppendValues(to, head, 1, value);
}

void AppendRefusal(std::string& to, ReplyHead head, PublishAnswer answer, const iproto::Error& error) {
  if (answer == PublishAnswer::kSequence) {
    iproto::AppendError(to, head.sync, kSchemaVersion, error);
    return;
  }
  std::string value;
  iproto::AppendPublishRefused(value, iproto::kStatusWrongType, error.text);
  AppendValues(to, head, 1, value);
}

bool PublishBurst::HasRoomFor(const iproto::PublishArguments& arguments) const {
  const size_t size = arguments.subject.size() + arguments.headers.size() + arguments.payload.size();
  return items_.empty() || bytes_.size() + size <= kMaxBurstBytes;
}

void PublishBurst::Add(ReplyHead head, PublishAnswer answer, const iproto::PublishArguments& arguments) {
  Item& item = items_.emplace_back(Item{head, answer, bytes_.size(), arguments.subject.size(), arguments.headers.size(),
                                        arguments.payload.size(), PayloadReference()});
  bytes_.append(arguments.subject).append(arguments.headers).append(arguments.payload);
  if (arguments.object_name.empty()) return;
  item.reference.kind = PayloadKind::kNamed;
  item.reference.key = arguments.object_name;
}

void PublishBurst::Start() {
  messages_.reserve(items_.size());
  for (const Item& item : items_) {
    const std::string_view bytes = std::string_view(bytes_).substr(item.offset);
    NewMessage& message = messages_.emplace_back();
    message.subject = bytes.substr(0, item.subject_size);
    message.headers = bytes.substr(item.subject_size, item.headers_size);
    message.payload = bytes.substr(item.subject_size + item.headers_size, item.payload_size);
    if (item.reference.kind != PayloadKind::kInline) message.reference = &item.reference;
  }
  Append(0, items_.size());
}

void PublishBurst::Append(size_t first, size_t count) {
  publisher_.PublishBatch(absl::MakeConstSpan(messages_).subspan(first, count),
                          [self = shared_from_this(), first, count](const store::AppendOutcome& outcome) {
                            self->OnAppended(first, count, outcome);
                          });
}

void PublishBurst::OnAppended(size_t first, size_t count, const store::AppendOutcome& outcome) {
  // After UNAVAILABLE the messages may be there, so they are not tried again.
  if (!outcome.status.ok() && count > 1 && !absl::IsUnavailable(outcome.status)) {
    for (size_t i = first; i < first + count; ++i) Append(i, 1);
    return;
  }
  std::string packets;
  packets.reserve(count * 128);
  for (size_t i = 0; i < count; ++i) {
    const Item& item = items_[first + i];
    if (outcome.status.ok()) {
      AppendStored(packets, item.head, item.answer, Sequence(outcome.result.first.value() + i));
    } else {
      AppendRefusal(packets, item.head, item.answer, outcome.status);
    }
  }
  channel_->Send(packets, static_cast<uint32_t>(count), 0);
}

}  // namespace mts::gate
