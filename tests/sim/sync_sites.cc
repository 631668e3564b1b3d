#include "sync_sites.h"

#include <execinfo.h>

#include <map>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/debugging/symbolize.h"
#include "absl/synchronization/mutex.h"
#include "base/text.h"

namespace mts::sim {
namespace {

constexpr int kMaxFrames = 48;
constexpr int kFramesOfASite = 2;

class SymbolNames {
 public:
  std::string Of(void* address) {
    absl::MutexLock lock(&mutex_);
    const auto [entry, added] = names_.try_emplace(address);
    char text[1024];
    // The call is before the address to return to.
    if (added && absl::Symbolize(static_cast<char*>(address) - 1, text, sizeof(text))) entry->second = text;
    return entry->second;
  }

 private:
  absl::Mutex mutex_;
  std::map<void*, std::string> names_ ABSL_GUARDED_BY(mutex_);
};

bool IsOfFileSystem(std::string_view name) { return name.find("mts::io::") != std::string_view::npos; }

bool IsOurs(std::string_view name) { return name.find("mts::") != std::string_view::npos; }

}  // namespace

SyncSite CurrentSyncSite() {
  static SymbolNames& names = *new SymbolNames;
  void* frames[kMaxFrames];
  const int count = ::backtrace(frames, kMaxFrames);
  int at = 0;
  while (at < count && !IsOfFileSystem(names.Of(frames[at]))) ++at;
  while (at < count && IsOfFileSystem(names.Of(frames[at]))) ++at;
  SyncSite site;
  int taken = 0;
  for (; at < count && taken < kFramesOfASite; ++at) {
    const std::string name = names.Of(frames[at]);
    if (!IsOurs(name)) continue;
    site.key = site.key * 1'000'003 + reinterpret_cast<uintptr_t>(frames[at]);
    site.name = taken == 0 ? name : Concat(site.name, " < ", name);
    ++taken;
  }
  return site;
}

}  // namespace mts::sim
