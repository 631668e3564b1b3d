#include "gate/consumer_select.h"

#include <memory>
#include <utility>

#include "gate/consumer_pages.h"
#include "gate/ordered_rows.h"
#include "iproto/call_replies.h"
#include "model/subject.h"

namespace mts::gate {
namespace {

struct Selection {
  Selection(SelectRequest what, Reply to) : request(std::move(what)), rows(request), reply(std::move(to)) {}

  const SelectRequest request;
  OrderedRows rows;
  Reply reply;
};

bool ByPrimary(const SelectRequest& request) { return request.index->id == kPrimary; }

std::string EncodeRow(const ConsumerState& consumer) {
  std::string row;
  iproto::AppendConsumer(row, consumer.id.durable_name, consumer.id.subject, consumer.position);
  return row;
}

absl::Status Add(Selection& selection, const ConsumerState& consumer) {
  Key key;
  key.emplace_back(ByPrimary(selection.request) ? consumer.id.durable_name : consumer.id.subject);
  key.emplace_back(ByPrimary(selection.request) ? consumer.id.subject : consumer.id.durable_name);
  if (!Selects(selection.request, key)) return absl::OkStatus();
  return selection.rows.Add(std::move(key), EncodeRow(consumer));
}

bool IsEqual(const SelectRequest& request) {
  return request.iterator == iproto::Iterator::kEqual || request.iterator == iproto::Iterator::kEqualReversed;
}

// One consumer, by its whole key.
void SelectOne(store::MessageStore& messages, const SelectRequest& request, Reply reply) {
  ConsumerState consumer;
  consumer.id = {std::get<std::string>(request.key[0]), std::get<std::string>(request.key[1])};
  const ConsumerId id = consumer.id;
  const bool skipped = request.offset > 0 || request.limit == 0;
  messages.Position(id, [consumer = std::move(consumer), skipped,
                         reply = std::move(reply)](absl::StatusOr<std::optional<Sequence>> position) mutable {
    if (!position.ok()) return reply.Fail(position.status());
    if (!position->has_value() || skipped) return reply.Values(0, {});
    consumer.position = **position;
    reply.Values(1, EncodeRow(consumer));
  });
}

// The subject that the key names, where it names one exactly.
std::string SubjectOf(const SelectRequest& request) {
  if (!IsEqual(request) || request.key.empty() || ByPrimary(request)) return {};
  return std::get<std::string>(request.key[0]);
}

}  // namespace

void SelectConsumers(store::MessageStore& messages, SelectRequest request, Reply reply) {
  if (IsEqual(request) && ByPrimary(request) && request.key.size() == 2) {
    return SelectOne(messages, request, std::move(reply));
  }
  std::string subject = SubjectOf(request);
  if (IsEqual(request) && !request.key.empty() && !ByPrimary(request) && !Pattern::Parse(subject).ok()) {
    return reply.Values(0, {});
  }
  auto selection = std::make_shared<Selection>(std::move(request), std::move(reply));
  ConsumerPages::ForEach(
      messages, std::move(subject), [selection](const ConsumerState& consumer) { return Add(*selection, consumer); },
      [selection](absl::Status status) {
        if (!status.ok()) return selection->reply.Fail(status);
        selection->reply.Values(selection->rows.count(), selection->rows.Encoded());
      });
}

}  // namespace mts::gate
