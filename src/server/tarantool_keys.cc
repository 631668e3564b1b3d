#include "server/tarantool_keys.h"

#include <string>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/text.h"
#include "server/configuration_fields.h"
#include "server/configuration_values.h"
#include "server/s3_keys.h"

namespace mts::server {
namespace {

// Addresses with commas between them.
Value Addresses(std::string Configuration::*member) {
  return {"HOST:PORT,...",
          [member](Configuration& to, std::string_view text) -> absl::Status {
            for (const std::string& address : std::vector<std::string>(absl::StrSplit(ToAbsl(text), ','))) {
              MTS_RETURN_IF_ERROR(ParseAddress(address).status());
            }
            to.*member = std::string(text);
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member; }};
}

}  // namespace

std::vector<ConfigurationKey> TarantoolKeys() {
  using C = Configuration;
  return {
      Key("tarantool.addresses", Addresses(&C::tarantool_addresses),
          "With metadata tarantool: where its instances answer; the writable one is found.", kAllProcesses,
          {{"TARANTOOL_ADDRESS"}}),
      Key("tarantool.user", Text(&C::tarantool_user), "As whom we come.", kAllProcesses, {{"TARANTOOL_USER"}}),
      Secret(Key("tarantool.password", Text(&C::tarantool_password), "... and with what.", kAllProcesses,
                 {{"TARANTOOL_PASSWORD"}})),
      Key("tarantool.password_file", OptionalPath(&C::tarantool_password_file),
          "File with the password, instead of it."),
      Key("tarantool.timeout", Duration(&C::tarantool_timeout_micros, kSecond / 10, 3600 * kSecond),
          "Of one call, with all that is done to get it answered.", kAllProcesses, {{"TARANTOOL_TIMEOUT"}}),
      Key("tarantool.inline_limit", Bytes(&C::tarantool_inline_limit, 0, limits::kInlineLimit),
          "Payloads up to this length are kept in Tarantool, in its memory.", kServe | kIngress),
  };
}

store::TarantoolOptions TarantoolOptionsOf(const Configuration& configuration) {
  store::TarantoolOptions options;
  options.addresses = absl::StrSplit(configuration.tarantool_addresses, ',');
  options.user = configuration.tarantool_user;
  options.password = configuration.tarantool_password;
  options.call_timeout_micros = configuration.tarantool_timeout_micros;
  options.inline_limit = KeepsPayloadsApart(configuration) ? 0 : configuration.tarantool_inline_limit;
  return options;
}

}  // namespace mts::server
