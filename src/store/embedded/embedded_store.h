// The embedded MessageStore: the log engine (src/log) behind the waist. One data directory, one process.
//
// Threading: as the waist. Reads run on a pool of threads, because they may wait for the disk; what is answered from
// memory is answered at once. Errors: FAILED_PRECONDITION from Open when another process has the directory. Limits:
// reads that wait for a thread are bounded; beyond the bound RESOURCE_EXHAUSTED.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/thread_pool.h"
#include "io/file_system.h"
#include "log/log.h"
#include "store/message_store.h"

namespace mts::store {

struct EmbeddedOptions {
  std::string data_dir;  // made if missing
  log::LogOptions log;   // `directory` is set by Open
  size_t reader_threads = 8;
};

class EmbeddedStore : public MessageStore {
 public:
  static absl::StatusOr<std::unique_ptr<EmbeddedStore>> Open(EmbeddedOptions options);
  ~EmbeddedStore() override;

  uint64_t inline_limit() const override { return log_->inline_limit(); }
  uint64_t max_inline_batch_bytes() const override { return log_->max_inline_batch_bytes(); }
  void Append(absl::Span<const NewMessage> batch, AppendDone done) override;
  void AppendInOrder(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch, AppendDone done) override;
  void Read(ReadRequest request, Done<MessageBlockPtr> done) override;
  void ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
               Done<MessageBlockPtr> done) override;
  void Last(const Pattern& pattern, Done<Sequence> done) override;
  void LastBefore(Timestamp time, Done<Sequence> done) override;
  void Position(const ConsumerId& id, Done<std::optional<Sequence>> done) override;
  void Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) override;
  void Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) override;
  void DeleteConsumer(const ConsumerId& id, Done<bool> done) override;
  std::unique_ptr<Watch> WatchNews(const Pattern& pattern, NewsCallback callback) override;
  void Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) override;
  void Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) override;
  void Info(Done<StoreInfo> done) override;
  void CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) override;
  void Expire(const Retention& limits, Done<bool> done) override;
  void Shutdown() override;

  // The engine itself, for metrics, backups and tests.
  log::Log& log() { return *log_; }

 private:
  EmbeddedStore(std::unique_ptr<io::DirectoryLock> lock, std::unique_ptr<log::Log> log, size_t reader_threads,
                std::string durability);

  // Runs `work`, which answers a StatusOr<T>, on a reader thread and hands the answer to `done`.
  template <typename T, typename Work>
  void OnReader(Work work, Done<T> done);
  void SetPosition(const ConsumerId& id, Sequence to, bool reset, Done<Sequence> done);

  std::unique_ptr<io::DirectoryLock> lock_;
  std::unique_ptr<log::Log> log_;
  std::string durability_;
  ThreadPool readers_;
};

// "commit", "interval", "none" and back.
std::string DurabilityName(log::Durability durability);
absl::StatusOr<log::Durability> ParseDurability(std::string_view name);

}  // namespace mts::store
