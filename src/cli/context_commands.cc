#include "cli/context_commands.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/client_settings.h"
#include "cli/client/command.h"
#include "cli/client/contexts.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"

namespace mts::cli {
namespace {

CLI::Option* AddContextNameOption(CLI::App& app, std::string& name, const std::string& text) {
  return app.add_option("NAME", name, text)
      ->check([](const std::string& value) { return std::string(ValidateContextName(value).message()); })
      ->option_text("CONTEXT");
}

std::string SettingOf(const Context& context, const std::string& name) {
  const auto found = context.settings.find(name);
  return found == context.settings.end() ? std::string() : found->second;
}

class AddContextCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddContextNameOption(app, name_, "What it is called")->required()->option_text("NAME");
    for (const ClientSetting& setting : ClientSettings()) {
      options_.emplace_back(&setting, AddClientSettingOption(app, setting, checked_));
    }
    app.add_flag("--use", use_, "Take it from now on");
    app.add_flag("--replace", replace_, "Where there is one of this name already");
  }

  absl::Status Run() override {
    MTS_ASSIGN_OR_RETURN(Contexts contexts, ReadContexts());
    if (contexts.named.contains(name_) && !replace_) {
      return absl::AlreadyExistsError(
          Concat("there is a context '", name_, "' in ", ContextsPath(), " already; --replace replaces it"));
    }
    Context context;
    for (const auto& [setting, option] : options_) {
      if (option->count() > 0) context.settings[setting->name] = option->as<std::string>();
    }
    if (context.settings.empty()) return UsageError("a context needs a setting, for instance --ingress HOST:PORT");
    contexts.named[name_] = std::move(context);
    if (use_) contexts.current = name_;
    MTS_RETURN_IF_ERROR(WriteContexts(contexts));
    return StandardOutput().Write(Concat(name_, contexts.current == name_ ? ": added, and in use\n" : ": added\n"));
  }

 private:
  std::string name_;
  ClientOptions checked_;
  std::vector<std::pair<const ClientSetting*, CLI::Option*>> options_;
  bool use_ = false;
  bool replace_ = false;
};

class UseContextCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddContextNameOption(app, name_, "The context to take from now on");
    app.add_flag("--none", none_, "None from now on");
  }

  absl::Status Run() override {
    if (name_.empty() != none_) return UsageError("give a context's name, or --none");
    MTS_ASSIGN_OR_RETURN(Contexts contexts, ReadContexts());
    if (!none_ && !contexts.named.contains(name_)) return UnknownContextError(name_, contexts);
    contexts.current = name_;
    MTS_RETURN_IF_ERROR(WriteContexts(contexts));
    return StandardOutput().Write(none_ ? std::string("no context is in use\n") : Concat(name_, ": in use\n"));
  }

 private:
  std::string name_;
  bool none_ = false;
};

class RemoveContextCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override { AddContextNameOption(app, name_, "The context")->required(); }

  absl::Status Run() override {
    MTS_ASSIGN_OR_RETURN(Contexts contexts, ReadContexts());
    if (contexts.named.erase(name_) == 0) return UnknownContextError(name_, contexts);
    const bool was_current = contexts.current == name_;
    if (was_current) contexts.current.clear();
    MTS_RETURN_IF_ERROR(WriteContexts(contexts));
    return StandardOutput().Write(Concat(name_, was_current ? ": removed; no context is in use now\n" : ": removed\n"));
  }

 private:
  std::string name_;
};

class ListContextsCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override { AddFormatOption(app, format_); }

  absl::Status Run() override {
    MTS_ASSIGN_OR_RETURN(const Contexts contexts, ReadContexts());
    if (format_ == Format::kJson) return PrintJson(contexts);
    std::vector<Table::Column> columns = {{"CONTEXT"}, {"IN USE"}};
    for (const ClientSetting& setting : ClientSettings()) {
      columns.push_back({absl::AsciiStrToUpper(setting.name)});
    }
    Table table(std::move(columns));
    for (const auto& [name, context] : contexts.named) {
      std::vector<std::string> cells = {name, name == contexts.current ? "yes" : ""};
      for (const ClientSetting& setting : ClientSettings()) cells.push_back(SettingOf(context, setting.name));
      table.AddRow(std::move(cells));
    }
    if (!table.empty()) return StandardOutput().Write(table.ToString(ColourOnStdout()));
    if (StderrIsTerminal()) PrintNote(Concat("no contexts in ", ContextsPath()));
    return absl::OkStatus();
  }

 private:
  static absl::Status PrintJson(const Contexts& contexts) {
    for (const auto& [name, context] : contexts.named) {
      JsonObject object;
      object.Add("context", name).Add("in_use", name == contexts.current);
      for (const auto& [key, value] : context.settings) object.Add(key, value);
      MTS_RETURN_IF_ERROR(StandardOutput().Write(object.ToString() + "\n"));
    }
    return absl::OkStatus();
  }

  Format format_ = Format::kTable;
};

