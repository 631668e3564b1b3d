#include "store/embedded/embedded_store.h"

#include <utility>

#include "base/status.h"
#include "base/text.h"

namespace mts::store {
namespace {

constexpr size_t kMaxWaitingReads = 10'000;

std::map<std::string, uint64_t> CountersOf(const log::LogCounters& counters) {
  return {{"damaged_spots_at_start", counters.damaged_spots},
          {"tail_bytes_cut_at_start", counters.cut_bytes},
          {"damaged_records_read", counters.damaged_records},
          {"damaged_indexes", counters.damaged_indexes},
          {"segments", counters.segments},
          {"queued_operations", counters.queued_operations},
          {"queued_bytes", counters.queued_bytes},
          {"message_ids_forgotten_early", counters.forgotten_duplicates}};
}

}  // namespace

std::string DurabilityName(log::Durability durability) {
  switch (durability) {
    case log::Durability::kCommit:
      return "commit";
    case log::Durability::kInterval:
      return "interval";
    case log::Durability::kNone:
      return "none";
  }
  return "unknown";
}

absl::StatusOr<log::Durability> ParseDurability(std::string_view name) {
  for (const log::Durability durability :
       {log::Durability::kCommit, log::Durability::kInterval, log::Durability::kNone}) {
    if (DurabilityName(durability) == name) return durability;
  }
  return absl::InvalidArgumentError(Concat("durability is '", name, "'; use commit, interval or none"));
}

EmbeddedStore::EmbeddedStore(std::unique_ptr<io::DirectoryLock> lock, std::unique_ptr<log::Log> log,
                             size_t reader_threads, std::string durability)
    : lock_(std::move(lock)),
      log_(std::move(log)),
      durability_(std::move(durability)),
      readers_("log-reader", reader_threads, kMaxWaitingReads) {}

EmbeddedStore::~EmbeddedStore() { Shutdown(); }

absl::StatusOr<std::unique_ptr<EmbeddedStore>> EmbeddedStore::Open(EmbeddedOptions options) {
  io::FileSystem& files = *options.log.files;
  options.log.directory = io::JoinPath(options.data_dir, "log");
  MTS_RETURN_IF_ERROR(files.CreateDirectories(options.log.directory));
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<io::DirectoryLock> lock, files.Lock(io::JoinPath(options.data_dir, "LOCK")));
  const std::string durability = DurabilityName(options.log.durability);
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<log::Log> log, log::Log::Open(std::move(options.log)));
  return std::unique_ptr<EmbeddedStore>(
      new EmbeddedStore(std::move(lock), std::move(log), options.reader_threads, durability));
}

template <typename T, typename Work>
void EmbeddedStore::OnReader(Work work, Done<T> done) {
  // Shared, because a task that the pool does not take must still answer.
  auto answer = std::make_shared<Done<T>>(std::move(done));
  const bool taken = readers_.TrySubmit([work = std::move(work), answer]() mutable { (*answer)(work()); });
  if (!taken) (*answer)(absl::ResourceExhaustedError("too many reads wait for the disk; try again"));
}

void EmbeddedStore::Append(absl::Span<const NewMessage> batch, AppendDone done) {
  log_->Append(batch, nullptr, std::move(done));
}

void EmbeddedStore::AppendInOrder(std::shared_ptr<AppendOrder> order, absl::Span<const NewMessage> batch,
                                  AppendDone done) {
  log_->Append(batch, std::move(order), std::move(done));
}

void EmbeddedStore::Read(ReadRequest request, Done<MessageBlockPtr> done) {
  OnReader<MessageBlockPtr>([this, request = std::move(request)] { return log_->Read(request); }, std::move(done));
}

void EmbeddedStore::ReadOne(std::string_view subject, Sequence sequence, uint64_t max_inline_bytes,
                            Done<MessageBlockPtr> done) {
  OnReader<MessageBlockPtr>([this, subject = std::string(subject), sequence,
                             max_inline_bytes] { return log_->ReadOne(subject, sequence, max_inline_bytes); },
                            std::move(done));
}

void EmbeddedStore::Last(const Pattern& pattern, Done<Sequence> done) { done(log_->catalogue().Last(pattern)); }

void EmbeddedStore::LastBefore(Timestamp time, Done<Sequence> done) {
  OnReader<Sequence>([this, time] { return log_->LastBefore(time); }, std::move(done));
}

// ---- Consumers

void EmbeddedStore::Position(const ConsumerId& id, Done<std::optional<Sequence>> done) {
  done(log_->consumers().Position(id));
}

void EmbeddedStore::SetPosition(const ConsumerId& id, Sequence to, bool reset, Done<Sequence> done) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(id.subject);
  if (!pattern.ok()) return done(pattern.status());
  log_->SetPosition(*std::move(pattern), {id, to, reset}, std::move(done));
}

void EmbeddedStore::Advance(const ConsumerId& id, Sequence to, Done<Sequence> done) {
  SetPosition(id, to, false, std::move(done));
}

void EmbeddedStore::Reset(const ConsumerId& id, Sequence to, Done<Sequence> done) {
  SetPosition(id, to, true, std::move(done));
}

void EmbeddedStore::DeleteConsumer(const ConsumerId& id, Done<bool> done) { log_->DeleteConsumer(id, std::move(done)); }

std::unique_ptr<Watch> EmbeddedStore::WatchNews(const Pattern& pattern, NewsCallback callback) {
  return log_->WatchNews(pattern, std::move(callback));
}

// ---- Looking

void EmbeddedStore::Subjects(const Pattern& pattern, const Page& page, Done<std::vector<SubjectState>> done) {
  OnReader<std::vector<SubjectState>>([this, pattern, page] { return log_->Subjects(pattern, page); }, std::move(done));
}

void EmbeddedStore::Consumers(std::string_view subject, const Page& page, Done<std::vector<ConsumerState>> done) {
  done(log_->consumers().List(subject, page.after, page.size));
}

void EmbeddedStore::Info(Done<StoreInfo> done) {
  StoreInfo info;
  info.kind = "embedded";
  info.durability = durability_;
  info.last_sequence = log_->visible();
  info.messages = log_->catalogue().messages();
  info.bytes = log_->catalogue().bytes();
  info.counters = CountersOf(log_->counters());
  info.writing = log_->failure();
  done(std::move(info));
}

void EmbeddedStore::CountAfter(const Pattern& pattern, Sequence position, Done<uint64_t> done) {
  OnReader<uint64_t>([this, pattern, position] { return log_->CountAfter(pattern, position); }, std::move(done));
}

void EmbeddedStore::Expire(const Retention& limits, Done<bool> done) {
  OnReader<bool>([this, limits] { return log_->ExpireFront(limits); }, std::move(done));
}

void EmbeddedStore::Shutdown() {
  readers_.Shutdown();
  log_->Shutdown();
}

}  // namespace mts::store
