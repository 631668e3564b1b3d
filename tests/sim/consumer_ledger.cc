#include "consumer_ledger.h"

#include <algorithm>

#include "base/text.h"

namespace mts::sim {
namespace {

std::string Describe(std::optional<uint64_t> position) { return position ? Concat(*position) : "none"; }

}  // namespace

uint64_t ConsumerLedger::Submitted(const ConsumerId& id, Change change, uint64_t to) {
  absl::MutexLock lock(&mutex_);
  consumers_[id].steps.push_back({next_number_, change, to});
  return next_number_++;
}

void ConsumerLedger::Answered(const ConsumerId& id, uint64_t number) {
  absl::MutexLock lock(&mutex_);
  for (Step& step : consumers_[id].steps) step.answered |= step.number == number;
}

void ConsumerLedger::Refused(const ConsumerId& id, uint64_t number) {
  absl::MutexLock lock(&mutex_);
  for (Step& step : consumers_[id].steps) step.refused |= step.number == number;
}

std::optional<uint64_t> ConsumerLedger::After(std::optional<uint64_t> position, const Step& step) {
  switch (step.change) {
    case Change::kAdvance:
      return std::max(position.value_or(0), step.to);
    case Change::kReset:
      return step.to;
    case Change::kDelete:
      return std::nullopt;
  }
  return position;
}

void ConsumerLedger::Saw(const ConsumerId& id, std::optional<uint64_t> position) {
  absl::MutexLock lock(&mutex_);
  Consumer& consumer = consumers_[id];
  // Everything up to the last one that was answered happened; of those behind it, the first ones or none.
  std::optional<uint64_t> state = consumer.position;
  std::vector<std::optional<uint64_t>> possible = {state};
  for (const Step& step : consumer.steps) {
    if (step.refused) continue;
    state = After(state, step);
    if (step.answered) possible.clear();
    possible.push_back(state);
  }
  if (std::find(possible.begin(), possible.end(), position) == possible.end()) {
    std::string expected;
    for (const auto& each : possible) expected += Describe(each) + " ";
    violations_.Add(Concat("consumer ", id.durable_name, " of ", id.subject, " is at ", Describe(position),
                           ", possible: ", expected));
  }
  consumer.position = position;
  consumer.steps.clear();
}

void ConsumerLedger::Accept(const ConsumerId& id, std::optional<uint64_t> position) {
  absl::MutexLock lock(&mutex_);
  consumers_[id] = {position, {}};
}

std::vector<ConsumerId> ConsumerLedger::consumers() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ConsumerId> ids;
  for (const auto& [id, consumer] : consumers_) ids.push_back(id);
  return ids;
}

}  // namespace mts::sim
