#include "store/tarantool/tarantool_messages.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "store/tarantool/answer.h"
#include "store/tarantool/function_calls.h"
#include "store/tarantool/message_rows.h"

namespace mts::store {
namespace {

constexpr uint64_t kMaxWaitingCalls = 10'000;
// Of subjects or consumers in one answer, and of messages that one step of Expire removes.
constexpr uint32_t kMaxListed = 10'000;
constexpr uint64_t kMaxExpired = 1'000;

absl::Status TooMany(std::string_view what) {
  return absl::InvalidArgumentError(Concat("more than ", TarantoolStore::kMaxKeysOfCall, " ", what));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TarantoolStore>> TarantoolStore::Open(TarantoolOptions options) {
  if (options.inline_limit > limits::kInlineLimit) {
    return absl::InvalidArgumentError(Concat("at most ", limits::kInlineLimit, " bytes of a payload fit in Tarantool"));
  }
  if (options.connect_timeout_micros <= 0 || options.call_timeout_micros <= 0) {
    return absl::InvalidArgumentError("timeouts must be positive");
  }
  auto store = std::make_unique<TarantoolMessages>(std::move(options));
  MTS_RETURN_IF_ERROR(store->Start());
  return store;
}

TarantoolMessages::TarantoolMessages(TarantoolOptions options) : options_(std::move(options)) {}

TarantoolMessages::~TarantoolMessages() {
  if (client_ != nullptr) Shutdown();
}

absl::Status TarantoolMessages::Start() {
  iproto::ClientOptions client;
  client.addresses = options_.addresses;
  client.connector.user = options_.user;
  client.connector.password = options_.password;
  client.connector.hello_function = "mts.hello";
  client.connector.hello_arguments = Arguments(0).Take();
  client.connector.accept = [this](std::string_view data) { return Accept(data); };
  client.connect_timeout_micros = options_.connect_timeout_micros;
  client.misdirected = Misdirected;
  client.max_calls = kMaxWaitingCalls;
  client.on_status = [this](const absl::Status& status) { OnStatus(status); };
  client.on_tick = [this](int64_t now) {
    appends_->OnTick(now);
    news_->OnTick();
  };
  // The client's thread may come to the queue and the feed before Start returns, but not before they are there.
  absl::StatusOr<std::unique_ptr<iproto::Client>> created = iproto::Client::Create(std::move(client));
  MTS_RETURN_IF_ERROR(created.status());
  client_ = *std::move(created);
  appends_ = std::make_unique<AppendQueue>(client_.get(), options_.call_timeout_micros);
  news_ = std::make_unique<NewsFeed>(client_.get(), options_.call_timeout_micros);
  return client_->Begin();
}

absl::Status TarantoolMessages::Accept(std::string_view data) {
  MTS_ASSIGN_OR_RETURN(const Hello hello, DecodeHello(data));
  if (!hello.writable) return absl::UnavailableError("it is read-only");
  news_->SetFloor(hello.visible);
  return absl::OkStatus();
}

void TarantoolMessages::OnStatus(const absl::Status& status) {
  if (status.ok()) {
    appends_->Dispatch();
    news_->OnTick();
  }
  if (options_.on_readiness) options_.on_readiness(status);
}

void TarantoolMessages::Shutdown() {
  news_->Stop();
  appends_->Close();
  client_->Shutdown();
}

int64_t TarantoolMessages::DeadlineOfCall() const {
  return SystemClock().MonotonicMicros() + options_.call_timeout_micros;
}

template <typename T, typename Decode>
void TarantoolMessages::Ask(std::string_view function, std::string&& arguments, IfLost if_lost, Decode decode,
                            Done<T> done) {
  client_->Call(function, std::move(arguments), DeadlineOfCall(), if_lost == IfLost::kAskAgain,
                [decode = std::move(decode), done = std::move(done)](absl::StatusOr<iproto::Reply> reply) mutable {
                  if (!reply.ok()) return done(std::move(reply).status());
                  done(decode(reply->data()));
                });
}

// ---- Messages

void TarantoolMessages::Append(absl::Span<const NewMessage> batch, AppendDone done) {
  appends_->Append(nullptr, batch, std::move(done));
}

void TarantoolMessages::AppendInOrder(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch,
                                      AppendDone done) {
  appends_->Append(std::move(order), batch, std::move(done));
}

void TarantoolMessages::Read(ReadRequest request, Done<MessageBlockPtr> done) {
  ReadBy(DeadlineOfCall(), std::move(request), std::move(done));
}

void TarantoolMessages::ReadBy(int64_t deadline, ReadRequest request, Done<MessageBlockPtr> done) {
  std::string arguments = EncodeRead(request);
  client_->Call("mts.read", std::move(arguments), deadline, true,
                [this, deadline, request = std::move(request),
                 done = std::move(done)](absl::StatusOr<iproto::Reply> reply) mutable {
                  if (!reply.ok()) return done(std::move(reply).status());
                  bool more = false;
                  absl::StatusOr<MessageBlockPtr> block = DecodeRead(*std::move(reply), more);
                  if (!block.ok() || !(*block)->messages.empty() || !more) return done(std::move(block));
                  // A step that found nothing and got no further would be asked for ever.
                  if ((*block)->scanned_through <= request.after) return done(UnreadableAnswer());
                  request.after = (*block)->scanned_through;
                  ReadBy(deadline, std::move(request), std::move(done));
                });
}

void TarantoolMessages::ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
                                Done<MessageBlockPtr> done) {
  std::string arguments = Arguments(3).Text(subject).Number(sequence.value()).Number(max_inline_bytes).Take();
  client_->Call("mts.read_one", std::move(arguments), DeadlineOfCall(), true,
                [done = std::move(done)](absl::StatusOr<iproto::Reply> reply) mutable {
                  if (!reply.ok()) return done(std::move(reply).status());
                  done(DecodeReadOne(*std::move(reply)));
                });
}

void TarantoolMessages::Last(const Pattern& pattern, Done<Sequence> done) {
  Ask("mts.last", Arguments(1).Text(pattern.ToString()).Take(), IfLost::kAskAgain, DecodeSequence, std::move(done));
}

void TarantoolMessages::LastBefore(Timestamp time, Done<Sequence> done) {
  const auto micros = static_cast<uint64_t>(std::max<int64_t>(time.value(), 0));
  Ask("mts.last_before", Arguments(1).Number(micros).Take(), IfLost::kAskAgain, DecodeSequence, std::move(done));
}

// ---- Consumers

void TarantoolMessages::Position(const ConsumerId& id, Done<std::optional<Sequence>> done) {
  Ask("mts.position", Arguments(2).Text(id.durable_name).Text(id.subject).Take(), IfLost::kAskAgain, DecodePosition,
      std::move(done));
}

void TarantoolMessages::Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) {
  Ask("mts.advance", Arguments(3).Text(id.durable_name).Text(id.subject).Number(to.value()).Take(), IfLost::kAskAgain,
      DecodeSequence, std::move(done));
}

void TarantoolMessages::Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) {
  Ask("mts.reset", Arguments(3).Text(id.durable_name).Text(id.subject).Number(to.value()).Take(), IfLost::kAskAgain,
      DecodeSequence, std::move(done));
}

