#include "broker/sweeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/time/time.h"
#include "base/await.h"
#include "base/status.h"

namespace mts::broker {
namespace {

// Where a step reads through all messages, it is worth to ask for many keys.
constexpr size_t kKeysOfScan = 1'000'000;

void Tell(const Sweeper::Report& report) {
  if (report.removed + report.ended_uploads > 0) {
    spdlog::info("sweep: {} objects, {} without a message, {} removed, {} unfinished uploads ended", report.objects,
                 report.unnamed, report.removed, report.ended_uploads);
  }
  const PackRewriter::Report& rewritten = report.rewritten;
  if (rewritten.packs + rewritten.unreadable > 0) {
    spdlog::info("sweep: {} packs rewritten, {} payloads with {} bytes moved, {} unreadable ones left where they are",
                 rewritten.packs, rewritten.payloads, rewritten.bytes, rewritten.unreadable);
  }
}

absl::Status Ended() { return absl::CancelledError("the sweep is stopped"); }

std::vector<std::string> KeysOf(const std::vector<store::ObjectInventory::StoredObject>& objects) {
  std::vector<std::string> keys;
  keys.reserve(objects.size());
  for (const auto& object : objects) keys.push_back(object.key);
  return keys;
}

}  // namespace

Sweeper::Sweeper(store::MessageStore& messages, store::KeyIndex* index, store::ObjectInventory& objects,
                 PackRewriter* rewriter, const Options& options, bool start)
    : messages_(messages),
      index_(index),
      objects_(objects),
      rewriter_(rewriter),
      options_(options),
      keys_of_step_(index != nullptr ? index->max_named_keys() : kKeysOfScan) {
  if (start) thread_ = std::thread([this] { Run(); });
}

Sweeper::~Sweeper() { Stop(); }

void Sweeper::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

bool Sweeper::Stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Sweeper::Run() {
  while (true) {
    const absl::StatusOr<Report> report = SweepOnce();
    if (!report.ok()) {
      if (!absl::IsCancelled(report.status())) {
        spdlog::warn("sweep: {}; tried again later", std::string(report.status().message()));
      }
    } else {
      Tell(*report);
    }
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Microseconds(options_.interval_micros))) return;
  }
}

absl::StatusOr<Sweeper::Report> Sweeper::SweepOnce() {
  Report report;
  const Timestamp before(options_.clock->Now().value() - options_.upload_age_micros);
  MTS_ASSIGN_OR_RETURN(report.ended_uploads, Await<absl::StatusOr<uint64_t>>(
                                                 [&](auto done) { objects_.AbortUploads(before, std::move(done)); }));
  rewriting_ = rewriter_ != nullptr;
  if (rewriting_) rewriter_->Forget();
  Sightings seen;
  MTS_RETURN_IF_ERROR(SweepObjects(seen, report));
  MTS_RETURN_IF_ERROR(SweepReleases(seen, report));
  sightings_ = std::move(seen);
  // Last: the packs that it leaves without a message are seen by the next sweep.
  if (rewriting_) RewritePacks(report);
  return report;
}

absl::Status Sweeper::SweepObjects(Sightings& seen, Report& report) {
  std::vector<store::ObjectInventory::StoredObject> objects;
  std::string from;
  do {
    if (Stopping()) return Ended();
    MTS_ASSIGN_OR_RETURN(store::ObjectInventory::ObjectPage page,
                         Await<absl::StatusOr<store::ObjectInventory::ObjectPage>>(
                             [&](auto done) { objects_.ListObjects(std::move(from), std::move(done)); }));
    std::move(page.objects.begin(), page.objects.end(), std::back_inserter(objects));
    from = std::move(page.next);
    if (objects.size() < keys_of_step_ && !from.empty()) continue;
    report.objects += objects.size();
    MTS_ASSIGN_OR_RETURN(Verdict verdict, Judge(KeysOf(objects), seen, report));
    LookAtPacks(objects, verdict);
    objects.clear();
    const size_t count = verdict.removable.size();
    if (count == 0) continue;
    MTS_RETURN_IF_ERROR(
        Await<absl::Status>([&](auto done) { objects_.RemoveObjects(std::move(verdict.removable), std::move(done)); }));
    report.removed += count;
  } while (!from.empty());
  return absl::OkStatus();
}

