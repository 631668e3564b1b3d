#include "cli/manual/completion.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mts::cli {
namespace {

ValueSource SourceOf(const OptionDescription& option) {
  static const std::map<std::string_view, ValueSource> kSources = {
      {"FILE", ValueSource::kFiles},       {"PATH", ValueSource::kFiles},         {"FOLDER", ValueSource::kFolders},
      {"SUBJECT", ValueSource::kSubjects}, {"CONSUMER", ValueSource::kConsumers}, {"CONTEXT", ValueSource::kContexts}};
  const auto found = kSources.find(option.placeholder);
  return found == kSources.end() ? ValueSource::kNone : found->second;
}

class Walk {
 public:
  explicit Walk(const CommandDescription& program) : command_(&program) {}

  void Take(const std::string& word) {
    if (pending_ != nullptr) return Give(*std::exchange(pending_, nullptr), word);
    if (only_positionals_ || word.size() < 2 || word[0] != '-') return TakePlainWord(word);
    if (word == "--") {
      only_positionals_ = true;
      return;
    }
    const size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const OptionDescription* const option = FindOption(word.substr(0, equals));
    if (option == nullptr || !option->takes_value()) return;
    if (equals != std::string::npos) return Give(*option, word.substr(equals + 1));
    const bool attached = !word.starts_with("--") && word.size() > 2;  // -ojson
    if (attached) return Give(*option, word.substr(2));
    pending_ = option;
  }

  Completion Finish(const std::string& word) {
    completion_.partial = word;
    if (pending_ != nullptr) {
      AddValues(*pending_);
    } else if (only_positionals_ || !word.starts_with('-')) {
      AddCommandsAndPositional();
    } else if (const size_t equals = word.find('='); word.starts_with("--") && equals != std::string::npos) {
      completion_.prefix = word.substr(0, equals + 1);
      completion_.partial = word.substr(equals + 1);
      const OptionDescription* const option = FindOption(word.substr(0, equals));
      if (option != nullptr && option->takes_value()) AddValues(*option);
    } else {
      AddOptions();
    }
    return std::move(completion_);
  }

 private:
  void TakePlainWord(const std::string& word) {
    if (positionals_ == 0) {
      for (const CommandDescription& sub : command_->commands) {
        if (sub.name == word) {
          command_ = &sub;
          return;
        }
      }
    }
    ++positionals_;
  }

  void Give(const OptionDescription& option, std::string value) {
    if (!option.long_names.empty()) completion_.given[option.long_names.front()] = std::move(value);
  }

  // By "--name", "-n" or "-nVALUE".
  const OptionDescription* FindOption(std::string_view word) const {
    for (const OptionGroup& group : command_->groups) {
      for (const OptionDescription& option : group.options) {
        const auto& names = word.starts_with("--") ? option.long_names : option.short_names;
        const std::string_view name = word.starts_with("--") ? word.substr(2) : word.substr(1, 1);
        if (std::find(names.begin(), names.end(), name) != names.end()) return &option;
      }
    }
    return nullptr;
  }

  void Add(std::string text, std::string_view description) {
    if (!text.starts_with(completion_.partial)) return;
    completion_.candidates.push_back({completion_.prefix + text, std::string(description)});
  }
  void AddValues(const OptionDescription& option) {
    for (const std::string& choice : option.Choices()) Add(choice, "");
    completion_.values = SourceOf(option);
  }
  void AddOptions() {
    for (const OptionGroup& group : command_->groups) {
      for (const OptionDescription& option : group.options) {
        for (const std::string& name : option.long_names) Add("--" + name, option.text);
        for (const std::string& name : option.short_names) Add("-" + name, option.text);
      }
    }
  }
  void AddCommandsAndPositional() {
    if (positionals_ == 0) {
      for (const CommandDescription& sub : command_->commands) Add(sub.name, sub.summary);
    }
    const auto& positionals = command_->positionals;
    if (positionals.empty()) return;
    if (positionals_ < positionals.size()) return AddValues(positionals[positionals_]);
    if (positionals.back().repeatable) AddValues(positionals.back());
  }

  const CommandDescription* command_;
  const OptionDescription* pending_ = nullptr;  // its value comes next
  bool only_positionals_ = false;
  size_t positionals_ = 0;
  Completion completion_;
};

}  // namespace

Completion Complete(const CommandDescription& program, const std::vector<std::string>& words) {
  Walk walk(program);
  for (size_t i = 0; i + 1 < words.size(); ++i) walk.Take(words[i]);
  return walk.Finish(words.empty() ? std::string() : words.back());
}

}  // namespace mts::cli
