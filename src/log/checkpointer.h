// Decides when a checkpoint is due and writes it on a thread of its own: when at least four times its size was logged
// since the last one, or when retention needs one.
//
// Threading: OnCommitted by the commit thread; EnsureBeyond from any thread (blocks); Shutdown by the owner. Errors: a
// checkpoint that cannot be written is logged and tried again later; EnsureBeyond answers the error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "log/checkpoint.h"

namespace mts::log {

class Checkpointer {
 public:
  struct Options {
    io::FileSystem* files = nullptr;
    std::string directory;
    const Clock* clock = nullptr;
    uint64_t min_logged_bytes = 0;  // between two checkpoints
    // Makes what was logged durable before a snapshot of it (weak durability); commit thread.
    std::function<absl::Status()> ensure_durable;
    // Makes payload files that were kept durable under their final names.
    std::function<absl::Status()> sync_payloads;
  };
  Checkpointer(Options options, const State& state, const SegmentSet& segments, std::optional<CheckpointInfo> newest,
               uint64_t logged_since);
  ~Checkpointer();

  void OnCommitted(LogPosition end, uint64_t group_bytes);
  // Waits until the newest checkpoint lies beyond this segment. Needs the commit thread to come by: `nudge` is called
  // after the wish was noted and must make OnCommitted run, or say why it cannot.
  absl::Status EnsureBeyond(SegmentNumber segment, const std::function<absl::Status()>& nudge);
  std::optional<CheckpointInfo> newest() const;
  // Writes what is due and ends.
  void Shutdown();

 private:
  void Run();
  absl::Status Write(const CheckpointSnapshot& snapshot);

  const Options options_;
  const State& state_;
  const SegmentSet& segments_;
  uint64_t logged_since_;  // commit thread
  mutable absl::Mutex mutex_;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<CheckpointSnapshot> due_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t attempts_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status last_status_ ABSL_GUARDED_BY(mutex_);
  std::optional<CheckpointInfo> newest_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace mts::log