// What a command would take, and from where.
class ShowContextCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddContextNameOption(app, name_, "A context (default: MINITOOLSTREAM_CONTEXT, or the one in use)");
    AddFormatOption(app, format_);
  }

  absl::Status Run() override {
    std::optional<std::string> wanted;
    if (!name_.empty()) wanted = name_;
    if (const char* const named = std::getenv("MINITOOLSTREAM_CONTEXT");
        !wanted && named != nullptr && *named != '\0') {
      wanted = named;
    }
    MTS_ASSIGN_OR_RETURN(const ChosenContext chosen, ChooseContext(wanted));
    Table table({{"SETTING"}, {"VALUE"}, {"FROM"}});
    JsonObject object;
    object.Add("context", chosen.name).Add("file", ContextsPath());
    for (const ClientSetting& setting : ClientSettings()) {
      const auto [value, origin] = ValueOf(setting, chosen);
      table.AddRow({setting.name, value, origin});
      object.Add(setting.name, JsonObject().Add("value", value).Add("from", origin));
    }
    if (format_ == Format::kJson) return StandardOutput().Write(object.ToString() + "\n");
    return StandardOutput().Write(table.ToString(ColourOnStdout()));
  }

 private:
  static std::pair<std::string, std::string> ValueOf(const ClientSetting& setting, const ChosenContext& chosen) {
    const char* const variable = std::getenv(setting.variable.c_str());
    if (variable != nullptr && *variable != '\0') return {variable, Concat("environment ", setting.variable)};
    const auto found = chosen.context.settings.find(setting.name);
    if (found != chosen.context.settings.end()) return {found->second, Concat("context ", chosen.name)};
    return {setting.default_text, "default"};
  }

  std::string name_;
  Format format_ = Format::kTable;
};

constexpr char kDetails[] =
    "A context is a set of settings with a name. What a command needs to know comes from its flag, else from the "
    "variable, else from the context (--context, MINITOOLSTREAM_CONTEXT, or the one in use), else it has its "
    "default.\n\n"
    "Contexts lie in $XDG_CONFIG_HOME/minitoolstream/contexts.yaml, or below ~/.config.";

}  // namespace

void AddContextCommands(CLI::App& app, int& exit_code) {
  CLI::App* const group =
      app.add_subcommand("context", Concat("Name servers, and say which one is meant\n\n", kDetails));
  group->require_subcommand(1);
  group->footer(
      "Examples:\n"
      "  minitoolstream context add production --ingress stream:50051 --egress stream:50052 --use\n"
      "  minitoolstream context list\n"
      "  minitoolstream info --context production");
  AddCommand(*group, exit_code,
             {"add", "Add a context",
              "  minitoolstream context add production --ingress stream:50051 --egress stream:50052 --use\n"
              "  minitoolstream context add slow --timeout 5m --replace",
              kDetails},
             std::make_shared<AddContextCommand>());
  AddCommand(*group, exit_code,
             {"use", "Say which context is meant from now on",
              "  minitoolstream context use production\n"
              "  minitoolstream context use --none"},
             std::make_shared<UseContextCommand>());
  AddCommand(*group, exit_code,
             {"list", "List the contexts",
              "  minitoolstream context list\n"
              "  minitoolstream context list -o json"},
             std::make_shared<ListContextsCommand>());
  AddCommand(*group, exit_code,
             {"show", "What commands take, and where it comes from",
              "  minitoolstream context show\n"
              "  minitoolstream context show production -o json"},
             std::make_shared<ShowContextCommand>());
  AddCommand(*group, exit_code, {"remove", "Remove a context", "  minitoolstream context remove production"},
             std::make_shared<RemoveContextCommand>());
}

}  // namespace mts::cli
