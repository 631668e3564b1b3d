#include "iproto/client.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "iproto/address.h"

namespace mts::iproto {
namespace {

constexpr int64_t kFirstPauseMicros = 20'000;
constexpr int64_t kLongestPauseMicros = 1'000'000;
// A connection that held this long was a good one: the pauses begin anew.
constexpr int64_t kGoodConnectionMicros = 2'000'000;

int64_t Now() { return SystemClock().MonotonicMicros(); }

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  if (options.addresses.empty()) return absl::InvalidArgumentError("no address of Tarantool is given");
  for (const std::string& address : options.addresses) MTS_RETURN_IF_ERROR(SplitAddress(address).status());
  return std::unique_ptr<Client>(new Client(std::move(options)));
}

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      connector_(options_.connector),
      status_(absl::UnavailableError("not connected to Tarantool yet")) {}

Client::~Client() { Shutdown(); }

absl::Status Client::Begin() {
  MTS_RETURN_IF_ERROR(loop_.Start([this] { OnTick(); }));
  connecting_ = std::thread([this] { RunConnecting(); });
  return absl::OkStatus();
}

void Client::Shutdown() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  connector_.Interrupt();
  if (connecting_.joinable()) connecting_.join();
  loop_.Post([this] {
    TakeCalls();
    connection_.reset();
    AnswerAll(absl::UnavailableError("shutting down"));
  });
  loop_.Stop();
}

absl::Status Client::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

uint64_t Client::connections() const {
  absl::MutexLock lock(&mutex_);
  return connections_;
}

void Client::SetStatus(const absl::Status& status) {
  bool changed = false;
  {
    absl::MutexLock lock(&mutex_);
    changed = status.ok() != status_.ok();
    status_ = status;
  }
  if (changed && options_.on_status) options_.on_status(status);
}

// ---- Connecting

absl::StatusOr<int> Client::OpenAny() {
  std::string reasons;
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    const size_t index = (next_address_ + i) % options_.addresses.size();
    absl::StatusOr<int> fd = connector_.Open(options_.addresses[index], options_.connect_timeout_micros);
    if (fd.ok()) {
      next_address_ = index;
      return fd;
    }
    if (absl::IsCancelled(fd.status())) return fd;
    if (!reasons.empty()) reasons += "; ";
    reasons.append(ToStd(fd.status().message()));
  }
  return absl::UnavailableError(reasons);
}

void Client::Pause(int64_t micros) {
  const double part = absl::Uniform(random_, 0.5, 1.0);
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Microseconds(static_cast<double>(micros) * part));
}

void Client::RunConnecting() {
  const auto lost_or_stopping = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !connected_ || stopping_; };
  int64_t pause = kFirstPauseMicros;
  while (true) {
    absl::StatusOr<int> fd = OpenAny();
    const int64_t begin = Now();
    if (fd.ok()) {
      {
        absl::MutexLock lock(&mutex_);
        connected_ = true;
        ++connections_;
      }
      loop_.Post([this, fd = *fd] { Adopt(fd); });
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&lost_or_stopping));
    } else if (!absl::IsCancelled(fd.status())) {
      loop_.Post([this, status = fd.status()] { SetStatus(status); });
    }
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    if (Now() - begin >= kGoodConnectionMicros) pause = kFirstPauseMicros;
    Pause(pause);
    pause = std::min(2 * pause, kLongestPauseMicros);
  }
}

void Client::Adopt(int fd) {
  connection_ = std::make_unique<ClientConnection>(fd, &loop_, this);
  next_probe_ = Now() + options_.probe_interval_micros;
  probing_ = false;
  loop_.TickBy(next_probe_);
  connection_->Begin();
  if (connection_ == nullptr) return;
  for (CallPtr& call : std::exchange(waiting_, {})) {
    if (call->done != nullptr) connection_->Send(std::move(call));
  }
  connection_->Flush();
  if (connection_ != nullptr) SetStatus(absl::OkStatus());
}

void Client::OnClosed(const absl::Status& status) {
  closed_.push_back(std::move(connection_));
  loop_.Post([this] { closed_.clear(); });
  const absl::Status lost = absl::UnavailableError(Concat("the connection to Tarantool was lost: ", status.message()));
  std::vector<CallPtr> calls;
  calls.reserve(calls_.size());
  for (auto& [sync, call] : calls_) calls.push_back(call);
  std::sort(calls.begin(), calls.end(), [](const CallPtr& a, const CallPtr& b) { return a->sync < b->sync; });
  waiting_.clear();
  for (CallPtr& call : calls) {
    if (call->state == ClientCall::State::kSent && !call->again) {
      Answer(call, absl::UnavailableError(Concat(lost.message(), "; whether the call took effect is unknown")));
      continue;
    }
    call->state = ClientCall::State::kWaiting;
    waiting_.push_back(std::move(call));
  }
  SetStatus(lost);
  absl::MutexLock lock(&mutex_);
  connected_ = false;
}

// ---- Calls

