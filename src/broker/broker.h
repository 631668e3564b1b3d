// The rules between doors and stores: limits and validation of publishing, which payload goes where, fetching with
// positions and payload status, acknowledging, news. One object serves all doors.
//
// Threading: any thread; `done` as in store/message_store.h. Errors: as the waist's, with the texts that clients see.
// Limits: options.h. The stores need to outlive it, and it what it handed out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/consumers.h"
#include "broker/delivery.h"
#include "broker/dispatcher.h"
#include "broker/download.h"
#include "broker/fetcher.h"
#include "broker/memory_budget.h"
#include "broker/options.h"
#include "broker/payload_loader.h"
#include "broker/publisher.h"
#include "broker/subscription.h"
#include "broker/upload.h"
#include "store/message_store.h"
#include "store/payload_store.h"

namespace mts::broker {

class Broker {
 public:
  Broker(store::MessageStore& messages, store::PayloadStore& payloads, const Options& options);
  ~Broker();

  Publisher& publisher() { return publisher_; }
  Fetcher& fetcher() { return fetcher_; }
  Consumers& consumers() { return consumers_; }
  const Options& options() const { return options_; }

  absl::StatusOr<std::shared_ptr<Upload>> BeginUpload(UploadFrame frame, uint64_t expected_size);
  void OpenDownload(std::string_view subject, Sequence sequence, uint64_t offset, uint64_t length,
                    Download::Opened opened);

  // `subject` may be a pattern, `durable_name` empty.
  absl::StatusOr<std::shared_ptr<Subscription>> Subscribe(std::string_view subject, Subscription::Listener listener);
  void LastSequence(std::string_view subject, store::Done<Sequence> done);

  // An empty pattern: all.
  void Subjects(std::string_view pattern, const store::Page& page, store::Done<std::vector<store::SubjectState>> done);
  void Info(store::Done<store::StoreInfo> done) { messages_.Info(std::move(done)); }
  std::string_view payload_kind() const { return payloads_.kind(); }

  // Ends what waits, with UNAVAILABLE. The doors do this before they close.
  void EndWaits() { fetcher_.Shutdown(); }
  // After the doors are closed: nothing is called back afterwards.
  void Shutdown();

 private:
  store::MessageStore& messages_;
  store::PayloadStore& payloads_;
  const Options options_;
  MemoryBudget payload_memory_;
  Dispatcher dispatcher_;
  PayloadLoader loader_;
  Publisher publisher_;
  Fetcher fetcher_;
  Consumers consumers_;
};

}  // namespace mts::broker
