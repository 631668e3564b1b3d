#include "server/configuration_sources.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

#include "base/plain_text.h"
#include "base/status.h"
#include "base/text.h"
#include "server/configuration_keys.h"

namespace mts::server {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr int kMaxNesting = 16;

struct YamlReader {
  const std::string& name;
  Configuration& to;
  std::set<std::string> seen = {};

  std::string Place(const YAML::Node& node) const { return Concat(name, ":", node.Mark().line + 1); }

  absl::Status Error(const YAML::Node& node, std::string_view what) const {
    return absl::InvalidArgumentError(Concat(Place(node), ": ", what));
  }

  absl::Status ReadMap(const YAML::Node& map, const std::string& prefix, int depth) {
    if (depth > kMaxNesting) return Error(map, "nested too deeply");
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return Error(entry.first, "a key must be plain text");
      const std::string key = prefix + entry.first.Scalar();
      if (entry.second.IsMap()) {
        MTS_RETURN_IF_ERROR(ReadMap(entry.second, key + ".", depth + 1));
      } else {
        MTS_RETURN_IF_ERROR(ReadValue(key, entry.first, entry.second));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    const ConfigurationKey* const known = FindConfigurationKey(key);
    if (known == nullptr) return Error(key_node, Concat("unknown key '", key, "'"));
    if (!seen.insert(key).second) return Error(key_node, Concat("key '", key, "' is there twice"));
    if (!value.IsScalar()) return Error(key_node, Concat("key '", key, "' needs one value"));
    if (absl::Status status = known->set(to, value.Scalar()); !status.ok()) {
      return Error(value, Concat(key, ": ", status.message()));
    }
    to.origins[key] = Place(value);
    return absl::OkStatus();
  }
};

absl::StatusOr<std::string> ReadFile(std::string_view what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);  // tidy: allow read once, before anything is stored
  if (!file) return ErrnoStatus(errno, Concat(what, " ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::NotFoundError(Concat(what, " ", path, ": cannot be read"));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty() && !file.eof()) return absl::NotFoundError(Concat(what, " ", path, ": cannot be read"));
  if (text.size() > kMaxFileBytes) return absl::InvalidArgumentError(Concat(what, " ", path, ": too long"));
  return text;
}

absl::Status ApplyOne(const ConfigurationKey& key, std::string_view place, std::string_view value, Configuration& to) {
  const absl::Status status = key.set(to, value);
  if (!status.ok()) return absl::InvalidArgumentError(Concat(place, ": ", status.message()));
  to.origins[key.name] = std::string(place);
  return absl::OkStatus();
}

// A secret that lies in a file of its own, without the end of its line.
absl::Status ReadSecret(std::string_view key, const std::string& file, std::string& to) {
  if (file.empty()) return absl::OkStatus();
  MTS_ASSIGN_OR_RETURN(to, ReadFile(key, file));
  while (to.ends_with('\n') || to.ends_with('\r')) to.pop_back();
  return absl::OkStatus();
}

// The existing system's lifetime of messages: one variable switches it on, another says how long.
absl::Status ApplyLifetime(const Environment& environment, Configuration& to) {
  const char* const enabled = environment("TTL_ENABLED");
  const char* const lifetime = environment("TTL_DEFAULT");
  if (enabled == nullptr || std::string_view(enabled) != "true") return absl::OkStatus();
  return ApplyOne(*FindConfigurationKey("retention.max_age"), "TTL_DEFAULT", lifetime == nullptr ? "24h" : lifetime,
                  to);
}

}  // namespace

absl::Status ApplyYaml(const std::string& text, const std::string& name, Configuration& to) {
  if (const int64_t line = LineOfControlCharacter(text); line > 0) {
    return absl::InvalidArgumentError(Concat(name, ":", line, ": a control character; this is no text file"));
  }
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return absl::OkStatus();
    YamlReader reader{name, to};
    if (!root.IsMap()) return reader.Error(root, "must be a map of keys and values");
    return reader.ReadMap(root, "", 0);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(Concat(name, ":", error.mark.line + 1, ": ", error.msg));
  }
}

absl::Status ApplyEnvironment(const Environment& environment, Configuration& to) {
  MTS_RETURN_IF_ERROR(ApplyLifetime(environment, to));
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    std::vector<std::string> variables = key.also_for(to.process);
    variables.push_back(key.variable());  // ours counts more
    for (const std::string& variable : variables) {
      const char* const value = environment(variable.c_str());
      if (value != nullptr && *value != '\0') MTS_RETURN_IF_ERROR(ApplyOne(key, variable, value, to));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyFlags(const std::map<std::string, std::string>& flags, Configuration& to) {
  for (const auto& [name, value] : flags) {
    const ConfigurationKey* const key = FindConfigurationKey(name);
    if (key == nullptr) return absl::InvalidArgumentError(Concat("unknown key '", name, "'"));
    MTS_RETURN_IF_ERROR(ApplyOne(*key, key->flag(), value, to));
  }
  return absl::OkStatus();
}

absl::StatusOr<Configuration> LoadConfiguration(ProcessKind process, const std::string& file,
                                                const Environment& environment,
                                                const std::map<std::string, std::string>& flags) {
  Configuration configuration = DefaultsOf(process);
  if (!file.empty()) {
    MTS_ASSIGN_OR_RETURN(const std::string text, ReadFile("configuration", file));
    MTS_RETURN_IF_ERROR(ApplyYaml(text, file, configuration));
  }
  MTS_RETURN_IF_ERROR(ApplyEnvironment(environment, configuration));
  MTS_RETURN_IF_ERROR(ApplyFlags(flags, configuration));
  MTS_RETURN_IF_ERROR(ReadSecret("s3.secret_key_file", configuration.s3_secret_key_file, configuration.s3_secret_key));
  MTS_RETURN_IF_ERROR(ValidateConfiguration(configuration));
  return configuration;
}

}  // namespace mts::server
