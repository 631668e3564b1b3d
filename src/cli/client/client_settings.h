// What a client command needs to know to reach a server: one table from which the flags, the variables and the
// contexts (contexts.h) are made.
//
// Threading: pure functions. Errors: INVALID_ARGUMENT saying what would be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cli/client/connection.h"

namespace mts::cli {

struct ClientSetting {
  std::string name;         // "ingress": the flag --ingress, and the key in a context
  std::string variable;     // "MINITOOLSTREAM_INGRESS"
  std::string placeholder;  // "HOST:PORT"
  std::string text;
  std::string default_text;
  absl::Status (*set)(ClientOptions& options, std::string_view value);
};

const std::vector<ClientSetting>& ClientSettings();
// Null for an unknown one.
const ClientSetting* FindClientSetting(std::string_view name);

}  // namespace mts::cli
