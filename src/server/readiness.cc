#include "server/readiness.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace mts::server {

Readiness::Readiness(Check check, Listener listener, absl::Duration interval)
    : check_(std::move(check)), listener_(std::move(listener)), interval_(interval) {
  CheckOnce();
  thread_ = std::thread([this] { Run(); });
}

Readiness::~Readiness() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Readiness::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval_)) return;
    }
    CheckOnce();
  }
}

void Readiness::CheckOnce() {
  const absl::Status status = check_();
  std::string error(status.message());
  if (!status.ok() && error != last_error_) spdlog::warn("not ready: {}", error);
  last_error_ = std::move(error);
  if (status.ok() == ready_) return;
  ready_ = status.ok();
  if (ready_) spdlog::info("ready: all stores answer");
  listener_(ready_);
}

}  // namespace mts::server
