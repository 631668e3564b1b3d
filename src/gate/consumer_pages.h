// All consumers of a subject, or all there are, page by page.
//
// Threading: any; `take` and `done` from any thread, one at a time, possibly before the call returns. Errors: the
// store's, and what `take` answers, which ends it. Limits: memory for one page.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "broker/inline_answer.h"
#include "model/consumer.h"
#include "store/message_store.h"

namespace mts::gate {

class ConsumerPages : public std::enable_shared_from_this<ConsumerPages> {
 public:
  using Take = absl::AnyInvocable<absl::Status(const ConsumerState&)>;
  using Done = absl::AnyInvocable<void(absl::Status)>;

  // An empty subject: all.
  static void ForEach(store::MessageStore& messages, std::string subject, Take take, Done done);

 private:
  ConsumerPages(store::MessageStore& messages, std::string subject, Take take, Done done)
      : messages_(messages), subject_(std::move(subject)), take_(std::move(take)), done_(std::move(done)) {}

  void ReadPages();
  // True when another page is to be read.
  bool TakePage(const absl::StatusOr<std::vector<ConsumerState>>& consumers);

  store::MessageStore& messages_;
  const std::string subject_;
  Take take_;
  Done done_;
  store::Page page_{.size = 1000, .after = {}};
  bool more_ = false;
  broker::InlineAnswer answered_;
};

}  // namespace mts::gate
