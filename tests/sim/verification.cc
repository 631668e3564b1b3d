#include "verification.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/text.h"

namespace mts::sim {
namespace {

constexpr uint32_t kPage = 200;
// Removals that an earlier life announced are done in the background after the start.
constexpr absl::Duration kRemovalPatience = absl::Seconds(5);

}  // namespace

absl::StatusOr<ReadMessage> ReadWithPayload(SimulatedServer& server, const StoredMessage& message) {
  ReadMessage read{message.sequence.value(), std::string(message.subject), std::string(message.payload)};
  if (!message.reference) return read;
  MTS_ASSIGN_OR_RETURN(read.payload, server.Get(*message.reference));
  return read;
}

void Verification::Run() {
  ReadEverything();
  ledger->SawAll(messages_, allowed);
  CheckSubjects();
  CheckTotals();
  CheckConsumers();
  CheckDamage();
  CheckPayloadFiles();
}

void Verification::ReadEverything() {
  uint64_t after = 0;
  while (true) {
    const auto block = server->Read(Pattern::All(), after, kPage);
    if (!block.ok()) return violations->Add(Concat("reading everything: ", block.status().ToString()));
    if ((*block)->messages.empty()) return;
    for (const StoredMessage& message : (*block)->messages) {
      after = message.sequence.value();
      if (message.reference) payload_keys_.push_back(message.reference->key);
      absl::StatusOr<ReadMessage> read = ReadWithPayload(*server, message);
      if (!read.ok()) {
        violations->Add(Concat("payload of message ", after, ": ", read.status().ToString()));
        continue;
      }
      messages_.push_back(*std::move(read));
    }
  }
}

void Verification::CheckSubjects() {
  std::map<std::string, std::vector<uint64_t>> sequences;
  for (const ReadMessage& message : messages_) sequences[message.subject].push_back(message.sequence);
  const auto subjects = WaitFor<absl::StatusOr<std::vector<store::SubjectState>>>([this](auto done) {
    server->messages().Subjects(Pattern::All(), store::Page{1'000, ""}, std::move(done));
  });
  if (!subjects.ok()) return violations->Add(Concat("subjects: ", subjects.status().ToString()));
  for (const store::SubjectState& state : *subjects) {
    const std::vector<uint64_t>& there = sequences[state.subject];
    const uint64_t first = there.empty() ? 0 : there.front(), known_last = ledger->LastOf(state.subject);
    const bool last_fits = allowed.loss ? state.last.value() >= known_last : state.last.value() == known_last;
    if (state.messages != there.size() || state.first.value() != first || !last_fits) {
      violations->Add(Concat("subject ", state.subject, " says ", state.messages, " messages, ", state.first.value(),
                             "..", state.last.value(), "; there are ", there.size(), " from ", first, " on, last ",
                             known_last));
    }
    sequences.erase(state.subject);
  }
  for (const auto& [subject, list] : sequences) violations->Add(Concat("subject ", subject, " is not listed"));
}

void Verification::CheckTotals() {
  const auto info =
      WaitFor<absl::StatusOr<store::StoreInfo>>([this](auto done) { server->messages().Info(std::move(done)); });
  if (!info.ok()) return violations->Add(Concat("info: ", info.status().ToString()));
  if (info->messages != messages_.size()) {
    violations->Add(Concat("the store says ", info->messages, " messages, ", messages_.size(), " are there"));
  }
  const auto last = WaitFor<absl::StatusOr<Sequence>>(
      [this](auto done) { server->messages().Last(Pattern::All(), std::move(done)); });
  const uint64_t known = ledger->Last();
  if (!last.ok() || (allowed.loss ? last->value() < known : last->value() != known)) {
    violations->Add(Concat("the last sequence is ", last.ok() ? last->value() : 0, ", known is ", known));
  }
}

void Verification::CheckConsumers() {
  for (const ConsumerId& id : consumers->consumers()) {
    const auto position = WaitFor<absl::StatusOr<std::optional<Sequence>>>(
        [&](auto done) { server->messages().Position(id, std::move(done)); });
    if (!position.ok()) {
      violations->Add(Concat("position: ", position.status().ToString()));
      continue;
    }
    std::optional<uint64_t> value;
    if (*position) value = (*position)->value();
    if (allowed.loss) {
      consumers->Accept(id, value);
    } else {
      consumers->Saw(id, value);
    }
    const auto last = server->messages().log().visible();
    if (value && *value > last.value()) violations->Add(Concat("a position ", *value, " is past ", last.value()));
  }
}

// A power cut is no damage: what it leaves is cut or whole.
void Verification::CheckDamage() {
  const log::LogCounters counters = server->messages().log().counters();
  if (counters.damaged_spots + counters.damaged_records + counters.damaged_indexes > 0) {
    violations->Add(Concat("damage: ", counters.damaged_spots, " spots, ", counters.damaged_records, " records, ",
                           counters.damaged_indexes, " indexes"));
  }
  if (server->payloads().doubled_at_recovery() > 0) {
    violations->Add("a payload file that a checkpoint had passed was still in incoming/");
  }
}

// Every named file was read already; here: that there are no others, in weak durability neither.
void Verification::CheckPayloadFiles() {
  std::sort(payload_keys_.begin(), payload_keys_.end());
  std::vector<std::string> on_disk = PayloadKeysOnDisk(*disk);
  const absl::Time patience_ends = absl::Now() + kRemovalPatience;
  while (on_disk != payload_keys_ && absl::Now() < patience_ends) {
    absl::SleepFor(absl::Milliseconds(1));
    on_disk = PayloadKeysOnDisk(*disk);
  }
  if (on_disk == payload_keys_) return;
  violations->Add(Concat(on_disk.size(), " payload files are on the disk, ", payload_keys_.size(), " are named"));
}

}  // namespace mts::sim
