// Subscribe: how long after a publish was to start does the waiting subscriber of its subject hear of it. Publishes go
// over the subjects in turn, at a rate; the recorder has the notices, the side recorder the publishes themselves.
//
// Threading: Issue from one thread beside the worker's. Errors: a subscription that ends is a failure of the load.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cli/bench/message_source.h"
#include "cli/bench/worker.h"

namespace mts::cli {

class NoticeLoad : public Load {
 public:
  NoticeLoad(const BenchSettings& settings, Worker& worker, RawConnections& ingress, RawConnections& egress);
  ~NoticeLoad() override;

  void Start() override;
  void Issue(int64_t intended) override;
  void Stop() override { stopped_ = true; }
  void Cancel() override;
  bool Finished() override;
  absl::Status Failure() override;

  // Publishes whose notice had not come when the same subject's next one began.
  uint64_t late() const { return late_; }

 private:
  class Subscriber;
  class Publication;
  void OnPublished(Publication& publication);

  const BenchSettings& settings_;
  Worker& worker_;
  RawConnections& ingress_;
  MessageSource source_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  // By subject: when the publish that is not heard of yet was to start; 0: none.
  std::vector<std::atomic<int64_t>> pending_;
  std::atomic<uint64_t> in_flight_{0};
  std::atomic<uint64_t> late_{0};
  std::atomic<bool> stopped_{false};
  uint64_t next_ = 0;
};

}  // namespace mts::cli
