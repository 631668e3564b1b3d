#include "broker/consumers.h"

#include <utility>

#include "base/status.h"
#include "broker/inline_answer.h"
#include "model/subject.h"

namespace mts::broker {

void Consumers::Acknowledge(ConsumerId id, Sequence up_to, store::Done<Sequence> done) {
  absl::Status status = Pattern::Parse(id.subject).status();
  if (status.ok()) status = ValidateDurableName(id.durable_name);
  if (!status.ok()) return done(std::move(status));
  messages_.Advance(id, up_to, std::move(done));
}

struct Consumers::Listed {
  std::vector<ConsumerView> views;
  store::Done<std::vector<ConsumerView>> done;
  InlineAnswer counted;
  absl::Status status;
};

void Consumers::List(std::string_view subject, const store::Page& page, store::Done<std::vector<ConsumerView>> done) {
  messages_.Consumers(subject, page,
                      [this, done = std::move(done)](absl::StatusOr<std::vector<ConsumerState>> states) mutable {
                        if (!states.ok()) return done(std::move(states).status());
                        auto listed = std::make_shared<Listed>();
                        listed->done = std::move(done);
                        for (ConsumerState& state : *states) {
                          const uint32_t count = connected(state.id);
                          listed->views.push_back({std::move(state), 0, count});
                        }
                        CountPending(std::move(listed), 0);
                      });
}

void Consumers::CountPending(std::shared_ptr<Listed> listed, size_t position) {
  for (; position < listed->views.size() && listed->status.ok(); ++position) {
    const ConsumerState& state = listed->views[position].state;
    const absl::StatusOr<Pattern> pattern = Pattern::Parse(state.id.subject);
    if (!pattern.ok()) continue;
    listed->counted.Arm();
    messages_.CountAfter(*pattern, state.position, [this, listed, position](absl::StatusOr<uint64_t> count) {
      listed->status = count.status();
      if (count.ok()) listed->views[position].pending = *count;
      if (listed->counted.BothDone()) CountPending(listed, position + 1);
    });
    if (!listed->counted.BothDone()) return;
  }
  if (!listed->status.ok()) return listed->done(listed->status);
  listed->done(std::move(listed->views));
}

uint32_t Consumers::connected(const ConsumerId& id) {
  absl::MutexLock lock(&mutex_);
  const auto found = listening_.find(id);
  return found == listening_.end() ? 0 : found->second;
}

Consumers::Listening::Listening(Consumers& consumers, ConsumerId id) : consumers_(consumers), id_(std::move(id)) {
  absl::MutexLock lock(&consumers_.mutex_);
  ++consumers_.listening_[id_];
}

Consumers::Listening::~Listening() {
  absl::MutexLock lock(&consumers_.mutex_);
  const auto found = consumers_.listening_.find(id_);
  if (--found->second == 0) consumers_.listening_.erase(found);
}

}  // namespace mts::broker
