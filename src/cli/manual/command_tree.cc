#include "cli/manual/command_tree.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/text.h"

namespace mts::cli {
namespace {

std::string PlaceholderOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  std::string text(absl::StripAsciiWhitespace(option.get_option_text()));
  if (!text.empty()) return text;
  if (option.get_positional()) return option.get_name(true);
  return option.get_type_name().empty() ? "VALUE" : option.get_type_name();
}

OptionDescription DescribeOption(const CLI::Option& option) {
  OptionDescription described;
  described.short_names = option.get_snames();
  described.long_names = option.get_lnames();
  if (option.get_positional()) described.positional = option.get_name(true);
  described.placeholder = PlaceholderOf(option);
  described.text = option.get_description();
  described.variable = option.get_envname();
  described.required = option.get_required();
  described.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return described;
}

std::vector<OptionGroup> DescribeGroups(const CLI::App& app) {
  std::vector<OptionGroup> groups;
  for (const std::string& title : app.get_groups()) {
    OptionGroup group{title, {}};
    const auto belongs = [&](const CLI::Option* option) {
      return option->get_group() == title && option->nonpositional();
    };
    for (const CLI::Option* option : app.get_options(belongs)) group.options.push_back(DescribeOption(*option));
    if (!title.empty() && !group.options.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

// The last sentence where it ends with a colon, without it.
std::string TakeHeading(std::string& paragraph) {
  if (!paragraph.ends_with(':')) return "";
  const size_t sentence = paragraph.rfind(". ");
  const size_t begin = sentence == std::string::npos ? 0 : sentence + 2;
  std::string heading = paragraph.substr(begin, paragraph.size() - 1 - begin);
  paragraph.erase(begin == 0 ? 0 : begin - 1);
  return heading;
}

void AddParagraphLine(std::vector<TextBlock>& blocks, std::string_view line, bool continues) {
  if (continues) {
    blocks.back().paragraph += Concat(" ", line);
  } else {
    blocks.push_back({"", std::string(line), {}});
  }
}

}  // namespace

std::vector<std::string> OptionDescription::Choices() const {
  if (placeholder.find('|') == std::string::npos) return {};
  return absl::StrSplit(placeholder, '|');
}

std::string OptionDescription::Spelling() const {
  if (!positional.empty()) return positional;
  std::vector<std::string> names;
  for (const std::string& name : short_names) names.push_back("-" + name);
  for (const std::string& name : long_names) names.push_back("--" + name);
  return Concat(absl::StrJoin(names, ", "), takes_value() ? " " : "", placeholder);
}

std::string CommandDescription::Usage() const {
  std::string usage = path;
  if (!groups.empty()) usage += " [OPTIONS]";
  for (const OptionDescription& positional : positionals) {
    const std::string name = Concat(positional.positional, positional.repeatable ? "..." : "");
    usage += positional.required ? Concat(" ", name) : Concat(" [", name, "]");
  }
  if (!commands.empty()) usage += needs_command ? " COMMAND" : " [COMMAND]";
  return usage;
}

bool CommandDescription::HasNote(std::string_view heading) const {
  return std::any_of(notes.begin(), notes.end(), [&](const TextBlock& block) { return block.heading == heading; });
}

CommandDescription Describe(const CLI::App& app, const std::string& path) {
  CommandDescription command;
  command.path = path;
  command.name = app.get_name();
  const std::string description = app.get_description();
  const size_t end = std::min(description.find('\n'), description.size());
  command.summary = description.substr(0, end);
  command.details = ParseBlocks(description.substr(end));
  command.notes = ParseBlocks(app.get_footer());
  const auto is_shown_positional = [](const CLI::Option* option) {
    return option->get_positional() && !option->get_group().empty();
  };
  for (const CLI::Option* option : app.get_options(is_shown_positional)) {
    command.positionals.push_back(DescribeOption(*option));
  }
  command.groups = DescribeGroups(app);
  const auto is_shown = [](const CLI::App* sub) { return !sub->get_name().empty() && !sub->get_group().empty(); };
  for (const CLI::App* sub : app.get_subcommands(is_shown)) {
    command.commands.push_back(Describe(*sub, Concat(path, " ", sub->get_name())));
  }
  command.needs_command = app.get_require_subcommand_min() > 0;
  return command;
}

std::vector<TextBlock> ParseBlocks(std::string_view text) {
  std::vector<TextBlock> blocks;
  bool in_paragraph = false;
  for (const absl::string_view line : absl::StrSplit(ToAbsl(text), '\n')) {
    const std::string_view content = ToStd(absl::StripAsciiWhitespace(line));
    if (content.empty()) {
      in_paragraph = false;
    } else if (!absl::StartsWith(line, "  ")) {
      AddParagraphLine(blocks, content, in_paragraph);
      in_paragraph = true;
    } else {
      if (blocks.empty() || blocks.back().lines.empty()) {
        std::string heading;
        if (in_paragraph) heading = TakeHeading(blocks.back().paragraph);
        if (!in_paragraph || !blocks.back().paragraph.empty()) blocks.push_back({});
        blocks.back().heading = std::move(heading);
      }
      blocks.back().lines.emplace_back(ToStd(line.substr(2)));
      in_paragraph = false;
    }
  }
  return blocks;
}

}  // namespace mts::cli
