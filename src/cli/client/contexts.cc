#include "cli/client/contexts.h"

#include <fcntl.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "base/plain_text.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/client_settings.h"
#include "cli/client/output_folder.h"
#include "cli/client/unique_fd.h"
#include "cli/terminal/exit_code.h"

namespace mts::cli {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxNameBytes = 64;
constexpr char kFileName[] = "contexts.yaml";

class Parser {
 public:
  explicit Parser(const std::string& name) : name_(name) {}

  absl::StatusOr<Contexts> Parse(const YAML::Node& root) {
    if (root.IsNull()) return contexts_;
    if (!root.IsMap()) return Error(root, "must be a map with the keys 'current' and 'contexts'");
    YAML::Node current;
    for (const auto& entry : root) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (key == "current") {
        current.reset(entry.second);
      } else if (key == "contexts") {
        MTS_RETURN_IF_ERROR(ReadContexts(entry.second));
      } else {
        return Error(entry.first, Concat("unknown key '", key, "'; there are 'current' and 'contexts'"));
      }
    }
    MTS_RETURN_IF_ERROR(ReadCurrent(current));
    return contexts_;
  }

 private:
  absl::Status Error(const YAML::Node& node, std::string_view what) const {
    return absl::InvalidArgumentError(Concat(name_, ":", node.Mark().line + 1, ": ", what));
  }

  absl::Status ReadCurrent(const YAML::Node& current) {
    if (!current.IsDefined() || current.IsNull()) return absl::OkStatus();
    if (!current.IsScalar()) return Error(current, "'current' must be a name");
    contexts_.current = current.Scalar();
    if (contexts_.current.empty() || contexts_.named.contains(contexts_.current)) return absl::OkStatus();
    return Error(current, Concat("'current' names the context '", contexts_.current, "', which is not in the file"));
  }

  absl::Status ReadContexts(const YAML::Node& contexts) {
    if (contexts.IsNull()) return absl::OkStatus();
    if (!contexts.IsMap()) return Error(contexts, "'contexts' must be a map of names");
    for (const auto& entry : contexts) {
      const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (const absl::Status status = ValidateContextName(name); !status.ok()) {
        return Error(entry.first, ToStd(status.message()));
      }
      if (contexts_.named.contains(name)) return Error(entry.first, Concat("context '", name, "' is there twice"));
      MTS_RETURN_IF_ERROR(ReadContext(entry.second, name, contexts_.named[name]));
    }
    return absl::OkStatus();
  }

  absl::Status ReadContext(const YAML::Node& node, const std::string& name, Context& context) {
    if (node.IsNull()) return absl::OkStatus();
    if (!node.IsMap()) return Error(node, Concat("context '", name, "' must be a map of settings"));
    ClientOptions ignored;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const ClientSetting* const setting = FindClientSetting(key);
      if (setting == nullptr) return Error(entry.first, Concat("unknown setting '", key, "' of context '", name, "'"));
      if (!entry.second.IsScalar()) return Error(entry.second, Concat("setting '", key, "' needs one value"));
      if (const absl::Status status = setting->set(ignored, entry.second.Scalar()); !status.ok()) {
        return Error(entry.second, Concat(key, ": ", status.message()));
      }
      context.settings[key] = entry.second.Scalar();
    }
    return absl::OkStatus();
  }

  const std::string& name_;
  Contexts contexts_;
};

absl::StatusOr<std::string> ReadWhole(int fd, const std::string& path) {
  std::string text(kMaxFileBytes + 1, '\0');
  size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = read(fd, text.data() + length, text.size() - length);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return ErrnoStatus(errno, Concat("cannot read ", path));
    if (got > 0) length += static_cast<size_t>(got);
  }
  if (length > kMaxFileBytes) return absl::InvalidArgumentError(Concat(path, ": longer than 1 MiB"));
  text.resize(length);
  return text;
}

}  // namespace

