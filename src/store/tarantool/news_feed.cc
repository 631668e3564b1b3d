#include "store/tarantool/news_feed.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "model/msgpack_writer.h"
#include "store/tarantool/answer.h"

namespace mts::store {
namespace {

constexpr uint64_t kWaitMillis = 20'000;
constexpr int64_t kPauseMicros = 100'000;  // after a call that failed

}  // namespace

std::unique_ptr<Watch> NewsFeed::Watch(const Pattern& pattern, NewsCallback callback) {
  std::unique_ptr<store::Watch> watch = watchers_.Add(pattern, std::move(callback));
  client_->Post([this] { Ask(); });
  return watch;
}

void NewsFeed::SetFloor(Sequence visible) {
  floor_ = visible.value();
  has_floor_ = true;
}

void NewsFeed::Ask() {
  // Without a connection nothing was read either, so nobody can have missed anything before the next one.
  if (waiting_ || stopped_ || !has_floor_ || !client_->connected()) return;
  if (watchers_.empty()) {
    active_ = false;
    return;
  }
  waiting_ = true;
  // Only after a time without watches: those that are there must hear of everything since the last answer.
  if (!std::exchange(active_, true)) known_ = std::max(known_, floor_.load());
  std::string arguments;
  msgpack::AppendArray(arguments, 2);
  msgpack::AppendUnsigned(arguments, known_);
  msgpack::AppendUnsigned(arguments, kWaitMillis);
  const int64_t deadline =
      SystemClock().MonotonicMicros() + static_cast<int64_t>(kWaitMillis) * 1000 + call_timeout_micros_;
  client_->Call("mts.wait", std::move(arguments), deadline, true,
                [this](const absl::StatusOr<iproto::Reply>& reply) { OnAnswer(reply); });
}

void NewsFeed::OnAnswer(const absl::StatusOr<iproto::Reply>& reply) {
  waiting_ = false;
  const absl::Status status = reply.ok() ? Tell(reply->data()) : reply.status();
  if (status.ok()) return Ask();
  if (!stopped_) client_->TickBy(SystemClock().MonotonicMicros() + kPauseMicros);
}

absl::Status NewsFeed::Tell(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(AnswerReader answer, OpenAnswer(data));
  const uint64_t through = answer.Unsigned();
  AnswerReader news = answer.Array();
  std::vector<std::pair<uint64_t, std::string_view>> ascending;
  while (news.left() > 0) {
    const std::string_view subject = news.Text();
    ascending.emplace_back(news.Unsigned(), subject);
  }
  if (!answer.ok() || !news.ok()) return UnreadableAnswer();
  std::sort(ascending.begin(), ascending.end());
  for (const auto& [last, subject] : ascending) watchers_.Tell(subject, Sequence(last));
  known_ = std::max(known_, through);
  return absl::OkStatus();
}

}  // namespace mts::store
