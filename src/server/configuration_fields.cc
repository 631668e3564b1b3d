#include "server/configuration_fields.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "server/configuration_values.h"

namespace mts::server {
namespace {

absl::Status OutsideOf(std::string_view text, std::string_view low, std::string_view high) {
  return absl::InvalidArgumentError(Concat("'", text, "' is not between ", low, " and ", high));
}

// A port alone, as the existing system has it.
absl::Status SetPort(std::string& address, std::string_view text) {
  MTS_ASSIGN_OR_RETURN(address, ParseAddress(Concat("0.0.0.0:", text)));
  return absl::OkStatus();
}

}  // namespace

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

Value AddressOrPort(std::string Configuration::*member) {
  Value value = Address(member);
  value.set = [member, set = value.set](Configuration& to, std::string_view text) {
    const bool port = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    return port ? SetPort(to.*member, text) : set(to, text);
  };
  return value;
}

Value OptionalPath(std::string Configuration::*member) {
  Value value = Text(member);
  value.placeholder = "PATH";
  return value;
}

Value NonEmptyText(std::string Configuration::*member) {
  Value value = Path(member);
  value.placeholder = "TEXT";
  return value;
}

Value Switch(bool Configuration::*member) {
  return {"true|false",
          [member](Configuration& to, std::string_view text) -> absl::Status {
            if (text != "true" && text != "false") {
              return absl::InvalidArgumentError(Concat("'", text, "' is neither true nor false"));
            }
            to.*member = text == "true";
            return absl::OkStatus();
          },
          [member](const Configuration& from) { return from.*member ? "true" : "false"; }};
}

ConfigurationKey Key(std::string name, Value value, std::string help, ProcessSet processes,
                     std::vector<ExistingVariable> also) {
  return {std::move(name), std::move(value.placeholder), std::move(help),      processes,
          std::move(also), std::move(value.set),         std::move(value.get), /*secret=*/false};
}

ConfigurationKey Secret(ConfigurationKey key) {
  key.secret = true;
  return key;
}

}  // namespace mts::server
