// Answers selects on `message`. The index on create_at has the order of the sequences, because times never go back;
// those on the subject go from subject to subject, forwards only.
//
// Threading: any; replies from any thread. Errors: in the reply. Limits: a reply of kMaxReplyBytes.
#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "broker/inline_answer.h"
#include "gate/message_scan.h"
#include "gate/reply.h"
#include "gate/select_request.h"
#include "store/message_store.h"

namespace mts::gate {

class MessageSelect : public std::enable_shared_from_this<MessageSelect> {
 public:
  static void Start(store::MessageStore& messages, SelectRequest request, Reply reply);

 private:
  MessageSelect(store::MessageStore& messages, SelectRequest request, Reply reply);

  void Run();
  void RunBySequence();
  void RunByTime();
  void RunBySubject();
  void Scan(MessageRange range);
  void Answer(const absl::Status& status);

  // All subjects after page_.after, one after another.
  void RunSubjects();
  void ScanNextSubject();

  store::MessageStore& messages_;
  const SelectRequest request_;
  Reply reply_;
  MessageRows rows_;

  store::Page page_{.size = 1000, .after = {}};
  std::vector<store::SubjectState> subjects_;  // of the page
  size_t next_subject_ = 0;
  broker::InlineAnswer scanned_;
  absl::Status scan_status_;
};

}  // namespace mts::gate
