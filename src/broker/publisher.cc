#include "broker/publisher.h"

#include <memory>

#include "base/status.h"
#include "broker/payload_placement.h"
#include "broker/publish_validation.h"

namespace mts::broker {

void Publisher::PublishBatch(absl::Span<const NewMessage> batch, std::shared_ptr<PublishOrder> order,
                             store::AppendDone done) {
  Validation validation = ValidateBatch(batch, limits_);
  if (!validation.status.ok()) {
    done({std::move(validation.status), validation.refused_position, {}});
    return;
  }
  if (NeedsPlacement(batch, messages_)) {
    const auto placement = std::make_shared<PayloadPlacement>(messages_, payloads_, payload_grace_micros_);
    placement->Publish(
        batch, std::move(order),
        [done = std::move(done)](store::AppendOutcome outcome, const auto&) mutable { done(std::move(outcome)); });
    return;
  }
  if (order == nullptr) return messages_.Append(batch, std::move(done));
  PublishOrder& turns = *order;
  turns.UseTurn(turns.TakeTurn(), [this, batch, order = std::move(order), done = std::move(done)]() mutable {
    messages_.AppendInOrder(std::move(order), batch, std::move(done));
  });
}

void Publisher::Publish(const NewMessage& message, PublishedDone done) {
  if (absl::Status status = ValidateMessage(message, limits_); !status.ok()) {
    done(std::move(status));
    return;
  }
  const absl::Span<const NewMessage> batch(&message, 1);
  if (!NeedsPlacement(batch, messages_)) {
    Append(message, std::move(done));
    return;
  }
  std::make_shared<PayloadPlacement>(messages_, payloads_, payload_grace_micros_)
      ->Publish(batch, /*order=*/nullptr,
                [this, &message, done = std::move(done)](store::AppendOutcome outcome, const auto& references) mutable {
                  Answer(message, std::move(outcome), &references[0], std::move(done));
                });
}

void Publisher::PublishInline(const NewMessage& message, PublishedDone done) {
  if (absl::Status status = ValidateMessageFrame(message, limits_); !status.ok()) {
    done(std::move(status));
    return;
  }
  Append(message, std::move(done));
}

void Publisher::Append(const NewMessage& message, PublishedDone done) {
  messages_.Append(absl::Span<const NewMessage>(&message, 1),
                   [this, &message, done = std::move(done)](store::AppendOutcome outcome) mutable {
                     Answer(message, std::move(outcome), nullptr, std::move(done));
                   });
}

void Publisher::PublishReference(const NewMessage& message, PayloadReference reference, PublishedDone done) {
  absl::Status status = ValidateMessageFrame(message, limits_);
  if (status.ok() && reference.key.size() > limits::kMaxObjectNameBytes) {
    status = absl::InvalidArgumentError("object_name is too long");
  }
  if (!status.ok()) {
    if (reference.kind == PayloadKind::kStored) payloads_.Remove({std::move(reference)}, [](const absl::Status&) {});
    done(std::move(status));
    return;
  }
  std::make_shared<PayloadPlacement>(messages_, payloads_, payload_grace_micros_)
      ->PublishUploaded(
          message, std::move(reference),
          [this, &message, done = std::move(done)](store::AppendOutcome outcome, const auto& references) mutable {
            Answer(message, std::move(outcome), &references[0], std::move(done));
          });
}

void Publisher::Answer(const NewMessage& message, store::AppendOutcome outcome, const PayloadReference* reference,
                       PublishedDone done) {
  if (!outcome.status.ok()) {
    done(std::move(outcome.status));
    return;
  }
  if (outcome.result.duplicates.empty()) {
    const Sequence sequence = outcome.result.first;
    done(Published{sequence, ObjectName(message.subject, sequence, reference), false});
    return;
  }
  const Sequence sequence = outcome.result.duplicates[0].sequence;
  messages_.ReadOne(message.subject, sequence, 0,
                    [sequence, subject = std::string(message.subject),
                     done = std::move(done)](absl::StatusOr<store::MessageBlockPtr> block) mutable {
                      const PayloadReference* first = nullptr;
                      if (block.ok() && !(*block)->messages.empty() && (*block)->messages[0].reference) {
                        first = &*(*block)->messages[0].reference;
                      }
                      done(Published{sequence, ObjectName(subject, sequence, first), true});
                    });
}

}  // namespace mts::broker
