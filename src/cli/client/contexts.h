// Contexts: named sets of client settings in a small YAML file, so that a server is named by one word. One of them may
// be in use; a flag or a variable counts more than what a context says.
//
//   current: production
//   contexts:
//     production:
//       ingress: stream.example:50051
//       egress: stream.example:50052
//
// Threading: one thread. Errors: INVALID_ARGUMENT with "file:line" for a file that is not as above; those of the disk.
// Limits: a file of 1 MiB.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mts::cli {

struct Context {
  std::map<std::string, std::string> settings;  // by the name of a ClientSetting, valid
};

struct Contexts {
  std::string current;  // empty: none
  std::map<std::string, Context> named;
};

// XDG_CONFIG_HOME/minitoolstream/contexts.yaml, or below HOME/.config; empty where neither is set.
std::string ContextsPath();

// 1 to 64 letters, digits, '-', '_' and '.', not beginning with '-' or '.'.
absl::Status ValidateContextName(std::string_view name);

// `name` stands in errors.
absl::StatusOr<Contexts> ParseContexts(const std::string& text, const std::string& name);
std::string FormatContexts(const Contexts& contexts);

// What the file holds; nothing where there is none.
absl::StatusOr<Contexts> ReadContexts();
// Replaces the file as a whole; makes its folder.
absl::Status WriteContexts(const Contexts& contexts);

struct ChosenContext {
  std::string name;  // empty: none
  Context context;
};
// The one that `wanted` names (empty: none at all), or the one in use where it is absent.
absl::StatusOr<ChosenContext> ChooseContext(const std::optional<std::string>& wanted);

// "there is no context 'x' in FILE; it has: a, b".
absl::Status UnknownContextError(std::string_view name, const Contexts& contexts);

}  // namespace mts::cli