void Client::Call(std::string_view function, std::string arguments, int64_t deadline, bool again, CallDone done) {
  const CallPtr call = std::make_shared<ClientCall>();
  call->arguments = std::move(arguments);
  call->deadline = deadline;
  call->again = again;
  call->done = std::move(done);
  bool first = false;
  if (absl::Status refused = Admit(call, function, first); !refused.ok()) return call->done(std::move(refused));
  if (loop_.OnLoop()) return TakeCalls();
  if (first) loop_.Post([this] { TakeCalls(); });
}

absl::Status Client::Admit(const CallPtr& call, std::string_view function, bool& first) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("shutting down");
  if (open_calls_ >= options_.max_calls ||
      (open_calls_ > 0 && open_bytes_ + call->arguments.size() > options_.max_bytes)) {
    return absl::ResourceExhaustedError("too many calls wait for Tarantool; try again");
  }
  call->sync = ++last_sync_;
  AppendCallHead(call->head, call->sync, function, call->arguments.size());
  ++open_calls_;
  open_bytes_ += BytesOf(*call);
  first = arrived_.empty();
  arrived_.push_back(call);
  return absl::OkStatus();
}

void Client::TakeCalls() {
  std::vector<CallPtr> arrived;
  {
    absl::MutexLock lock(&mutex_);
    arrived.swap(arrived_);
  }
  for (CallPtr& call : arrived) {
    next_deadline_ = std::min(next_deadline_, call->deadline);
    calls_.emplace(call->sync, call);
    if (connection_ != nullptr) {
      connection_->Send(std::move(call));
    } else {
      waiting_.push_back(std::move(call));
    }
  }
  loop_.TickBy(next_deadline_);
  if (connection_ != nullptr) connection_->Flush();
}

void Client::Answer(const CallPtr& call, absl::StatusOr<Reply> answer) {
  calls_.erase(call->sync);
  {
    absl::MutexLock lock(&mutex_);
    --open_calls_;
    open_bytes_ -= BytesOf(*call);
  }
  // What has not left yet must not leave any more.
  if (call->state != ClientCall::State::kSent) {
    call->head.clear();
    call->arguments.clear();
  }
  std::exchange(call->done, nullptr)(std::move(answer));
}

void Client::OnReply(uint64_t sync, uint32_t error, std::string_view error_text, Reply reply) {
  const auto found = calls_.find(sync);
  if (found == calls_.end()) return;  // it came too late
  const CallPtr call = found->second;
  if (WasNotExecuted(error)) return Redirect(call, StatusOfError(error, error_text));
  if (error != 0) return Answer(call, StatusOfError(error, error_text));
  if (options_.misdirected) {
    if (absl::Status reason = options_.misdirected(reply.data()); !reason.ok()) return Redirect(call, reason);
  }
  Answer(call, std::move(reply));
}

void Client::Redirect(const CallPtr& call, const absl::Status& reason) {
  call->state = ClientCall::State::kQueued;
  connection_->Close(reason);
}

void Client::AnswerAll(const absl::Status& status) {
  while (!calls_.empty()) {
    const CallPtr call = std::move(calls_.begin()->second);
    Answer(call, status);
  }
  waiting_.clear();
}

// ---- Time

void Client::OnTick() {
  const int64_t now = Now();
  if (now >= next_deadline_) Expire(now);
  if (connection_ != nullptr && now >= next_probe_) Probe(now);
  if (options_.on_tick) options_.on_tick(now);
  loop_.TickBy(std::min(next_deadline_, connection_ == nullptr ? INT64_MAX : next_probe_));
}

void Client::Expire(int64_t now) {
  std::vector<CallPtr> late;
  next_deadline_ = INT64_MAX;
  for (const auto& [sync, call] : calls_) {
    if (call->deadline <= now) {
      late.push_back(call);
    } else {
      next_deadline_ = std::min(next_deadline_, call->deadline);
    }
  }
  const absl::Status status = this->status();
  for (const CallPtr& call : late) {
    const bool sent = call->state == ClientCall::State::kSent;
    Answer(call, status.ok() ? absl::UnavailableError(sent ? "Tarantool did not answer in time"
                                                           : "Tarantool took no call in time")
                             : status);
  }
  std::erase_if(waiting_, [](const CallPtr& call) { return call->done == nullptr; });
}

void Client::Probe(int64_t now) {
  next_probe_ = now + options_.probe_interval_micros;
  if (now - connection_->last_received() > options_.probe_interval_micros + options_.connect_timeout_micros) {
    return connection_->Close(absl::UnavailableError("it does not answer"));
  }
  if (std::exchange(probing_, true)) return;
  ClientConnection* const asked = connection_.get();
  Call(options_.connector.hello_function, options_.connector.hello_arguments,
       now + 2 * (options_.probe_interval_micros + options_.connect_timeout_micros), false,
       [this, asked](absl::StatusOr<Reply> reply) {
         if (connection_.get() != asked) return;
         probing_ = false;
         absl::Status status = reply.ok() ? options_.connector.accept(reply->data()) : reply.status();
         if (!status.ok() && !absl::IsResourceExhausted(status)) connection_->Close(status);
       });
}

}  // namespace mts::iproto
