#include "tarantool/src/visibility.h"

#include <algorithm>
#include <utility>

namespace mts::tarantool {

void Visibility::Reset(Sequence given, Sequence last_message) {
  given_ = std::max(given_, given);
  last_message_ = std::max(last_message_, last_message);
}

Sequence Visibility::LastOf(std::string_view subject, Sequence in_row) const {
  return Sequence(subjects_.Visible(subject, in_row.value()).value_or(0));
}

uint64_t Visibility::Begin(Sequence first, Sequence last, std::vector<SubjectChange> changes,
                           const std::vector<Sequence>& before) {
  given_ = last;
  for (size_t i = 0; i < changes.size(); ++i) subjects_.Begin(changes[i].subject, before[i].value());
  writes_.push_back(Write{first, last, std::move(changes)});
  return first_write_ + writes_.size() - 1;
}

void Visibility::End(uint64_t write, bool durable) {
  Write& ended = writes_[write - first_write_];
  ended.ended = true;
  ended.durable = durable;
  if (!durable) ++failures_;
  Advance();
}

void Visibility::Advance() {
  if (writes_.empty() || !writes_.front().ended) return;
  while (!writes_.empty() && writes_.front().ended) {
    const Write& front = writes_.front();
    for (const SubjectChange& change : front.changes) {
      front.durable ? subjects_.EndDurable(change.subject, change.last.value()) : subjects_.EndUndone(change.subject);
    }
    if (front.durable) last_message_ = front.last;
    writes_.pop_front();
    ++first_write_;
  }
  if (waiting_ > 0) fiber_cond_broadcast(changed_);
}

bool Visibility::WaitPast(Sequence known, double seconds) {
  const double deadline = fiber_clock() + seconds;
  const uint64_t interrupts = interrupts_;
  ++waiting_;
  while (visible() <= known && interrupts == interrupts_) {
    const double left = deadline - fiber_clock();
    if (left <= 0 || fiber_is_cancelled()) break;
    fiber_cond_wait_timeout(changed_, left);
  }
  --waiting_;
  return visible() > known && interrupts == interrupts_;
}

void Visibility::WaitFor(Sequence sequence) {
  ++waiting_;
  while (visible() < sequence && !fiber_is_cancelled()) fiber_cond_wait(changed_);
  --waiting_;
}

void Visibility::Interrupt() {
  ++interrupts_;
  fiber_cond_broadcast(changed_);
}

}  // namespace mts::tarantool
