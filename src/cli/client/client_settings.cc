#include "cli/client/client_settings.h"

#include "base/status.h"
#include "cli/terminal/format.h"

namespace mts::cli {
namespace {

absl::Status SetAddress(std::string& address, std::string_view value) {
  MTS_RETURN_IF_ERROR(ValidateAddress(value));
  address = std::string(value);
  return absl::OkStatus();
}

absl::Status SetIngress(ClientOptions& options, std::string_view value) {
  return SetAddress(options.addresses.ingress, value);
}

absl::Status SetEgress(ClientOptions& options, std::string_view value) {
  return SetAddress(options.addresses.egress, value);
}

absl::Status SetTimeout(ClientOptions& options, std::string_view value) {
  MTS_ASSIGN_OR_RETURN(options.timeout, ParseDuration(value));
  return absl::OkStatus();
}

absl::Status SetRetryFor(ClientOptions& options, std::string_view value) {
  MTS_ASSIGN_OR_RETURN(const absl::Duration duration, ParseDuration(value));
  options.retry = {duration, /*wait_for_first=*/true};
  return absl::OkStatus();
}

}  // namespace

const std::vector<ClientSetting>& ClientSettings() {
  static const auto* const settings = new std::vector<ClientSetting>{
      {"ingress", "MINITOOLSTREAM_INGRESS", "HOST:PORT", "Where to publish", "localhost:50051", SetIngress},
      {"egress", "MINITOOLSTREAM_EGRESS", "HOST:PORT", "Where to read, and to ask about the server", "localhost:50052",
       SetEgress},
      {"timeout", "MINITOOLSTREAM_TIMEOUT", "TIME", "How long one call may take", "30s", SetTimeout},
      {"retry-for", "MINITOOLSTREAM_RETRY_FOR", "TIME",
       "How long to try again while the server is away; if it is given, also before it was reached", "5m", SetRetryFor},
  };
  return *settings;
}

const ClientSetting* FindClientSetting(std::string_view name) {
  for (const ClientSetting& setting : ClientSettings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

}  // namespace mts::cli
