#include "cli/bench/run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/bench/process_usage.h"
#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);
constexpr int64_t kSecond = 1'000'000'000;
// What is in flight may end by itself for this long, then it is cancelled.
constexpr int64_t kDrainNanos = 10 * kSecond;

}  // namespace

Run::~Run() {
  for (const auto& worker : workers_) worker->Join();
}

Worker& Run::AddWorker() {
  workers_.push_back(std::make_unique<Worker>(window_));
  return *workers_.back();
}

absl::Status Run::ForDuration(BenchResult& result) {
  const int64_t begin = NowNanos() + absl::ToInt64Nanoseconds(settings_.warm_up);
  window_.begin = begin;
  window_.end = begin + absl::ToInt64Nanoseconds(settings_.duration);
  return Measure(result, /*ends_by_itself=*/false);
}

absl::Status Run::UntilFinished(BenchResult& result) {
  window_.begin = NowNanos();
  return Measure(result, /*ends_by_itself=*/true);
}

absl::Status Run::Measure(BenchResult& result, bool ends_by_itself) {
  begun_ = NowNanos();
  shown_at_ = begun_;
  const double server_before = settings_.server_pid > 0 ? ProcessorSecondsOf(settings_.server_pid) : 0;
  const double client_before = ProcessorSecondsOf(getpid());
  for (const auto& worker : workers_) worker->Start();
  for (const auto& load : loads_) load->Start();
  std::thread pacer;
  if (settings_.open_loop()) {
    pacing_ = true;
    pacer = std::thread([this] { Pace(NowNanos()); });
  }
  absl::Status status = WaitForEnd(result, ends_by_itself);
  const int64_t ended = std::min(NowNanos(), window_.end.load());
  window_.end = ended;
  result.seconds = static_cast<double>(ended - window_.begin) / kSecond;
  SampleServer(result);
  if (settings_.server_pid > 0) {
    result.server_processor_seconds = ProcessorSecondsOf(settings_.server_pid) - server_before;
  }
  result.client_processor_seconds = ProcessorSecondsOf(getpid()) - client_before;
  pacing_ = false;
  if (pacer.joinable()) pacer.join();
  End(/*cancel_at_once=*/!status.ok());
  ShowStatusLine("");
  Collect(result);
  return status;
}

absl::Status Run::WaitForEnd(BenchResult& result, bool ends_by_itself) {
  int64_t sampled = 0;
  while (NowNanos() < window_.end) {
    if (ends_by_itself && AllFinished()) break;
    MTS_RETURN_IF_ERROR(AnyFailure());
    const absl::Duration left = absl::Nanoseconds(window_.end - NowNanos());
    if (!Interrupt::Get().Sleep(std::min(ends_by_itself ? kTick / 10 : kTick, left))) return Interrupt::Get().Check();
    const int64_t now = NowNanos();
    if (now - sampled > kSecond / 5) {
      SampleServer(result);
      sampled = now;
    }
    if (now - shown_at_ >= kSecond) ShowProgress(now);
  }
  return AnyFailure();
}

void Run::Pace(int64_t begin) {
  const double interval = static_cast<double>(settings_.batch) / settings_.rate * kSecond;
  for (uint64_t i = 0; pacing_; ++i) {
    const int64_t intended = begin + std::llround(interval * static_cast<double>(i));
    if (intended >= window_.end) return;
    SleepUntilNanos(intended);
    loads_[i % loads_.size()]->Issue(intended);
  }
}

void Run::End(bool cancel_at_once) {
  for (const auto& load : loads_) load->Stop();
  const bool subscriptions = settings_.work == Work::kSubscribe;
  if (cancel_at_once || subscriptions) {
    for (const auto& load : loads_) load->Cancel();
  }
  const int64_t patience = NowNanos() + kDrainNanos;
  bool cancelled = false;
  while (!AllFinished()) {
    if (!cancelled && (NowNanos() > patience || Interrupt::Get().requested())) {
      for (const auto& load : loads_) load->Cancel();
      cancelled = true;
    }
    SleepUntilNanos(NowNanos() + kSecond / 1000);
  }
  for (const auto& worker : workers_) worker->Join();
}

bool Run::AllFinished() {
  return std::all_of(loads_.begin(), loads_.end(), [](const auto& load) { return load->Finished(); });
}

absl::Status Run::AnyFailure() {
  for (const auto& load : loads_) MTS_RETURN_IF_ERROR(load->Failure());
  return absl::OkStatus();
}

void Run::SampleServer(BenchResult& result) {
  if (settings_.server_pid <= 0) return;
  const uint64_t memory = AnonymousMemoryOf(settings_.server_pid);
  if (memory > 0) result.server_memory = memory;
  result.server_memory_max = std::max(result.server_memory_max, memory);
}

void Run::ShowProgress(int64_t now) {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  for (const auto& worker : workers_) {
    messages += worker->recorder().all_messages();
    bytes += worker->recorder().all_bytes();
  }
  const double seconds = static_cast<double>(now - shown_at_) / kSecond;
  ShowStatusLine(
      absl::StrFormat("%s %s  %s messages/s  %s/s", NowNanos() < window_.begin ? "warm-up" : "measuring",
                      FormatClock(absl::Nanoseconds(now - begun_)),
                      FormatCount(static_cast<uint64_t>(static_cast<double>(messages - shown_messages_) / seconds)),
                      FormatBytes(static_cast<uint64_t>(static_cast<double>(bytes - shown_bytes_) / seconds))));
  shown_at_ = now;
  shown_messages_ = messages;
  shown_bytes_ = bytes;
}

void Run::Collect(BenchResult& result) {
  LatencyHistogram side;
  for (const auto& worker : workers_) {
    const Recorder& recorder = worker->recorder();
    result.messages += recorder.messages();
    result.bytes += recorder.bytes();
    result.errors += recorder.errors();
    if (result.first_error.ok()) result.first_error = recorder.first_error();
    result.latencies.Merge(recorder.latencies());
    side.Merge(worker->side_recorder().latencies());
  }
  if (side.count() > 0) result.publish_latencies = side;
}

}  // namespace mts::cli
