#include "broker/pack_rewriter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/await.h"
#include "base/status.h"

namespace mts::broker {
namespace {

using store::PayloadReferences;

// The least number of live bytes that makes a pack worth to keep.
uint64_t EnoughFor(uint64_t size) { return (size + PackRewriter::kLivePart - 1) / PackRewriter::kLivePart; }

}  // namespace

absl::Status PackRewriter::Look(const std::vector<Pack>& packs) {
  const size_t step = references_.max_counted_objects();
  for (size_t begin = 0; begin < packs.size() && sparse_.size() < kMaxSparsePacks; begin += step) {
    MTS_RETURN_IF_ERROR(LookAtPart(packs, begin, std::min(packs.size(), begin + step)));
  }
  return absl::OkStatus();
}

absl::Status PackRewriter::LookAtPart(const std::vector<Pack>& packs, size_t begin, size_t end) {
  std::vector<PayloadReferences::ObjectBytes> asked;
  for (size_t i = begin; i < end; ++i) asked.push_back({packs[i].key, EnoughFor(packs[i].size)});
  MTS_ASSIGN_OR_RETURN(const std::vector<uint64_t> live, Await<absl::StatusOr<std::vector<uint64_t>>>([&](auto done) {
                         references_.LiveBytes(asked, std::move(done));
                       }));
  for (size_t i = 0; i < asked.size() && sparse_.size() < kMaxSparsePacks; ++i) {
    if (live[i] < asked[i].enough) sparse_.push_back(std::move(asked[i].key));
  }
  return absl::OkStatus();
}

absl::Status PackRewriter::Rewrite(absl::FunctionRef<bool()> stopping, Report& report) {
  const std::vector<std::string> sparse = std::exchange(sparse_, {});
  Batch batch;
  for (const std::string& key : sparse) {
    if (stopping() || report.bytes + batch.bytes >= options_.bytes_of_sweep) break;
    MTS_RETURN_IF_ERROR(Take(key, batch, report));
  }
  return Put(batch, report);
}

absl::StatusOr<std::vector<PackRewriter::MessagePayload>> PackRewriter::LivePayloads(const std::string& key) {
  std::vector<MessagePayload> all;
  while (all.size() < packs_.max_pack_payloads()) {
    const Sequence after = all.empty() ? kNoSequence : all.back().sequence;
    MTS_ASSIGN_OR_RETURN(const std::vector<MessagePayload> some,
                         Await<absl::StatusOr<std::vector<MessagePayload>>>(
                             [&](auto done) { references_.PayloadsOf(key, after, std::move(done)); }));
    if (some.empty()) break;
    all.insert(all.end(), some.begin(), some.end());
  }
  // As they lie in the pack, so that neighbours are read together.
  std::sort(all.begin(), all.end(),
            [](const MessagePayload& a, const MessagePayload& b) { return a.reference.offset < b.reference.offset; });
  return all;
}

absl::Status PackRewriter::Take(const std::string& key, Batch& batch, Report& report) {
  MTS_ASSIGN_OR_RETURN(const std::vector<MessagePayload> live, LivePayloads(key));
  for (const MessagePayload& message : live) {
    const bool full = batch.bytes + message.reference.size > packs_.max_pack_bytes() ||
                      batch.payloads.size() >= packs_.max_pack_payloads();
    if (full) MTS_RETURN_IF_ERROR(Put(batch, report));
    absl::StatusOr<std::string> payload = Await<absl::StatusOr<std::string>>(
        [&](auto done) { payloads_.Get(message.reference, 0, message.reference.size, std::move(done)); });
    if (store::IsPayloadLost(payload.status())) {
      ++report.unreadable;
      spdlog::warn("sweep: the payload of message {} stays in its pack: {}", message.sequence.value(),
                   std::string(payload.status().message()));
      continue;
    }
    MTS_RETURN_IF_ERROR(payload.status());
    batch.messages.push_back(message);
    batch.bytes += payload->size();
    batch.payloads.push_back(*std::move(payload));
  }
  return absl::OkStatus();
}

absl::Status PackRewriter::Put(Batch& batch, Report& report) {
  if (batch.payloads.empty()) return absl::OkStatus();
  const Batch full = std::exchange(batch, {});
  // The grace time of the new pack may begin as soon as it can be seen.
  const int64_t began = options_.clock->MonotonicMicros();
  MTS_ASSIGN_OR_RETURN(const std::vector<PayloadReference> places,
                       Await<absl::StatusOr<std::vector<PayloadReference>>>(
                           [&](auto done) { packs_.PutPack(full.payloads, std::move(done)); }));
  return Move(full, places, began + options_.commit_within_micros, report);
}

absl::Status PackRewriter::Move(const Batch& batch, const std::vector<PayloadReference>& places, int64_t deadline,
                                Report& report) {
  absl::flat_hash_set<std::string_view> packs;
  const size_t step = references_.max_moves();
  for (size_t begin = 0; begin < batch.messages.size(); begin += step) {
    if (options_.clock->MonotonicMicros() > deadline) {
      return absl::UnavailableError("a new pack waited too long for its messages; the old ones stay");
    }
    std::vector<PayloadReferences::Move> moves;
    for (size_t i = begin; i < std::min(batch.messages.size(), begin + step); ++i) {
      const MessagePayload& message = batch.messages[i];
      moves.push_back({message.sequence, message.reference, places[i]});
      packs.insert(message.reference.key);
      report.bytes += message.reference.size;
    }
    MTS_ASSIGN_OR_RETURN(const uint64_t moved, Await<absl::StatusOr<uint64_t>>([&](auto done) {
                           references_.MovePayloads(std::move(moves), std::move(done));
                         }));
    report.payloads += moved;
  }
  report.packs += packs.size();
  return absl::OkStatus();
}

}  // namespace mts::broker
