// The commands, their options and texts as CLI11 knows them, as plain values: what --help, the man page and completion
// are made from, so that none of them can say something else than what is parsed.
//
// Threading: pure functions. Limits: options and commands whose group is empty are hidden and left out.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mts::cli {

struct OptionDescription {
  std::vector<std::string> short_names;  // "o"
  std::vector<std::string> long_names;   // "format"
  std::string positional;                // its name where it is one: "SUBJECT"
  std::string placeholder;               // of its value: "HOST:PORT", "table|json"; empty: it takes none
  std::string text;
  std::string variable;  // of the environment; empty: none
  bool required = false;
  bool repeatable = false;

  bool takes_value() const { return !placeholder.empty(); }
  // The values it accepts where its placeholder lists them: {"table", "json"}.
  std::vector<std::string> Choices() const;
  // "-o, --format table|json", or the positional's name.
  std::string Spelling() const;
};

struct OptionGroup {
  std::string title;  // "Options"
  std::vector<OptionDescription> options;
};

// A piece of free text: a paragraph, or lines that stay as they are under a heading.
struct TextBlock {
  std::string heading;             // without its colon; empty: none
  std::string paragraph;           // on one line
  std::vector<std::string> lines;  // without their indentation
};

struct CommandDescription {
  std::string path;     // "minitoolstream context add"
  std::string name;     // "add"
  std::string summary;  // one line
  std::vector<TextBlock> details;
  std::vector<TextBlock> notes;  // examples, exit codes of its own
  std::vector<OptionDescription> positionals;
  std::vector<OptionGroup> groups;
  std::vector<CommandDescription> commands;
  bool needs_command = false;

  // "minitoolstream pub [OPTIONS] SUBJECT [TEXT]".
  std::string Usage() const;
  // Whether its notes say under this heading what is otherwise said for all commands.
  bool HasNote(std::string_view heading) const;
};

// `path`: what is typed to call it.
CommandDescription Describe(const CLI::App& app, const std::string& path);

// Lines that begin with two spaces are kept, and belong to the line before where that ends with a colon; other lines
// are paragraphs, parted by empty lines.
std::vector<TextBlock> ParseBlocks(std::string_view text);

}  // namespace mts::cli
