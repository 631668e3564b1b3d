#include "server/configuration_keys.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/text.h"
#include "server/configuration_fields.h"
#include "server/s3_keys.h"
#include "server/tarantool_keys.h"

namespace mts::server {
namespace {

std::vector<ConfigurationKey> NetworkKeys() {
  using C = Configuration;
  return {
      Key("ingress.listen", AddressOrPort(&C::ingress_listen), "Where publishers connect.", kServe | kIngress,
          {{"SERVER_PORT"}}),
      Key("egress.listen", AddressOrPort(&C::egress_listen), "Where readers connect; may be the same address.",
          kServe | kEgress, {{"SERVER_PORT", kEgress}}),
      Key("cleaner.listen", Address(&C::cleaner_listen), "Where its health can be asked.", kCleaner),
      Key("gate.listen", OptionalAddress(&C::gate_listen),
          "Where clients of the Tarantool protocol connect, with metadata embedded; empty: nowhere.", kServe),
      Key("gate.user", Text(&C::gate_user), "As whom they authenticate.", kServe),
      Secret(Key("gate.password", Text(&C::gate_password), "... and with what.", kServe)),
      Key("grpc.memory", Bytes(&C::grpc_memory_bytes, 16 * limits::kMiB, 1024 * limits::kGiB),
          "For the buffers of all connections."),
      Key("grpc.keepalive_time", Duration(&C::grpc_keepalive_time_micros, kSecond, kHundredYears / 100),
          "A silent connection is asked whether it lives after this long."),
      Key("grpc.keepalive_timeout", Duration(&C::grpc_keepalive_timeout_micros, kSecond, 3600 * kSecond),
          "... and closed when it has not answered after this long."),
  };
}

std::vector<ConfigurationKey> StorageKeys() {
  using C = Configuration;
  return {
      Key("data_dir", Path(&C::data_dir), "What is stored on this machine lies here.", kServe),
      Key("metadata", Choice(&C::metadata, {"embedded", "tarantool", "null"}),
          "What keeps messages and consumers; null answers without storing, for benchmarks.", kServe),
      Key("payload", Choice(&C::payload, {"files", "s3", "null"}),
          "What keeps payloads that are not with their message; with metadata null nothing does.", kServe),
      Key("inline_limit", Bytes(&C::inline_limit, 0, limits::kInlineLimit),
          "With metadata embedded: longer payloads are kept apart from their message, shorter ones with it. With "
          "s3.layout plain all of them are apart.",
          kServe),
      Key("durability", Choice(&C::durability, {"commit", "interval", "none"}),
          "When a publish is answered: once it is on disk (commit), or before (interval: synced every sync_interval; "
          "none: when the system likes).",
          kServe),
      Key("sync_interval", Duration(&C::sync_interval_micros, 1000, 3600 * kSecond), "With durability interval.",
          kServe),
      Key("segment_bytes", Bytes(&C::segment_bytes, limits::kMinSegmentBytes, limits::kMaxSegmentBytes),
          "Size of a log file.", kServe),
      Key("prepared_segments", Count(&C::prepared_segments, 0, 1000), "Log files written ahead.", kServe),
      Key("min_free_bytes", Bytes(&C::min_free_bytes, 0, 1024 * kTiB),
          "Publishing stops when the disk has less room than this.", kServe),
      Key("reader_threads", Count(&C::reader_threads, 1, 256), "Reads from the disk at one time.", kServe),
      Key("retention.max_age", Duration(&C::retention_max_age_micros, 0, kHundredYears),
          "Messages go after this long; 0: never.", kServe | kCleaner),
      Key("retention.max_bytes", Bytes(&C::retention_max_bytes, 0, 1024 * kTiB),
          "The oldest messages go when the store is larger; 0: no limit.", kServe | kCleaner),
      Key("retention.max_messages", Count(&C::retention_max_messages, 0, UINT64_MAX),
          "The oldest messages go when there are more; 0: no limit.", kServe | kCleaner),
  };
}

std::vector<ConfigurationKey> SweepKeys() {
  using C = Configuration;
  return {
      Key("sweep.grace", Duration(&C::sweep_grace_micros, kSecond, kHundredYears),
          "With payload s3 or metadata tarantool: an object goes only when no message named it for this long. The same "
          "for all processes: a publish has half of it for its commit.",
          kServe | kIngress | kCleaner),
      Key("sweep.interval", Duration(&C::sweep_interval_micros, kSecond / 10, kHundredYears),
          "Between two looks for objects without a message.", kServe | kCleaner),
      Key("sweep.uploads_after", Duration(&C::sweep_uploads_micros, kSecond, kHundredYears),
          "Uploads that are not finished after this long are given up.", kServe | kCleaner),
      Key("sweep.rewrite_bytes", Bytes(&C::sweep_rewrite_bytes, 0, 1024 * kTiB),
          "With metadata tarantool and payload s3: what one look moves at most out of packs that are mostly dead; 0: "
          "they stay until nothing in them lives.",
          kServe | kCleaner),
  };
}

std::vector<ConfigurationKey> LimitKeys() {
  using C = Configuration;
  return {
      Key("max_message_bytes", Bytes(&C::max_message_bytes, 1, limits::kMaxMessageBytesCeiling),
          "Of a payload that is published in one piece; Upload has no limit."),
      Key("max_batch_messages", Count(&C::max_batch_messages, 1, 1'000'000), "Of one batch, and of one fetch."),
      Key("max_batch_bytes", Bytes(&C::max_batch_bytes, limits::kKiB, limits::kMaxMessageBytesCeiling),
          "Of one batch: subjects, headers and payloads."),
      Key("max_header_bytes", Bytes(&C::max_header_bytes, 0, 16 * limits::kMiB), "Headers of one message."),
      Key("max_subjects", Count(&C::max_subjects, 1, 100'000'000), "Different subjects; each takes some memory."),
      Key("fetch.on_unreadable", Choice(&C::on_unreadable, {"mark", "fail"}),
          "A message whose payload is missing or corrupt: delivered marked, or the fetch fails."),
      Key("fetch.payload_memory", Bytes(&C::payload_memory_bytes, limits::kMiB, kTiB),
          "For large payloads that are being fetched, all readers together."),
  };
}

std::vector<ConfigurationKey> ProcessKeys() {
  using C = Configuration;
  return {
      Key("shutdown.grace", Duration(&C::shutdown_grace_micros, 0, 3600 * kSecond),
          "How long calls may go on after SIGTERM."),
      Key("log.level", Choice(&C::log_level, {"trace", "debug", "info", "warn", "error", "critical", "off"}),
          "The least that is logged.", kAllProcesses, {{"LOG_LEVEL"}}),
      Key("log.format", Choice(&C::log_format, {"console", "json"}), "How it is logged, on stderr.", kAllProcesses,
          {{"LOG_FORMAT"}}),
  };
}

std::string Join(std::string_view name, char separator) {
  std::string joined(name);
  std::replace_if(
      joined.begin(), joined.end(), [](char c) { return c == '.' || c == '_'; }, separator);
  return joined;
}

}  // namespace

std::vector<std::string> ConfigurationKey::also_for(ProcessKind process) const {
  std::vector<std::string> names;
  if (!IsFor(process)) return names;
  for (const ExistingVariable& variable : also) {
    if ((variable.processes & SetOf(process)) != 0) names.push_back(variable.name);
  }
  return names;
}

std::string ConfigurationKey::flag() const { return "--" + Join(name, '-'); }

std::string ConfigurationKey::variable() const {
  std::string variable = "MINITOOLSTREAM_" + Join(name, '_');
  for (char& c : variable) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  return variable;
}

const std::vector<ConfigurationKey>& ConfigurationKeys() {
  static const std::vector<ConfigurationKey>* const keys = [] {
    auto* all = new std::vector<ConfigurationKey>;
    for (auto part : {&StorageKeys, &TarantoolKeys, &S3Keys, &SweepKeys, &NetworkKeys, &LimitKeys, &ProcessKeys}) {
      for (ConfigurationKey& key : part()) all->push_back(std::move(key));
    }
    return all;
  }();
  return *keys;
}

const ConfigurationKey* FindConfigurationKey(std::string_view name) {
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

Configuration DefaultsOf(ProcessKind process) {
  Configuration configuration;
  configuration.process = process;
  if (process != ProcessKind::kServe) {
    configuration.metadata = "tarantool";
    configuration.payload = "s3";
  }
  return configuration;
}

absl::Status ValidateConfiguration(const Configuration& configuration) {
  if (configuration.metadata != "null" && configuration.payload == "null") {
    return absl::InvalidArgumentError("payload null needs metadata null: large payloads would be lost");
  }
  const bool shared = configuration.metadata == "tarantool" && configuration.payload == "s3";
  if (configuration.process != ProcessKind::kServe && !shared) {
    return absl::InvalidArgumentError("ingress, egress and cleaner need metadata tarantool and payload s3");
  }
  if (configuration.payload == "s3") return ValidateS3(configuration);
  return absl::OkStatus();
}

}  // namespace mts::server
