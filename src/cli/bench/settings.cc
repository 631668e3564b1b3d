#include "cli/bench/settings.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/terminal/exit_code.h"

namespace mts::cli {
namespace {

// Enough that a slow answer does not delay the next start; a bound all the same.
constexpr uint64_t kOpenLoopInFlight = 1024;

uint64_t DefaultInFlight(const BenchSettings& settings) {
  switch (settings.work) {
    case Work::kUpload:
    case Work::kDownload:
    case Work::kFetch:
      return 1;
    case Work::kPublish:
      return settings.open_loop() ? kOpenLoopInFlight : 64;
    case Work::kPublishBatch:
    case Work::kPublishStream:
      return 16;
    case Work::kFetchBatch:
    case Work::kFirst:
      return 1;
    case Work::kSubscribe:
      return kOpenLoopInFlight;
  }
  return 1;
}

bool Batches(Work work) {
  return work == Work::kPublishBatch || work == Work::kPublishStream || work == Work::kFetch ||
         work == Work::kFetchBatch;
}

bool Reads(Work work) { return work == Work::kFetch || work == Work::kFetchBatch || work == Work::kFirst; }

bool Transfers(Work work) { return work == Work::kUpload || work == Work::kDownload; }

}  // namespace

std::string_view NameOf(Work work) {
  switch (work) {
    case Work::kPublish:
      return "pub";
    case Work::kPublishBatch:
      return "pub-batch";
    case Work::kPublishStream:
      return "pub-stream";
    case Work::kFetch:
      return "fetch";
    case Work::kFetchBatch:
      return "fetch-batch";
    case Work::kFirst:
      return "first";
    case Work::kSubscribe:
      return "subscribe";
    case Work::kUpload:
      return "upload";
    case Work::kDownload:
      return "download";
  }
  return "";
}

std::string_view NameOf(TargetKind target) {
  switch (target) {
    case TargetKind::kServer:
      return "server";
    case TargetKind::kNull:
      return "null";
    case TargetKind::kEmbedded:
      return "embedded";
  }
  return "";
}

absl::Status CompleteSettings(BenchSettings& settings) {
  if (settings.target == TargetKind::kEmbedded && settings.data_dir.empty()) {
    return UsageError("--target embedded needs --data-dir");
  }
  if (settings.work == Work::kSubscribe && settings.rate <= 0) settings.rate = 1000;
  if (settings.in_flight == 0) settings.in_flight = DefaultInFlight(settings);
  if (!Batches(settings.work)) settings.batch = 1;
  if (settings.work == Work::kSubscribe && settings.subjects == 1) settings.subjects = settings.subscribers;
  if (Transfers(settings.work) && settings.open_loop()) return UsageError("uploads and downloads have no --rate");
  if (Reads(settings.work) && settings.open_loop()) {
    return UsageError("fetching has no --rate: it is asked as fast as it answers");
  }
  if (settings.batch > limits::kMaxBatchMessages) return UsageError("--batch is larger than a server takes");
  settings.threads = std::min(settings.threads, settings.in_flight);
  return absl::OkStatus();
}

std::string SubjectName(const BenchSettings& settings, uint64_t index) {
  return settings.subjects <= 1 ? settings.subject : Concat(settings.subject, ".", index);
}

void AddSettings(JsonObject& object, const BenchSettings& settings) {
  object.Add("work", NameOf(settings.work)).Add("target", NameOf(settings.target));
  object.Add("loop", settings.open_loop() ? "open" : "closed").Add("rate", settings.rate);
  object.Add("size", settings.size).Add("subjects", settings.subjects).Add("batch", settings.batch);
  object.Add("in_flight", settings.in_flight).Add("streams", settings.streams);
  object.Add("connections", settings.connections).Add("threads", settings.threads);
  if (settings.work == Work::kSubscribe) object.Add("subscribers", settings.subscribers);
  object.Add("duration_s", absl::ToDoubleSeconds(settings.duration));
  object.Add("warm_up_s", absl::ToDoubleSeconds(settings.warm_up));
  object.Add("message_ids", settings.message_ids).Add("parse", settings.parse);
}

}  // namespace mts::cli