void TarantoolMessages::DeleteConsumer(const ConsumerId& id, Done<bool> done) {
  // Asked again it would say that there was none.
  Ask("mts.delete_consumer", Arguments(2).Text(id.durable_name).Text(id.subject).Take(), IfLost::kFail, DecodeFlag,
      std::move(done));
}

std::unique_ptr<Watch> TarantoolMessages::WatchNews(const Pattern& pattern, NewsCallback callback) {
  return news_->Watch(pattern, std::move(callback));
}

// ---- Looking

void TarantoolMessages::Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) {
  SubjectsBy(DeadlineOfCall(), pattern.ToString(), page, {}, std::move(done));
}

void TarantoolMessages::SubjectsBy(int64_t deadline, std::string pattern, Page page, std::vector<SubjectState> states,
                                   Done<std::vector<SubjectState>> done) {
  const auto left = static_cast<uint32_t>(page.size - std::min<size_t>(states.size(), page.size));
  if (left == 0) return done(std::move(states));
  std::string arguments = Arguments(3).Text(pattern).Text(page.after).Number(std::min(left, kMaxListed)).Take();
  client_->Call("mts.subjects", std::move(arguments), deadline, true,
                [this, deadline, pattern = std::move(pattern), page = std::move(page), states = std::move(states),
                 done = std::move(done)](absl::StatusOr<iproto::Reply> reply) mutable {
                  if (!reply.ok()) return done(std::move(reply).status());
                  const size_t before = states.size();
                  const absl::StatusOr<bool> more = DecodeSubjects(reply->data(), states);
                  if (!more.ok()) return done(more.status());
                  if (!*more || states.size() == before) return done(std::move(states));
                  page.after = states.back().subject;
                  SubjectsBy(deadline, std::move(pattern), std::move(page), std::move(states), std::move(done));
                });
}

