// Waits for the answer of a call that gives it to a callback.
//
// Threading: not from a thread that the answer needs. Errors: none. Limits: Await as long as the call takes,
// AwaitWithin as long as told.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace mts {

// `start` gets a callback that is called exactly once, with a T.
template <typename T, typename Start>
T Await(Start&& start) {
  absl::Notification answered;
  std::optional<T> answer;
  std::forward<Start>(start)([&](T value) {
    answer.emplace(std::move(value));
    answered.Notify();
  });
  answered.WaitForNotification();
  return *std::move(answer);
}

// As Await; nothing when the answer takes longer. It may come later: `start` must not refer to what is gone then.
template <typename T, typename Start>
std::optional<T> AwaitWithin(absl::Duration patience, Start&& start) {
  struct Answer {
    absl::Notification given;
    std::optional<T> value;
  };
  const auto answer = std::make_shared<Answer>();
  std::forward<Start>(start)([answer](T value) {
    answer->value.emplace(std::move(value));
    answer->given.Notify();
  });
  if (!answer->given.WaitForNotificationWithTimeout(patience)) return std::nullopt;
  return std::move(answer->value);
}

}  // namespace mts
