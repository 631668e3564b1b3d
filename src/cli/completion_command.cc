#include "cli/completion_command.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "cli/client/client_settings.h"
#include "cli/client/command.h"
#include "cli/client/contexts.h"
#include "cli/manual/command_tree.h"
#include "cli/manual/completion.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kAskServerFor = absl::Milliseconds(500);
constexpr uint32_t kMostNames = 1000;

class CompletionCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option("SHELL", shell_, "The shell that is to load it")
        ->required()
        ->option_text("bash|zsh|fish")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }
  absl::Status Run() override { return StandardOutput().Write(CompletionScript(shell_)); }

 private:
  std::string shell_;
};

// As a command with the options given so far would have them; what is wrong with them is left to that command.
ClientOptions OptionsFrom(const std::map<std::string, std::string>& given) {
  const auto value_of = [&](const std::string& flag, const std::string& variable) -> std::optional<std::string> {
    if (const auto found = given.find(flag); found != given.end()) return found->second;
    const char* const value = std::getenv(variable.c_str());
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
  };
  ClientOptions options;
  const auto chosen = ChooseContext(value_of("context", "MINITOOLSTREAM_CONTEXT"));
  for (const ClientSetting& setting : ClientSettings()) {
    std::optional<std::string> value = value_of(setting.name, setting.variable);
    if (!value.has_value() && chosen.ok()) {
      const auto found = chosen->context.settings.find(setting.name);
      if (found != chosen->context.settings.end()) value = found->second;
    }
    if (value.has_value()) (void)setting.set(options, *value);
  }
  return options;
}

std::vector<Candidate> Subjects(const ClientOptions& options) {
  const Connection connection(options);
  pb::ListSubjectsRequest request;
  request.set_page_size(kMostNames);
  pb::ListSubjectsResponse response;
  Call call(kAskServerFor);
  std::vector<Candidate> names;
  if (!connection.admin().ListSubjects(call.context(), request, &response).ok()) return names;
  for (const pb::SubjectInfo& subject : response.subjects()) {
    names.push_back({subject.subject(), Concat(subject.messages(), " messages")});
  }
  return names;
}

std::vector<Candidate> Consumers(const ClientOptions& options) {
  const Connection connection(options);
  pb::ListConsumersRequest request;
  request.set_page_size(kMostNames);
  pb::ListConsumersResponse response;
  Call call(kAskServerFor);
  std::vector<Candidate> names;
  if (!connection.admin().ListConsumers(call.context(), request, &response).ok()) return names;
  for (const pb::ConsumerInfo& consumer : response.consumers()) {
    names.push_back({consumer.durable_name(), Concat("of ", consumer.subject())});
  }
  return names;
}

std::vector<Candidate> ContextNames() {
  std::vector<Candidate> names;
  const auto contexts = ReadContexts();
  if (!contexts.ok()) return names;
  for (const auto& [name, context] : contexts->named) {
    names.push_back({name, name == contexts->current ? "in use" : ""});
  }
  return names;
}

std::vector<Candidate> ValuesOf(const Completion& completion) {
  switch (completion.values) {
    case ValueSource::kSubjects:
      return Subjects(OptionsFrom(completion.given));
    case ValueSource::kConsumers:
      return Consumers(OptionsFrom(completion.given));
    case ValueSource::kContexts:
      return ContextNames();
    default:
      return {};
  }
}

// A name with a tab or a line break in it cannot be told to the script.
bool CanBeTold(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

std::string_view DirectiveOf(ValueSource values) {
  if (values == ValueSource::kFiles) return "files\n";
  return values == ValueSource::kFolders ? "folders\n" : "words\n";
}

}  // namespace

void AddCompletionCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"completion", "Print the script with which a shell completes command lines",
              "  source <(minitoolstream completion bash)                          in ~/.bashrc\n"
              "  source <(minitoolstream completion zsh)                           in ~/.zshrc, after compinit\n"
              "  minitoolstream completion fish | source                           in ~/.config/fish/config.fish",
              "Commands, flags and values are completed: choices, file names, contexts, and the subjects and consumers "
              "of the server that the command line names, if it answers within half a second."},
             std::make_shared<CompletionCommand>());
}

int AnswerCompletion(const CLI::App& program, const std::vector<std::string>& words) {
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  Completion completion = Complete(Describe(program, program.get_name()), words);
  for (Candidate& value : ValuesOf(completion)) {
    const bool fits = value.text.starts_with(completion.partial) && CanBeTold(value.text);
    if (fits) completion.candidates.push_back({completion.prefix + value.text, std::move(value.description)});
  }
  std::string answer(DirectiveOf(completion.values));
  for (const Candidate& candidate : completion.candidates) {
    answer += Concat(candidate.text, "\t", candidate.description, "\n");
  }
  absl::Status status = StandardOutput().Write(answer);
  status.Update(StandardOutput().Flush());
  return status.ok() ? kSuccess : kFailure;
}

}  // namespace mts::cli
