#include "workload.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/text.h"
#include "verification.h"

namespace mts::sim {
namespace {

bool LeavesItOpen(const absl::Status& status) { return absl::IsUnavailable(status); }

}  // namespace

void Workload::Run(uint64_t steps) {
  for (uint64_t i = 0; i < steps && !parts_.disk->frozen(); ++i) Step();
  WaitForAnswers(0);
}

void Workload::Step() {
  WaitForAnswers(kOutstanding - 1);
  switch (Below(20)) {
    default:
      return PublishBatch();
    case 8:
    case 9:
      return PublishWithFiles();
    case 10:
      return PublishUnderCondition();
    case 11:
      return PublishAgain();
    case 12:
      return AbandonUpload();
    case 13:
    case 14:
      return ChangePosition();
    case 15:
      return ReadSome();
    case 16:
      return Expire();
    case 17:
      return PassTime();
    case 18:
      return WaitForAnswers(0);
  }
}

std::string Workload::Payload(uint64_t batch, size_t index, size_t count, size_t bytes) {
  std::string payload = Ledger::Tag(batch, index, count);
  payload.resize(std::max(payload.size(), bytes), static_cast<char>('a' + Below(26)));
  return payload;
}

void Workload::PublishBatch() {
  const uint64_t batch = parts_.ledger->NewBatchNumber();
  const size_t count = 1 + Below(6);
  const size_t limit = Below(4) == 0 ? parts_.server->messages().inline_limit() : 400;
  std::vector<Item> items;
  size_t left = parts_.server->messages().max_inline_batch_bytes();
  for (size_t i = 0; i < count; ++i) {
    Item item{Subject(), Payload(batch, i, count, std::min(left / count, Below(limit))), ""};
    if (Below(3) == 0) item.message_id = Concat("id-", batch, "-", i);
    items.push_back(std::move(item));
  }
  Submit(batch, items, std::vector<const PayloadReference*>(count, nullptr));
}

void Workload::PublishWithFiles() {
  const uint64_t batch = parts_.ledger->NewBatchNumber();
  const size_t count = 1 + Below(3);
  std::vector<Item> items;
  std::vector<PayloadReference> stored;
  stored.reserve(count);
  std::vector<const PayloadReference*> references;
  for (size_t i = 0; i < count; ++i) {
    const bool file = i == 0 || Below(2) == 0;
    items.push_back({Subject(), Payload(batch, i, count, file ? 9'000 + Below(20'000) : 100), ""});
    references.push_back(nullptr);
    if (!file) continue;
    absl::StatusOr<PayloadReference> reference = parts_.server->Put(items.back().payload);
    if (!reference.ok()) return;
    stored.push_back(*std::move(reference));
    references.back() = &stored.back();
  }
  Submit(batch, items, references);
}

void Workload::Submit(uint64_t batch, const std::vector<Item>& items,
                      const std::vector<const PayloadReference*>& references) {
  parts_.ledger->Submitted(batch, items);
  std::vector<NewMessage> messages;
  for (size_t i = 0; i < items.size(); ++i) {
    NewMessage message;
    message.subject = items[i].subject;
    message.message_id = items[i].message_id;
    message.reference = references[i];
    if (message.reference == nullptr) message.payload = items[i].payload;
    messages.push_back(message);
  }
  ++*outstanding_;
  parts_.server->messages().Append(
      messages, [batch, ledger = parts_.ledger, outstanding = outstanding_](store::AppendOutcome outcome) {
        ledger->Answered(batch, outcome);
        --*outstanding;
      });
}

void Workload::WaitForAnswers(int at_most) {
  const absl::Time patience_ends = absl::Now() + absl::Minutes(1);
  while (*outstanding_ > at_most) {
    if (absl::Now() > patience_ends) NotAnswered();
    absl::SleepFor(absl::Microseconds(20));
  }
}

store::AppendOutcome Workload::SendOne(uint64_t batch, const Item& item, std::optional<Sequence> expected_last) {
  parts_.ledger->Submitted(batch, {item});
  NewMessage message;
  message.subject = item.subject;
  message.payload = item.payload;
  message.message_id = item.message_id;
  message.expected_last_sequence = expected_last;
  return parts_.server->Append({message});
}

