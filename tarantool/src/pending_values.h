// Values whose rows are being written: a row changes in memory before it is durable, so a reader asks here first and
// sees the value that is.
//
// Threading: the transaction thread; Wait yields. Errors: none. Limits: one entry for each value that is being written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/text.h"
#include "tarantool/src/module_api.h"

namespace mts::tarantool {

class PendingValues {
 public:
  using Value = std::optional<uint64_t>;  // nothing: there is no row

  PendingValues() : changed_(fiber_cond_new()) {}
  ~PendingValues() { fiber_cond_delete(changed_); }
  PendingValues(const PendingValues&) = delete;
  PendingValues& operator=(const PendingValues&) = delete;

  // A write of the value begins. `in_row` is what the row holds before it.
  void Begin(std::string_view name, Value in_row) {
    Entry& entry = entries_.try_emplace(ToAbsl(name), Entry{in_row, 0}).first->second;
    ++entry.writes;
  }
  // It ended, and `durable` is the value from now on. Writes of one value end in the order in which they began.
  void EndDurable(std::string_view name, Value durable) { End(name, &durable); }
  void EndUndone(std::string_view name) { End(name, nullptr); }

  // What a reader may see, where the row holds `in_row`.
  Value Visible(std::string_view name, Value in_row) const {
    const auto found = entries_.find(ToAbsl(name));
    return found == entries_.end() ? in_row : found->second.visible;
  }
  bool IsWritten(std::string_view name) const { return entries_.contains(ToAbsl(name)); }
  // Until a write of some value has ended.
  void Wait() { fiber_cond_wait(changed_); }

 private:
  struct Entry {
    Value visible;
    uint32_t writes = 0;
  };

  void End(std::string_view name, const Value* durable) {
    const auto found = entries_.find(ToAbsl(name));
    if (found == entries_.end()) return;
    if (durable != nullptr) found->second.visible = *durable;
    if (--found->second.writes == 0) entries_.erase(found);
    fiber_cond_broadcast(changed_);
  }

  absl::flat_hash_map<std::string, Entry> entries_;
  fiber_cond* const changed_;
};

}  // namespace mts::tarantool
