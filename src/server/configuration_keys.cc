#include "server/configuration_keys.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/text.h"
#include "server/configuration_values.h"

namespace mts::server {
namespace {

using Set = std::function<absl::Status(Configuration&, std::string_view)>;
using Get = std::function<std::string(const Configuration&)>;

struct Value {
  std::string placeholder;
  Set set;
  Get get;
};

absl::Status OutsideOf(std::string_view text, std::string_view low, std::string_view high) {
  return absl::InvalidArgumentError(Concat("'", text, "' is not between ", low, " and ", high));
}

Value Path(std::string Configuration::*member) {
  return {"PATH",
          [member](Configuration& to, std::string_view text) -> absl::Status {
            if (text.empty()) return absl::InvalidArgumentError("must not be empty");
            to.*member = std::string(text);
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member; }};
}

Value Address(std::string Configuration::*member) {
  return {"HOST:PORT",
          [member](Configuration& to, std::string_view text) -> absl::Status {
            MTS_ASSIGN_OR_RETURN(to.*member, ParseAddress(text));
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member; }};
}

// An address, or nothing at all.
Value OptionalAddress(std::string Configuration::*member) {
  Value value = Address(member);
  value.set = [member, set = value.set](Configuration& to, std::string_view text) {
    if (!text.empty()) return set(to, text);
    (to.*member).clear();
    return absl::OkStatus();
  };
  return value;
}

Value Text(std::string Configuration::*member) {
  return {"TEXT",
          [member](Configuration& to, std::string_view text) {
            to.*member = std::string(text);
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member; }};
}

Value Choice(std::string Configuration::*member, std::vector<std::string> choices) {
  std::string placeholder;
  for (const std::string& choice : choices) placeholder += (placeholder.empty() ? "" : "|") + choice;
  return {placeholder,
          [member, choices, placeholder](Configuration& to, std::string_view text) -> absl::Status {
            if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
              return absl::InvalidArgumentError(Concat("'", text, "' is none of ", placeholder));
            }
            to.*member = std::string(text);
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member; }};
}

Value Bytes(uint64_t Configuration::*member, uint64_t low, uint64_t high) {
  return {"BYTES",
          [member, low, high](Configuration& to, std::string_view text) -> absl::Status {
            MTS_ASSIGN_OR_RETURN(const uint64_t bytes, ParseBytes(text));
            if (bytes < low || bytes > high) return OutsideOf(text, FormatBytes(low), FormatBytes(high));
            to.*member = bytes;
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return FormatBytes(from.*member); }};
}

Value Count(uint64_t Configuration::*member, uint64_t low, uint64_t high) {
  return {"N",
          [member, low, high](Configuration& to, std::string_view text) -> absl::Status {
            MTS_ASSIGN_OR_RETURN(const uint64_t count, ParseCount(text));
            if (count < low || count > high) return OutsideOf(text, Concat(low), Concat(high));
            to.*member = count;
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return Concat(from.*member); }};
}

Value Duration(int64_t Configuration::*member, int64_t low, int64_t high) {
  return {"TIME",
          [member, low, high](Configuration& to, std::string_view text) -> absl::Status {
            MTS_ASSIGN_OR_RETURN(const int64_t micros, ParseDuration(text));
            if (micros < low || micros > high) return OutsideOf(text, FormatDuration(low), FormatDuration(high));
            to.*member = micros;
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return FormatDuration(from.*member); }};
}

// A port alone, as the existing system has it.
absl::Status SetPort(std::string& address, std::string_view text) {
  MTS_ASSIGN_OR_RETURN(address, ParseAddress(Concat("0.0.0.0:", text)));
  return absl::OkStatus();
}

Value AddressOrPort(std::string Configuration::*member) {
  Value value = Address(member);
  value.set = [member, set = value.set](Configuration& to, std::string_view text) {
    const bool port = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    return port ? SetPort(to.*member, text) : set(to, text);
  };
  return value;
}

ConfigurationKey Key(std::string name, Value value, std::string help, std::string also = {}) {
  return {std::move(name), std::move(value.placeholder), std::move(help),
          std::move(also), std::move(value.set),         std::move(value.get)};
}

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHundredYears = int64_t{36'500} * 24 * 3600 * kSecond;
constexpr uint64_t kTiB = 1024 * limits::kGiB;

std::vector<ConfigurationKey> NetworkKeys() {
  using C = Configuration;
  return {
      Key("ingress.listen", AddressOrPort(&C::ingress_listen), "Where publishers connect.", "SERVER_PORT"),
      Key("egress.listen", AddressOrPort(&C::egress_listen), "Where readers connect; may be the same address."),
      Key("gate.listen", OptionalAddress(&C::gate_listen),
          "Where clients of the Tarantool protocol connect; empty: nowhere."),
      Key("gate.user", Text(&C::gate_user), "As whom they authenticate."),
      Key("gate.password", Text(&C::gate_password), "... and with what."),
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
      Key("data_dir", Path(&C::data_dir), "Everything that is stored lies here."),
      Key("metadata", Choice(&C::metadata, {"embedded", "null"}),
          "What keeps messages and consumers; null answers without storing, for benchmarks."),
      Key("payload", Choice(&C::payload, {"files", "null"}),
          "What keeps large payloads; with metadata null nothing does."),
      Key("durability", Choice(&C::durability, {"commit", "interval", "none"}),
          "When a publish is answered: once it is on disk (commit), or before (interval: synced every sync_interval; "
          "none: when the system likes)."),
      Key("sync_interval", Duration(&C::sync_interval_micros, 1000, 3600 * kSecond), "With durability interval."),
      Key("segment_bytes", Bytes(&C::segment_bytes, limits::kMinSegmentBytes, limits::kMaxSegmentBytes),
          "Size of a log file."),
      Key("prepared_segments", Count(&C::prepared_segments, 0, 1000), "Log files written ahead."),
      Key("min_free_bytes", Bytes(&C::min_free_bytes, 0, 1024 * kTiB),
          "Publishing stops when the disk has less room than this."),
      Key("reader_threads", Count(&C::reader_threads, 1, 256), "Reads from the disk at one time."),
      Key("retention.max_age", Duration(&C::retention_max_age_micros, 0, kHundredYears),
          "Messages go after this long; 0: never."),
      Key("retention.max_bytes", Bytes(&C::retention_max_bytes, 0, 1024 * kTiB),
          "The oldest messages go when the store is larger; 0: no limit."),
      Key("retention.max_messages", Count(&C::retention_max_messages, 0, UINT64_MAX),
          "The oldest messages go when there are more; 0: no limit."),
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
          "The least that is logged.", "LOG_LEVEL"),
      Key("log.format", Choice(&C::log_format, {"console", "json"}), "How it is logged, on stderr.", "LOG_FORMAT"),
  };
}

std::string Join(std::string_view name, char separator) {
  std::string joined(name);
  std::replace_if(
      joined.begin(), joined.end(), [](char c) { return c == '.' || c == '_'; }, separator);
  return joined;
}

}  // namespace

std::string ConfigurationKey::flag() const { return "--" + Join(name, '-'); }

std::string ConfigurationKey::variable() const {
  std::string variable = "MINITOOLSTREAM_" + Join(name, '_');
  for (char& c : variable) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  return variable;
}

const std::vector<ConfigurationKey>& ConfigurationKeys() {
  static const std::vector<ConfigurationKey>* const keys = [] {
    auto* all = new std::vector<ConfigurationKey>;
    for (auto part : {&StorageKeys, &NetworkKeys, &LimitKeys, &ProcessKeys}) {
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

absl::Status ValidateConfiguration(const Configuration& configuration) {
  if (configuration.metadata == "embedded" && configuration.payload == "null") {
    return absl::InvalidArgumentError("payload null needs metadata null: large payloads would be lost");
  }
  return absl::OkStatus();
}

}  // namespace mts::server
