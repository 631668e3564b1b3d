// Gives back the room of packs most of whose payloads nobody needs any more: what lives in them goes into new packs,
// the messages get the new places, and the old packs, which no message names then, go by the sweep's rule, so that
// readers who know the old places have the grace time to come. A new pack that its messages do not come to, because the
// process dies between the two, is without a message and goes by the same rule. At no point is a payload in one place
// only while a message names another.
//
// A payload that is missing or damaged is left where it is and counted.
//
// Threading: one thread, which is blocked. Errors: those of the stores; what was moved before stays moved. Limits: one
// new pack in memory; Options::bytes_of_sweep and kMaxSparsePacks a sweep.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "store/pack_store.h"
#include "store/payload_references.h"
#include "store/payload_store.h"

namespace mts::broker {

class PackRewriter {
 public:
  // A pack is rewritten when less than this part of it lives. Each byte that is written again gives back more than
  // three, and all rewriting together writes less than a third of what publishers wrote.
  static constexpr uint64_t kLivePart = 4;
  static constexpr size_t kMaxSparsePacks = 10'000;

  struct Options {
    uint64_t bytes_of_sweep = 0;       // that are written again at most, in one sweep
    int64_t commit_within_micros = 0;  // after a new pack was put: half the sweep's grace time, as for publishers
    const Clock* clock = &SystemClock();
  };
  struct Report {
    uint64_t packs = 0;       // that payloads were moved out of
    uint64_t payloads = 0;    // moved
    uint64_t bytes = 0;       // written again
    uint64_t unreadable = 0;  // payloads that are left where they are
  };
  struct Pack {
    std::string key;
    uint64_t size = 0;
  };

  PackRewriter(store::PayloadReferences& references, store::PayloadStore& payloads, store::PackStore& packs,
               const Options& options)
      : references_(references), payloads_(payloads), packs_(packs), options_(options) {}

  // Those of these packs that are mostly dead are remembered for Rewrite.
  absl::Status Look(const std::vector<Pack>& packs);
  // Rewrites what was remembered, and forgets it; ends early when `stopping`.
  absl::Status Rewrite(absl::FunctionRef<bool()> stopping, Report& report);
  // Begins a sweep anew.
  void Forget() { sparse_.clear(); }

 private:
  using MessagePayload = store::PayloadReferences::MessagePayload;
  // What goes into the next pack.
  struct Batch {
    std::vector<MessagePayload> messages;
    std::vector<std::string> payloads;
    uint64_t bytes = 0;
  };

  absl::Status LookAtPart(const std::vector<Pack>& packs, size_t begin, size_t end);
  absl::StatusOr<std::vector<MessagePayload>> LivePayloads(const std::string& key);
  absl::Status Take(const std::string& key, Batch& batch, Report& report);
  absl::Status Put(Batch& batch, Report& report);
  absl::Status Move(const Batch& batch, const std::vector<PayloadReference>& places, int64_t deadline, Report& report);

  store::PayloadReferences& references_;
  store::PayloadStore& payloads_;
  store::PackStore& packs_;
  const Options options_;
  std::vector<std::string> sparse_;
};

}  // namespace mts::broker