void Workload::PublishUnderCondition() {
  WaitForAnswers(0);
  const uint64_t batch = parts_.ledger->NewBatchNumber();
  const Item item{Subject(), Payload(batch, 0, 1, 50), ""};
  const uint64_t last = parts_.ledger->LastOf(item.subject);
  const bool holds = Below(2) == 0;
  const store::AppendOutcome outcome = SendOne(batch, item, Sequence(holds ? last : last + 1 + Below(3)));
  // After an answer that left an earlier batch open, the last sequence is not known; then everything is refused.
  if (!LeavesItOpen(outcome.status) && outcome.status.ok() != holds) {
    parts_.violations->Add(
        Concat("a condition that ", holds ? "held" : "did not hold", " was answered with ", outcome.status.ToString()));
  }
  parts_.ledger->Answered(batch, outcome);
}

void Workload::PublishAgain() {
  const auto stored = parts_.ledger->SomeWithId(Below(1'000'000));
  if (!stored) return;
  const auto& [original, sequence] = *stored;
  const uint64_t batch = parts_.ledger->NewBatchNumber();
  const store::AppendOutcome outcome =
      SendOne(batch, {original.subject, Payload(batch, 0, 1, 50), original.message_id}, {});
  parts_.ledger->MustNotAppear(batch);
  if (!outcome.status.ok()) return;
  const std::vector<store::AppendResult::Duplicate>& duplicates = outcome.result.duplicates;
  if (duplicates.size() != 1 || duplicates[0].sequence.value() != sequence) {
    parts_.violations->Add(Concat("the message id of ", sequence, " was not known any more"));
  }
}

void Workload::AbandonUpload() {
  auto upload = parts_.server->payloads().BeginUpload("s", 0);
  if (!upload.ok()) return;
  WaitFor<absl::Status>([&](auto done) { (*upload)->Write(std::string(2 << 20, 'x'), std::move(done)); }).IgnoreError();
}

void Workload::ChangePosition() {
  const std::string subject = Below(3) == 0 ? "*" : Subject();
  const ConsumerId id{"c" + std::to_string(Below(2)), subject};
  const uint64_t last = subject == "*" ? parts_.ledger->Last() : parts_.ledger->LastOf(subject);
  using Change = ConsumerLedger::Change;
  const uint64_t choice = Below(8);
  const Change change = choice == 0 ? Change::kDelete : choice == 1 ? Change::kReset : Change::kAdvance;
  const uint64_t to = Below(last + 1);
  const uint64_t number = parts_.consumers->Submitted(id, change, to);
  absl::Status status;
  if (change == Change::kDelete) {
    status = WaitFor<absl::StatusOr<bool>>([&](auto done) {
               parts_.server->messages().DeleteConsumer(id, std::move(done));
             }).status();
  } else {
    status = WaitFor<absl::StatusOr<Sequence>>([&](auto done) {
               if (change == Change::kReset) {
                 parts_.server->messages().Reset(id, Sequence(to), std::move(done));
               } else {
                 parts_.server->messages().Advance(id, Sequence(to), std::move(done));
               }
             }).status();
  }
  if (status.ok()) {
    parts_.consumers->Answered(id, number);
  } else if (!LeavesItOpen(status)) {
    parts_.consumers->Refused(id, number);
    if (!absl::IsResourceExhausted(status)) parts_.violations->Add(Concat("a position: ", status.ToString()));
  }
}

void Workload::ReadSome() {
  const uint64_t after = Below(parts_.ledger->Last() + 1);
  const auto block = parts_.server->Read(Pattern::All(), after, 20);
  if (!block.ok()) return parts_.violations->Add(Concat("a read: ", block.status().ToString()));
  for (const StoredMessage& message : (*block)->messages) {
    const absl::StatusOr<ReadMessage> read = ReadWithPayload(*parts_.server, message);
    if (read.ok()) {
      parts_.ledger->Saw(*read);
    } else {
      parts_.violations->Add(Concat("payload of message ", message.sequence.value(), ": ", read.status().ToString()));
    }
  }
}

void Workload::Expire() {
  const uint64_t keep = 20 + Below(100);
  parts_.ledger->MayRemoveAllBut(keep);
  // An error is an answer too: whatever was removed, is.
  for (int i = 0; i < 4; ++i) {
    const auto more = parts_.server->Expire(keep);
    if (!more.ok() || !*more) return;
  }
}

void Workload::PassTime() {
  constexpr int64_t kShort = 1'000, kIdle = 60'000;
  parts_.clock->Advance(Below(3) == 0 ? kIdle : kShort);
}

}  // namespace mts::sim
