#include "gate/consumer_pages.h"

#include <utility>

#include "base/text.h"

namespace mts::gate {

void ConsumerPages::ForEach(store::MessageStore& messages, std::string subject, Take take, Done done) {
  std::shared_ptr<ConsumerPages>(new ConsumerPages(messages, std::move(subject), std::move(take), std::move(done)))
      ->ReadPages();
}

void ConsumerPages::ReadPages() {
  do {
    answered_.Arm();
    messages_.Consumers(subject_, page_,
                        [self = shared_from_this()](const absl::StatusOr<std::vector<ConsumerState>>& consumers) {
                          self->more_ = self->TakePage(consumers);
                          if (self->answered_.BothDone() && self->more_) self->ReadPages();
                        });
  } while (answered_.BothDone() && more_);
}

bool ConsumerPages::TakePage(const absl::StatusOr<std::vector<ConsumerState>>& consumers) {
  absl::Status status = consumers.status();
  for (size_t i = 0; status.ok() && i < consumers->size(); ++i) status = take_((*consumers)[i]);
  if (!status.ok() || consumers->size() < page_.size) {
    done_(std::move(status));
    return false;
  }
  const ConsumerId& last = consumers->back().id;
  page_.after = Concat(last.subject, "\n", last.durable_name);
  return true;
}

}  // namespace mts::gate
