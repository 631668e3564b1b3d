// The MessageStore of the cluster shape: the stored functions of Tarantool (SCHEMA.md) behind the waist. Any number of
// processes may work on the same Tarantool.
//
// One pipelined connection a process, to the writable instance among the addresses. Appends that arrive together leave
// together in one call. A call that the connection lost is asked again, within its time, where that is sound: reads,
// positions, and appends, which carry a number that Tarantool knows again, so that none is ever stored twice.
//
// Threading: as the waist; answers come from the connection's thread, so `done` must not block. Errors: UNAVAILABLE
// within call_timeout_micros while Tarantool is away or read-only (an append's outcome is then unknown), and everything
// goes on by itself when it is back; RESOURCE_EXHAUSTED when too much waits here, or Tarantool is out of memory or
// disk. Limits: limits::kMaxQueuedBytes and kMaxQueuedAppends of appends that wait, 10,000 calls of all others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/payload.h"
#include "store/key_index.h"
#include "store/message_store.h"
#include "store/payload_references.h"

namespace mts::store {

struct TarantoolOptions {
  std::vector<std::string> addresses;  // host:port, all instances of the replica set
  std::string user;                    // empty: guest
  std::string password;
  int64_t connect_timeout_micros = 3'000'000;  // for one address: until it is known whether it can be written to
  int64_t call_timeout_micros = 10'000'000;    // every call is answered within it
  // The longest payload that is kept in Tarantool, so in its memory; 0: all go to the payload store.
  uint64_t inline_limit = 0;

  // Objects (kind and key) that messages named which Expire removed, and that no message names any more. The sweep
  // finds those whose removal failed. Told on the client's thread; may be empty.
  std::function<void(const std::vector<PayloadReference>&, absl::AnyInvocable<void(absl::Status)>)> remove_payloads;
  // Each time that Ready changes between OK and an error; on the client's thread. May be empty.
  std::function<void(const absl::Status&)> on_readiness;
};

class TarantoolStore : public MessageStore, public KeyIndex, public PayloadReferences {
 public:
  // INVALID_ARGUMENT for options that cannot work. Does not wait for Tarantool: it may come later.
  static absl::StatusOr<std::unique_ptr<TarantoolStore>> Open(TarantoolOptions options);

  // OK while connected to a writable instance; else UNAVAILABLE with the reason, such as a wrong password.
  virtual absl::Status Ready() const = 0;

  static constexpr size_t kMaxKeysOfCall = 1000;
  size_t max_named_keys() const override { return kMaxKeysOfCall; }
  size_t max_counted_objects() const override { return kMaxKeysOfCall; }
  size_t max_moves() const override { return kMaxKeysOfCall; }
};

}  // namespace mts::store
