#include "log/consumer_table.h"

#include <string>
#include <tuple>

namespace mts::log {

bool ConsumerTable::Order::operator()(const ConsumerId& a, const ConsumerId& b) const {
  return std::tie(a.subject, a.durable_name) < std::tie(b.subject, b.durable_name);
}

void ConsumerTable::Set(const ConsumerId& id, Sequence position, Timestamp active) {
  absl::MutexLock lock(&mutex_);
  const auto [entry, is_new] = consumers_.try_emplace(id);
  if (is_new) entry->second.id = id;
  entry->second.position = position;
  entry->second.last_active = active;
}

void ConsumerTable::Delete(const ConsumerId& id) {
  absl::MutexLock lock(&mutex_);
  consumers_.erase(id);
}

std::optional<Sequence> ConsumerTable::Position(const ConsumerId& id) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return std::nullopt;
  return found->second.position;
}

std::vector<ConsumerState> ConsumerTable::List(std::string_view subject, std::string_view after, size_t size) const {
  // Neither part holds a line feed (model/subject.h), so the first one is the joint.
  const size_t joint = after.find('\n');
  const ConsumerId begin{joint == after.npos ? std::string() : std::string(after.substr(joint + 1)),
                         std::string(after.substr(0, joint))};
  const ConsumerId subject_begin{{}, std::string(subject)};

  std::vector<ConsumerState> states;
  absl::ReaderMutexLock lock(&mutex_);
  auto next = Order()(begin, subject_begin) ? consumers_.lower_bound(subject_begin) : consumers_.upper_bound(begin);
  for (; next != consumers_.end() && states.size() < size; ++next) {
    if (!subject.empty() && next->first.subject != subject) break;
    states.push_back(next->second);
  }
  return states;
}

void ConsumerTable::ForEach(absl::FunctionRef<void(const ConsumerState&)> visit) const {
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [id, state] : consumers_) visit(state);
}

uint64_t ConsumerTable::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return consumers_.size();
}

}  // namespace mts::log
