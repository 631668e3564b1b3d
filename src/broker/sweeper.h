// Removes what no message names any more from a payload store that several processes share: objects whose publisher
// never came to its commit or whose removal was cut short, packs none of whose messages lives, uploads that nobody
// finished, and objects that clients put themselves once the last message that names them is gone. Packs that are
// mostly dead are rewritten (pack_rewriter.h), so that they go too.
//
// An object goes only when two sweeps at least the grace time apart both found no message that names it. Publishers
// commit a message only within half of it after its payload was stored (Options::payload_grace_micros).
//
// Threading: one thread of its own; Stop (or the destructor) waits for the call under way. Errors: logged, and tried
// again at the next sweep. Limits: kMaxSightings objects are remembered between sweeps; of more, the rest waits.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "broker/named_keys.h"
#include "broker/pack_rewriter.h"
#include "store/key_index.h"
#include "store/message_store.h"
#include "store/object_inventory.h"

namespace mts::broker {

class Sweeper {
 public:
  static constexpr size_t kMaxSightings = 1'000'000;

  struct Options {
    int64_t grace_micros = 3'600'000'000;
    int64_t interval_micros = 1'800'000'000;     // between sweeps
    int64_t upload_age_micros = 86'400'000'000;  // an upload that takes longer is given up
    const Clock* clock = &SystemClock();
  };
  struct Report {
    uint64_t objects = 0;  // looked at
    uint64_t unnamed = 0;  // of these, without a message
    uint64_t removed = 0;
    uint64_t ended_uploads = 0;
    PackRewriter::Report rewritten;
  };

  // The first sweep begins at once when `start`; without it only SweepOnce does anything.
  // `index` (of `messages`) may be null, and `rewriter` where packs are left as they are.
  Sweeper(store::MessageStore& messages, store::KeyIndex* index, store::ObjectInventory& objects,
          PackRewriter* rewriter, const Options& options, bool start = true);
  ~Sweeper();
  void Stop();

  absl::StatusOr<Report> SweepOnce();

 private:
  // Since when (running time) a key was seen without a message.
  using Sightings = absl::flat_hash_map<std::string, int64_t>;

  void Run();
  bool Stopping();
  absl::Status SweepObjects(Sightings& seen, Report& report);
  absl::Status SweepReleases(Sightings& seen, Report& report);
  struct Verdict {
    std::vector<std::string> removable;  // no message names them, and none did a grace time ago
    KeySet waiting;                      // no message names them now; remembered in `seen`
  };
  // Those of the objects that may be rewritten.
  void LookAtPacks(const std::vector<store::ObjectInventory::StoredObject>& objects, const Verdict& verdict);
  void RewritePacks(Report& report);
  void GiveUpRewriting(const absl::Status& status);
  absl::StatusOr<Verdict> Judge(const std::vector<std::string>& keys, Sightings& seen, Report& report);

  store::MessageStore& messages_;
  store::KeyIndex* const index_;
  store::ObjectInventory& objects_;
  PackRewriter* const rewriter_;
  const Options options_;
  const size_t keys_of_step_;
  Sightings sightings_;
  bool rewriting_ = false;  // in the sweep that is under way
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace mts::broker