std::string ContextsPath() {
  if (const char* const home = std::getenv("XDG_CONFIG_HOME"); home != nullptr && home[0] == '/') {
    return Concat(home, "/minitoolstream/", kFileName);
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return Concat(home, "/.config/minitoolstream/", kFileName);
  }
  return "";
}

absl::Status ValidateContextName(std::string_view name) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  const bool valid = !name.empty() && name.size() <= kMaxNameBytes && name[0] != '-' && name[0] != '.' &&
                     std::all_of(name.begin(), name.end(), allowed);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("'", name, "' is not a context's name: 1 to ", kMaxNameBytes,
                                           " letters, digits, '-', '_' and '.', not beginning with '-' or '.'"));
}

absl::StatusOr<Contexts> ParseContexts(const std::string& text, const std::string& name) {
  if (const int64_t line = LineOfControlCharacter(text); line > 0) {
    return absl::InvalidArgumentError(Concat(name, ":", line, ": a control character; this is no text file"));
  }
  try {
    return Parser(name).Parse(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(Concat(name, ":", error.mark.line + 1, ": ", error.msg));
  }
}

std::string FormatContexts(const Contexts& contexts) {
  YAML::Emitter yaml;
  yaml << YAML::BeginMap;
  if (!contexts.current.empty()) yaml << YAML::Key << "current" << YAML::Value << contexts.current;
  yaml << YAML::Key << "contexts" << YAML::Value << YAML::BeginMap;
  for (const auto& [name, context] : contexts.named) {
    yaml << YAML::Key << name << YAML::Value << YAML::BeginMap;
    for (const auto& [key, value] : context.settings) yaml << YAML::Key << key << YAML::Value << value;
    yaml << YAML::EndMap;
  }
  yaml << YAML::EndMap << YAML::EndMap;
  return Concat("# Written by: minitoolstream context\n", yaml.c_str(), "\n");
}

absl::StatusOr<Contexts> ReadContexts() {
  const std::string path = ContextsPath();
  if (path.empty()) return Contexts();
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && (errno == ENOENT || errno == ENOTDIR)) return Contexts();
  if (!file.valid()) return ErrnoStatus(errno, Concat("cannot read ", path));
  MTS_ASSIGN_OR_RETURN(const std::string text, ReadWhole(file.get(), path));
  return ParseContexts(text, path);
}

absl::Status WriteContexts(const Contexts& contexts) {
  const std::string path = ContextsPath();
  if (path.empty())
    return absl::FailedPreconditionError("neither XDG_CONFIG_HOME nor HOME says where contexts are kept");
  const std::string folder_path = std::filesystem::path(path).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(folder_path, error);
  if (error) return ErrnoStatus(error.value(), Concat("cannot make the folder ", folder_path));
  MTS_ASSIGN_OR_RETURN(OutputFolder folder, OutputFolder::Open(folder_path));
  MTS_ASSIGN_OR_RETURN(OutputFile file, folder.Create({kFileName}, Concat(getpid()), /*resume=*/false));
  MTS_RETURN_IF_ERROR(file.Write(FormatContexts(contexts)));
  return file.Commit(0600);
}

absl::StatusOr<ChosenContext> ChooseContext(const std::optional<std::string>& wanted) {
  if (wanted.has_value() && wanted->empty()) return ChosenContext();
  MTS_ASSIGN_OR_RETURN(const Contexts contexts, ReadContexts());
  const std::string& name = wanted.has_value() ? *wanted : contexts.current;
  if (name.empty()) return ChosenContext();
  const auto found = contexts.named.find(name);
  if (found == contexts.named.end()) return UnknownContextError(name, contexts);
  return ChosenContext{name, found->second};
}

absl::Status UnknownContextError(std::string_view name, const Contexts& contexts) {
  std::string names;
  for (const auto& [known, context] : contexts.named) names += Concat(names.empty() ? "" : ", ", known);
  return absl::NotFoundError(
      Concat("there is no context '", name, "' in ", ContextsPath(), "; it has ", names.empty() ? "none" : names));
}

}  // namespace mts::cli
