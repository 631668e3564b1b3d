// Tells ThreadSanitizer what the packaged Abseil does. Its library is not instrumented, so a lock of absl::Mutex would
// look like no lock at all. Linked into every program of the tsan preset, these definitions take the place of the
// library's, call it, and report. Debian's Abseil is a shared library in the inline namespace debian3; elsewhere the
// first lock aborts.

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace {

// Some of the library's functions call others of these: only the outermost reports.
thread_local bool inside = false;

class Inside {
 public:
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

constexpr unsigned kExclusive = 0;
constexpr unsigned kShared = __tsan_mutex_read_lock;

template <typename Function>
Function* Real(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr, "the tsan preset needs Debian's shared Abseil: no %s\n", name);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

// What the library does between the two calls is invisible to the sanitizer, also the conditions it evaluates.
template <typename Call>
void Locking(const void* mutex, unsigned flags, Call call) {
  if (inside) return call();
  const Inside now_inside;
  void* address = const_cast<void*>(mutex);
  __tsan_mutex_pre_lock(address, flags);
  call();
  __tsan_mutex_post_lock(address, flags, 1);
}

template <typename Call>
bool TryLocking(const void* mutex, unsigned flags, Call call) {
  if (inside) return call();
  const Inside now_inside;
  void* address = const_cast<void*>(mutex);
  flags |= __tsan_mutex_try_lock;
  __tsan_mutex_pre_lock(address, flags);
  const bool locked = call();
  __tsan_mutex_post_lock(address, locked ? flags : flags | __tsan_mutex_try_lock_failed, 1);
  return locked;
}

template <typename Call>
void Unlocking(const void* mutex, unsigned flags, Call call) {
  if (inside) return call();
  const Inside now_inside;
  void* address = const_cast<void*>(mutex);
  __tsan_mutex_pre_unlock(address, flags);
  call();
  __tsan_mutex_post_unlock(address, flags);
}

// A wait gives the lock up and takes it again.
template <typename Call>
auto Waiting(const void* mutex, Call call) {
  if (inside) return call();
  const Inside now_inside;
  void* address = const_cast<void*>(mutex);
  __tsan_mutex_pre_unlock(address, kExclusive);
  __tsan_mutex_post_unlock(address, kExclusive);
  __tsan_mutex_pre_lock(address, kExclusive);
  auto result = call();
  __tsan_mutex_post_lock(address, kExclusive, 1);
  return result;
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

#define MTS_REAL(signature, name) static auto* const real = Real<signature>(name)

Mutex::~Mutex() {
  MTS_REAL(void(Mutex*), "_ZN4absl7debian35MutexD1Ev");
  real(this);
  __tsan_mutex_destroy(this, kExclusive);
}

void Mutex::Lock() {
  MTS_REAL(void(Mutex*), "_ZN4absl7debian35Mutex4LockEv");
  Locking(this, kExclusive, [&] { real(this); });
}

void Mutex::ReaderLock() {
  MTS_REAL(void(Mutex*), "_ZN4absl7debian35Mutex10ReaderLockEv");
  Locking(this, kShared, [&] { real(this); });
}

bool Mutex::TryLock() {
  MTS_REAL(bool(Mutex*), "_ZN4absl7debian35Mutex7TryLockEv");
  return TryLocking(this, kExclusive, [&] { return real(this); });
}

bool Mutex::ReaderTryLock() {
  MTS_REAL(bool(Mutex*), "_ZN4absl7debian35Mutex13ReaderTryLockEv");
  return TryLocking(this, kShared, [&] { return real(this); });
}

void Mutex::LockWhen(const Condition& condition) {
  MTS_REAL(void(Mutex*, const Condition&), "_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE");
  Locking(this, kExclusive, [&] { real(this, condition); });
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  MTS_REAL(bool(Mutex*, const Condition&, Duration),
           "_ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  bool holds = false;
  Locking(this, kExclusive, [&] { holds = real(this, condition, timeout); });
  return holds;
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  MTS_REAL(bool(Mutex*, const Condition&, Time),
           "_ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  bool holds = false;
  Locking(this, kExclusive, [&] { holds = real(this, condition, deadline); });
  return holds;
}

void Mutex::Unlock() {
  MTS_REAL(void(Mutex*), "_ZN4absl7debian35Mutex6UnlockEv");
  Unlocking(this, kExclusive, [&] { real(this); });
}

void Mutex::ReaderUnlock() {
  MTS_REAL(void(Mutex*), "_ZN4absl7debian35Mutex12ReaderUnlockEv");
  Unlocking(this, kShared, [&] { real(this); });
}

void Mutex::Await(const Condition& condition) {
  MTS_REAL(void(Mutex*, const Condition&), "_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE");
  Waiting(this, [&] { return real(this, condition), true; });
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  MTS_REAL(bool(Mutex*, const Condition&, Duration),
           "_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Waiting(this, [&] { return real(this, condition, timeout); });
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  MTS_REAL(bool(Mutex*, const Condition&, Time),
           "_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Waiting(this, [&] { return real(this, condition, deadline); });
}

void CondVar::Wait(Mutex* mutex) {
  MTS_REAL(void(CondVar*, Mutex*), "_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE");
  Waiting(mutex, [&] { return real(this, mutex), true; });
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  MTS_REAL(bool(CondVar*, Mutex*, Duration), "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return Waiting(mutex, [&] { return real(this, mutex, timeout); });
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  MTS_REAL(bool(CondVar*, Mutex*, Time), "_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Waiting(mutex, [&] { return real(this, mutex, deadline); });
}

// HasBeenNotified reads the flag without a lock; the flag lies behind the mutex.
void Notification::Notify() {
  MTS_REAL(void(Notification*), "_ZN4absl7debian312Notification6NotifyEv");
  __tsan_release(reinterpret_cast<char*>(this) + sizeof(Mutex));
  real(this);
}

void Notification::WaitForNotification() const {
  MTS_REAL(void(const Notification*), "_ZNK4absl7debian312Notification19WaitForNotificationEv");
  real(this);
  __tsan_acquire(const_cast<char*>(reinterpret_cast<const char*>(this)) + sizeof(Mutex));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  MTS_REAL(bool(const Notification*, Duration),
           "_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE");
  const bool notified = real(this, timeout);
  if (notified) __tsan_acquire(const_cast<char*>(reinterpret_cast<const char*>(this)) + sizeof(Mutex));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
