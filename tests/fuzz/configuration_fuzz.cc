// The YAML configuration file: any text gives a configuration or an error, and what a key shows can be set again.
#include <cstdint>
#include <string>

#include "fuzz_check.h"
#include "server/configuration_keys.h"
#include "server/configuration_sources.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  mts::server::Configuration configuration;
  const absl::Status applied = mts::server::ApplyYaml(text, "fuzz.yaml", configuration);
  if (!applied.ok()) {
    FUZZ_CHECK(applied.code() == absl::StatusCode::kInvalidArgument);
    FUZZ_CHECK(applied.message().find("fuzz.yaml") != std::string_view::npos);
    return 0;
  }
  for (const mts::server::ConfigurationKey& key : mts::server::ConfigurationKeys()) {
    const std::string shown = key.get(configuration);
    mts::server::Configuration again;
    FUZZ_CHECK(key.set(again, shown).ok());
    FUZZ_CHECK(key.get(again) == shown);
  }
  (void)mts::server::ValidateConfiguration(configuration);
  return 0;
}