void Sweeper::LookAtPacks(const std::vector<store::ObjectInventory::StoredObject>& objects, const Verdict& verdict) {
  if (!rewriting_) return;
  const KeySet removable(verdict.removable.begin(), verdict.removable.end());
  // The messages of a younger one may still be on their way.
  const Timestamp old(options_.clock->Now().value() - options_.grace_micros);
  std::vector<PackRewriter::Pack> packs;
  for (const auto& object : objects) {
    if (!object.pack || object.started.value_or(object.modified) > old) continue;
    if (removable.contains(object.key) || verdict.waiting.contains(object.key)) continue;
    packs.push_back({object.key, object.size});
  }
  if (const absl::Status status = rewriter_->Look(packs); !status.ok()) GiveUpRewriting(status);
}

void Sweeper::RewritePacks(Report& report) {
  const absl::Status status = rewriter_->Rewrite([this] { return Stopping(); }, report.rewritten);
  if (!status.ok()) GiveUpRewriting(status);
}

// What else the sweep does goes on.
void Sweeper::GiveUpRewriting(const absl::Status& status) {
  rewriting_ = false;
  spdlog::warn("sweep: packs that are mostly dead cannot be rewritten: {}; tried again later",
               std::string(status.message()));
}

absl::Status Sweeper::SweepReleases(Sightings& seen, Report& report) {
  MTS_ASSIGN_OR_RETURN(const std::vector<store::ObjectInventory::Release> releases,
                       Await<absl::StatusOr<std::vector<store::ObjectInventory::Release>>>(
                           [&](auto done) { objects_.ListReleases(std::move(done)); }));
  // All names in one question: where there is no index it reads through all messages.
  KeySet names;
  for (const auto& release : releases) names.insert(release.names.begin(), release.names.end());
  if (Stopping()) return Ended();
  MTS_ASSIGN_OR_RETURN(const Verdict verdict, Judge({names.begin(), names.end()}, seen, report));
  const KeySet removable(verdict.removable.begin(), verdict.removable.end());
  const auto of = [](const KeySet& keys) { return [&keys](const std::string& name) { return keys.contains(name); }; };
  for (const auto& release : releases) {
    if (Stopping()) return Ended();
    std::vector<std::string> gone;
    std::copy_if(release.names.begin(), release.names.end(), std::back_inserter(gone), of(removable));
    if (const size_t count = gone.size(); count > 0) {
      MTS_RETURN_IF_ERROR(
          Await<absl::Status>([&](auto done) { objects_.RemoveNamed(std::move(gone), std::move(done)); }));
      report.removed += count;
    }
    // Names that have messages again are noted anew when these go.
    if (std::any_of(release.names.begin(), release.names.end(), of(verdict.waiting))) continue;
    MTS_RETURN_IF_ERROR(Await<absl::Status>([&](auto done) { objects_.ForgetRelease(release.note, std::move(done)); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<Sweeper::Verdict> Sweeper::Judge(const std::vector<std::string>& keys, Sightings& seen, Report& report) {
  Verdict verdict;
  // The grace time ends before the second question and begins after the first.
  const int64_t before_question = options_.clock->MonotonicMicros();
  MTS_ASSIGN_OR_RETURN(const KeySet named, FindNamedKeys(messages_, index_, keys));
  const int64_t after_question = options_.clock->MonotonicMicros();
  for (const std::string& key : keys) {
    if (named.contains(key)) continue;
    ++report.unnamed;
    const auto earlier = sightings_.find(key);
    if (earlier != sightings_.end() && earlier->second + options_.grace_micros <= before_question) {
      verdict.removable.push_back(key);
      continue;
    }
    verdict.waiting.insert(key);
    if (seen.size() < kMaxSightings) seen.emplace(key, earlier == sightings_.end() ? after_question : earlier->second);
  }
  return verdict;
}

}  // namespace mts::broker
