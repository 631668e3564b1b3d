#include "gate/message_scan.h"

#include <algorithm>
#include <utility>

#include "gate/calls.h"
#include "iproto/call_replies.h"

namespace mts::gate {
namespace {

constexpr uint32_t kBlockMessages = 1000;
// Longer payloads are left in the store; shorter ones are cheaper read than skipped.
constexpr uint64_t kSkippedPayloadBytes = 2 * 1024;
constexpr uint64_t kWindowGrowth = 4;

}  // namespace

absl::Status MessageRows::Add(const StoredMessage& message) {
  if (offset > 0) {
    --offset;
    return absl::OkStatus();
  }
  --limit;
  ++values.count;
  iproto::AppendMessage(values.encoded, message, {});
  if (values.encoded.size() <= kMaxReplyBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError("the answer is too long: select with a limit");
}

void MessageScan::Start(store::MessageStore& messages, MessageRange range, MessageRows& rows, Done done) {
  if (rows.full() || range.last < range.first) return done(absl::OkStatus());
  std::shared_ptr<MessageScan> scan(new MessageScan(messages, std::move(range), rows, std::move(done)));
  if (!scan->range_.descending) return scan->Run();
  // Backwards there is no way to begin at the end but to know where it is.
  const Pattern pattern = scan->range_.pattern;
  messages.Last(pattern, [scan](absl::StatusOr<Sequence> last) {
    if (!last.ok()) return scan->done_(last.status());
    scan->range_.last = std::min(scan->range_.last, *last);
    if (scan->range_.last < scan->range_.first || *last == kNoSequence) return scan->done_(absl::OkStatus());
    scan->Run();
  });
}

void MessageScan::Run() {
  do {
    answered_.Arm();
    messages_.Read(NextRequest(), [self = shared_from_this()](const absl::StatusOr<store::MessageBlockPtr>& block) {
      self->more_ = self->Take(block);
      if (self->answered_.BothDone() && self->more_) self->Run();
    });
  } while (answered_.BothDone() && more_);
}

store::ReadRequest MessageScan::NextRequest() const {
  store::ReadRequest request;
  request.pattern = range_.pattern;
  request.max_bytes = kMaxReplyBytes;
  request.max_inline_bytes = kSkippedPayloadBytes;
  uint64_t after = range_.first.value() == 0 ? 0 : range_.first.value() - 1;
  request.max_messages = kBlockMessages;
  if (range_.descending) {
    const uint64_t end = range_.last.value();
    after = std::max(after, end > window_ ? end - window_ : 0);
  } else {
    const uint64_t wanted =
        rows_.limit > kBlockMessages ? kBlockMessages : rows_.limit + std::min<uint64_t>(rows_.offset, kBlockMessages);
    request.max_messages = static_cast<uint32_t>(std::min<uint64_t>(wanted, kBlockMessages));
  }
  request.after = Sequence(after);
  return request;
}

bool MessageScan::Take(const absl::StatusOr<store::MessageBlockPtr>& block) {
  if (!block.ok()) return Finish(block.status());
  return range_.descending ? TakeBackwards(**block) : TakeForwards(**block);
}

bool MessageScan::TakeForwards(const store::MessageBlock& block) {
  if (block.messages.empty()) return Finish(absl::OkStatus());
  for (const StoredMessage& message : block.messages) {
    if (message.sequence > range_.last) return Finish(absl::OkStatus());
    if (absl::Status status = rows_.Add(message); !status.ok()) return Finish(std::move(status));
    if (rows_.full()) return Finish(absl::OkStatus());
  }
  range_.first = block.messages.back().sequence.Next();
  return range_.first <= range_.last || Finish(absl::OkStatus());
}

bool MessageScan::TakeBackwards(const store::MessageBlock& block) {
  const uint64_t end = range_.last.value();
  // Whether the block brought all that the window has.
  const bool whole =
      block.messages.empty() || block.scanned_through >= range_.last || block.messages.back().sequence >= range_.last;
  if (!whole && window_ > 1) {
    window_ = std::max<uint64_t>(1, window_ / kWindowGrowth);
    return true;
  }
  size_t taken = 0;
  for (size_t i = block.messages.size(); i-- > 0;) {
    const StoredMessage& message = block.messages[i];
    if (message.sequence > range_.last) continue;
    if (absl::Status status = rows_.Add(message); !status.ok()) return Finish(std::move(status));
    ++taken;
    if (rows_.full()) return Finish(absl::OkStatus());
  }
  const uint64_t through = end > window_ ? end - window_ : 0;
  if (through < std::max<uint64_t>(range_.first.value(), 1)) return Finish(absl::OkStatus());
  range_.last = Sequence(through);
  if (taken < kBlockMessages / kWindowGrowth) window_ *= kWindowGrowth;
  return true;
}

bool MessageScan::Finish(absl::Status status) {
  done_(std::move(status));
  return false;
}

}  // namespace mts::gate
