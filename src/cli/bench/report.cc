#include "cli/bench/report.h"

#include "absl/strings/str_format.h"
#include "base/text.h"
#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

double PerSecond(uint64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

double Millis(int64_t nanos) { return static_cast<double>(nanos) / 1e6; }

std::string LatencyText(const LatencyHistogram& latencies) {
  return absl::StrFormat("p50 %.3f ms   p90 %.3f ms   p99 %.3f ms   p99.9 %.3f ms   max %.3f ms",
                         Millis(latencies.Quantile(0.5)), Millis(latencies.Quantile(0.9)),
                         Millis(latencies.Quantile(0.99)), Millis(latencies.Quantile(0.999)), Millis(latencies.max()));
}

JsonObject LatencyJson(const LatencyHistogram& latencies) {
  JsonObject object;
  object.Add("count", latencies.count()).Add("mean", latencies.mean() / 1e6);
  object.Add("p50", Millis(latencies.Quantile(0.5))).Add("p90", Millis(latencies.Quantile(0.9)));
  object.Add("p99", Millis(latencies.Quantile(0.99))).Add("p99_9", Millis(latencies.Quantile(0.999)));
  object.Add("max", Millis(latencies.max()));
  return object;
}

std::string Line(std::string_view name, std::string_view value) {
  const std::string padded = Concat(name, std::string(12 - std::min<size_t>(name.size(), 12), ' '));
  return Concat(Styled(padded, Style::kBold, ColourOnStdout()), value, "\n");
}

std::string WorkText(const BenchSettings& settings) {
  std::string text = Concat(NameOf(settings.work), ", ", FormatBytes(settings.size));
  if (settings.batch > 1) text += Concat(", batches of ", settings.batch);
  text += Concat(", ", settings.in_flight, " in flight");
  if (settings.streams > 1) text += Concat(" on each of ", settings.streams, " streams");
  if (settings.subjects > 1) text += Concat(", ", settings.subjects, " subjects");
  if (settings.open_loop()) text += Concat(", ", settings.rate, " messages/s");
  return text;
}

}  // namespace

std::string TextReport(const BenchSettings& settings, const BenchResult& result) {
  std::string text = Line("work", WorkText(settings));
  text += Line("server", Concat(result.server.version(), ", ", result.server.message_store(), ", durability ",
                                result.server.durability()));
  text +=
      Line("messages", absl::StrFormat("%s in %.2f s: %s/s, %.1f MB/s", FormatCount(result.messages), result.seconds,
                                       FormatCount(static_cast<uint64_t>(PerSecond(result.messages, result.seconds))),
                                       PerSecond(result.bytes, result.seconds) / 1e6));
  text += Line(settings.work == Work::kSubscribe ? "notices" : "latency", LatencyText(result.latencies));
  if (result.publish_latencies.has_value()) text += Line("publishes", LatencyText(*result.publish_latencies));
  if (result.late > 0) text += Line("late", Concat(FormatCount(result.late), " notices came after the next publish"));
  if (result.server_memory > 0) {
    text += Line("memory", Concat("server ", FormatBytes(result.server_memory), " anonymous, at most ",
                                  FormatBytes(result.server_memory_max)));
  }
  text += Line("processor", absl::StrFormat("server %.2f s, client %.2f s", result.server_processor_seconds,
                                            result.client_processor_seconds));
  if (result.errors > 0) {
    text += Line("errors", Concat(FormatCount(result.errors), ", the first: ", result.first_error.message()));
  }
  return text;
}

std::string JsonReport(const BenchSettings& settings, const BenchResult& result) {
  JsonObject object;
  AddSettings(object, settings);
  object.Add("version", result.server.version()).Add("message_store", result.server.message_store());
  object.Add("durability", result.server.durability()).Add("seconds", result.seconds);
  object.Add("messages", result.messages).Add("bytes", result.bytes);
  object.Add("messages_per_s", PerSecond(result.messages, result.seconds));
  object.Add("mb_per_s", PerSecond(result.bytes, result.seconds) / 1e6);
  object.Add("latency_ms", LatencyJson(result.latencies));
  if (result.publish_latencies.has_value()) object.Add("publish_latency_ms", LatencyJson(*result.publish_latencies));
  if (settings.work == Work::kSubscribe) object.Add("late", result.late);
  object.Add("server_rss_anon", result.server_memory).Add("server_rss_anon_max", result.server_memory_max);
  object.Add("server_cpu_s", result.server_processor_seconds).Add("client_cpu_s", result.client_processor_seconds);
  object.Add("errors", result.errors);
  if (result.errors > 0) object.Add("first_error", ToStd(result.first_error.message()));
  return object.ToString() + "\n";
}

}  // namespace mts::cli
