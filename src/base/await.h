// Waits for the answer of a call that gives it to a callback.
//
// Threading: not from a thread that the answer needs. Errors: none. Limits: as long as the call takes.
#pragma once

#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"

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

}  // namespace mts
