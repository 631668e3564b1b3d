#include "cli/manual/help_text.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "base/text.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr int kWidest = 100;  // longer lines are hard to read
constexpr int kNarrowest = 40;
constexpr size_t kTextColumn = 28;

class HelpPage {
 public:
  HelpPage(const CommandDescription& command, int width, bool colour)
      : command_(command), width_(static_cast<size_t>(std::clamp(width, kNarrowest, kWidest))), colour_(colour) {}

  std::string Write() {
    Paragraph(command_.summary);
    page_ += Concat("\n", Heading("Usage:"), " ", Wrapped(command_.Usage(), 7, width_), "\n");
    Blocks(command_.details);
    Options("Arguments", command_.positionals);
    for (const OptionGroup& group : command_.groups) Options(group.title, group.options);
    Commands();
    Blocks(command_.notes);
    if (!command_.HasNote("Exit codes")) ExitCodes();
    return std::move(page_);
  }

 private:
  std::string Heading(std::string_view text) const { return Styled(text, Style::kBold, colour_); }
  void Paragraph(std::string_view text) { page_ += Concat(Wrapped(text, 0, width_), "\n"); }

  void Blocks(const std::vector<TextBlock>& blocks) {
    for (const TextBlock& block : blocks) {
      page_ += "\n";
      if (!block.paragraph.empty()) Paragraph(block.paragraph);
      if (!block.heading.empty()) page_ += Heading(Concat(block.heading, ":")) + "\n";
      for (const std::string& line : block.lines) page_ += Concat("  ", line, "\n");
    }
  }

  void Entry(std::string_view name, std::string_view text) {
    std::string line = Concat("  ", name);
    if (ColumnsOf(line) + 2 > kTextColumn) {
      page_ += line + "\n";
      line.clear();
    }
    page_ += Concat(line, std::string(kTextColumn - ColumnsOf(line), ' '), Wrapped(text, kTextColumn, width_), "\n");
  }

  void Options(std::string_view title, const std::vector<OptionDescription>& options) {
    if (options.empty()) return;
    page_ += Concat("\n", Heading(Concat(title, ":")), "\n");
    for (const OptionDescription& option : options) Entry(option.Spelling(), option.text);
  }

  void Commands() {
    if (command_.commands.empty()) return;
    page_ += Concat("\n", Heading("Commands:"), "\n");
    for (const CommandDescription& command : command_.commands) Entry(command.name, command.summary);
    page_ += "\n";
    Paragraph(Concat("'", command_.path, " COMMAND --help' tells of one of them."));
  }

  void ExitCodes() {
    page_ += Concat("\n", Heading("Exit codes:"), "\n");
    for (const ExitCodeMeaning& meaning : kExitCodeMeanings) {
      const std::string code = Concat(static_cast<int>(meaning.code));
      page_ += Concat("  ", code, std::string(5 - code.size(), ' '), Wrapped(meaning.text, 7, width_), "\n");
    }
  }

  const CommandDescription& command_;
  const size_t width_;
  const bool colour_;
  std::string page_;
};

}  // namespace

std::string Wrapped(std::string_view text, size_t indentation, size_t width) {
  std::string wrapped;
  size_t column = indentation;
  for (const absl::string_view word : absl::StrSplit(ToAbsl(text), ' ', absl::SkipEmpty())) {
    const size_t columns = ColumnsOf(ToStd(word));
    if (!wrapped.empty() && column + 1 + columns > width) {
      wrapped += Concat("\n", std::string(indentation, ' '));
      column = indentation;
    } else if (!wrapped.empty()) {
      wrapped += " ";
      ++column;
    }
    wrapped += Concat(word);
    column += columns;
  }
  return wrapped;
}

std::string HelpText(const CommandDescription& command, int width, bool colour) {
  return HelpPage(command, width, colour).Write();
}

std::shared_ptr<CLI::FormatterBase> HelpFormatter() {
  return std::make_shared<CLI::FormatterLambda>([](const CLI::App* app, std::string path, CLI::AppFormatMode) {
    return HelpText(Describe(*app, path), TerminalWidth(), ColourOnStdout());
  });
}

}  // namespace mts::cli