void TarantoolMessages::Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) {
  const std::string_view after = page.after;
  const size_t end = std::min(after.find('\n'), after.size());
  const std::string_view after_name = end < after.size() ? after.substr(end + 1) : std::string_view();
  Ask("mts.consumers",
      Arguments(4)
          .Text(subject)
          .Text(after.substr(0, end))
          .Text(after_name)
          .Number(std::min(page.size, kMaxListed))
          .Take(),
      IfLost::kAskAgain, DecodeConsumers, std::move(done));
}

void TarantoolMessages::Info(Done<StoreInfo> done) {
  Ask("mts.info", Arguments(0).Take(), IfLost::kAskAgain, DecodeInfo, std::move(done));
}

void TarantoolMessages::CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) {
  Ask("mts.count_after", Arguments(2).Text(pattern.ToString()).Number(position.value()).Take(), IfLost::kAskAgain,
      DecodeNumber, std::move(done));
}

// ---- Removing

void TarantoolMessages::Expire(const Retention& limits, Done<bool> done) {
  if (limits.Unlimited()) return done(false);
  // Asked again it would not tell the objects of the first time; then the sweep finds them.
  Ask("mts.expire", EncodeExpire(limits, kMaxExpired), IfLost::kFail, DecodeExpire,
      Done<ExpireStep>([this, done = std::move(done)](absl::StatusOr<ExpireStep> step) mutable {
        if (!step.ok()) return done(step.status());
        if (step->objects.empty() || !options_.remove_payloads) return done(step->more);
        options_.remove_payloads(
            step->objects, [more = step->more, done = std::move(done)](const absl::Status&) mutable { done(more); });
      }));
}

void TarantoolMessages::NamedKeys(std::vector<std::string> keys, Done<std::vector<std::string>> done) {
  if (keys.size() > kMaxKeysOfCall) return done(TooMany("keys"));
  std::string arguments = EncodeNamed(keys);
  Ask(
      "mts.named", std::move(arguments), IfLost::kAskAgain,
      [keys = std::move(keys)](std::string_view data) mutable { return DecodeNamed(data, std::move(keys)); },
      std::move(done));
}

// ---- Moving payloads

void TarantoolMessages::LiveBytes(std::vector<ObjectBytes> objects, Done<std::vector<uint64_t>> done) {
  if (objects.size() > kMaxKeysOfCall) return done(TooMany("objects"));
  CountBy(DeadlineOfCall(), std::move(objects), {}, std::move(done));
}

void TarantoolMessages::CountBy(int64_t deadline, std::vector<ObjectBytes> objects, std::vector<uint64_t> counted,
                                Done<std::vector<uint64_t>> done) {
  if (counted.size() == objects.size()) return done(std::move(counted));
  std::string arguments = EncodeLiveBytes(absl::MakeConstSpan(objects).subspan(counted.size()));
  client_->Call("mts.live_bytes", std::move(arguments), deadline, true,
                [this, deadline, objects = std::move(objects), counted = std::move(counted),
                 done = std::move(done)](absl::StatusOr<iproto::Reply> reply) mutable {
                  if (!reply.ok()) return done(std::move(reply).status());
                  const absl::Status status = DecodeLiveBytes(reply->data(), objects.size(), counted);
                  if (!status.ok()) return done(status);
                  CountBy(deadline, std::move(objects), std::move(counted), std::move(done));
                });
}

void TarantoolMessages::PayloadsOf(std::string key, Sequence after, Done<std::vector<MessagePayload>> done) {
  std::string arguments = Arguments(3).Text(key).Number(after.value()).Number(kMaxListed).Take();
  Ask(
      "mts.payloads_of", std::move(arguments), IfLost::kAskAgain,
      [key = std::move(key), after](std::string_view data) { return DecodePayloadsOf(data, key, after); },
      std::move(done));
}

void TarantoolMessages::MovePayloads(std::vector<Move> moves, Done<uint64_t> done) {
  if (moves.size() > kMaxKeysOfCall) return done(TooMany("moves"));
  // Asked again it moves nothing twice: what was moved is no longer where the move begins.
  Ask("mts.move_payloads", EncodeMoves(moves), IfLost::kAskAgain, DecodeNumber, std::move(done));
}

}  // namespace mts::store
