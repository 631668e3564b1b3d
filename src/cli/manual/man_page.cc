#include "cli/manual/man_page.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/text.h"
#include "cli/terminal/exit_code.h"

namespace mts::cli {
namespace {

// Nothing in it is taken for a request or an escape.
std::string Escaped(std::string_view text) {
  std::string escaped;
  if (text.starts_with('.') || text.starts_with('\'')) escaped += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if (c == '\'') {
      escaped += "\\(aq";
    } else if (c == '^') {
      escaped += "\\(ha";
    } else if (c == '~') {
      escaped += "\\(ti";
    } else if (c == '`') {
      escaped += "\\(ga";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : Escaped(text)) quoted += c == '"' ? std::string("\\(dq") : std::string(1, c);
  return quoted + "\"";
}

class Page {
 public:
  Page(const CommandDescription& program, std::string version) : program_(program), version_(std::move(version)) {}

  std::string Write() {
    Line(Concat(".TH MINITOOLSTREAM 1 \"\" ", Quoted(Concat("minitoolstream ", version_)), " \"User Commands\""));
    Section("NAME");
    Line(Concat("minitoolstream \\- ", Escaped(program_.summary)));
    Section("SYNOPSIS");
    for (const CommandDescription& command : program_.commands) Synopsis(command);
    Section("DESCRIPTION");
    Blocks(program_.details);
    Section("OPTIONS");
    for (const OptionGroup& group : program_.groups) Options(group.options);
    for (const CommandDescription& command : program_.commands) FindShared(command);
    for (const auto& [title, shared] : shared_) {
      if (shared.commands < 2) continue;
      Line(Concat(".SS ", Quoted(Concat(title, " options of several commands"))));
      Options(shared.group.options);
    }
    Section("COMMANDS");
    for (const CommandDescription& command : program_.commands) Command(command);
    Section("EXIT STATUS");
    for (const ExitCodeMeaning& meaning : kExitCodeMeanings) {
      Entry(Concat(static_cast<int>(meaning.code)), meaning.text);
    }
    Section("ENVIRONMENT");
    Environment();
    for (const TextBlock& note : program_.notes) {
      Section(absl::AsciiStrToUpper(note.heading));
      Blocks({{"", note.paragraph, note.lines}});
    }
    return std::move(page_);
  }

 private:
  void Line(std::string_view line) { page_ += Concat(line, "\n"); }
  void Text(std::string_view text) { Line(Escaped(text)); }
  void Section(std::string_view title) { Line(Concat(".SH ", Quoted(title))); }
  void Entry(std::string_view name, std::string_view text) {
    Line(".TP");
    Line(Concat("\\fB", Escaped(name), "\\fR"));
    Text(text);
  }

  void Synopsis(const CommandDescription& command) {
    if (command.commands.empty()) {
      Line(Concat("\\fB", Escaped(command.path), "\\fR",
                  Escaped(std::string_view(command.Usage()).substr(command.path.size()))));
      Line(".br");
    }
    for (const CommandDescription& sub : command.commands) Synopsis(sub);
  }

  void Blocks(const std::vector<TextBlock>& blocks) {
    for (const TextBlock& block : blocks) {
      Line(".PP");
      if (!block.paragraph.empty()) Text(block.paragraph);
      if (!block.heading.empty()) Line(Concat("\\fB", Escaped(block.heading), "\\fR"));
      if (block.lines.empty()) continue;
      Line(".RS 4");
      Line(".nf");
      for (const std::string& line : block.lines) Text(line);
      Line(".fi");
      Line(".RE");
    }
  }

  void Options(const std::vector<OptionDescription>& options) {
    for (const OptionDescription& option : options) {
      Line(".TP");
      const std::string spelling = option.Spelling();
      const size_t names = option.positional.empty() && option.takes_value()
                               ? spelling.size() - option.placeholder.size()
                               : spelling.size();
      Line(Concat("\\fB", Escaped(spelling.substr(0, names)), "\\fR\\fI", Escaped(spelling.substr(names)), "\\fR"));
      Text(option.text);
      if (!option.variable.empty()) variables_.emplace(option.variable, Concat("As --", option.long_names.front()));
    }
  }

  void Command(const CommandDescription& command) {
    if (command.commands.empty()) {
      Line(Concat(".SS ", Quoted(command.Usage())));
      Line(Concat(Escaped(command.summary), command.summary.ends_with('.') ? "" : "."));
      Blocks(command.details);
      Options(command.positionals);
      for (const OptionGroup& group : command.groups) Group(group);
      Blocks(command.notes);
    }
    for (const CommandDescription& sub : command.commands) Command(sub);
  }
  // What several commands have in common is said once, and so is --help.
  void FindShared(const CommandDescription& command) {
    for (const OptionGroup& group : command.groups) {
      Shared& shared = shared_.try_emplace(group.title, Shared{group, 0}).first->second;
      if (group.title != "Options") ++shared.commands;
    }
    for (const CommandDescription& sub : command.commands) FindShared(sub);
  }
  void Group(const OptionGroup& group) {
    if (shared_.at(group.title).commands > 1) {
      Line(".PP");
      return Text(Concat(group.title, " options: see OPTIONS."));
    }
    std::vector<OptionDescription> rest = group.options;
    std::erase_if(
        rest, [](const OptionDescription& option) { return option.long_names == std::vector<std::string>{"help"}; });
    Options(rest);
  }

  void Environment() {
    for (const auto& [name, text] : variables_) Entry(name, Concat(text, "."));
    Entry("NO_COLOR",
          "If it is set and not empty, nothing is coloured; nothing is either where the output is no terminal.");
  }

  struct Shared {
    OptionGroup group;
    int commands;
  };

  const CommandDescription& program_;
  const std::string version_;
  std::string page_;
  std::map<std::string, Shared> shared_;  // by title
  std::map<std::string, std::string> variables_;
};

}  // namespace

std::string ManPage(const CommandDescription& program, const std::string& version) {
  return Page(program, version).Write();
}

}  // namespace mts::cli
