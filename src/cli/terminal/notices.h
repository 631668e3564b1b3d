// Everything that goes to stderr: errors and notes as one line each, colour only on a terminal (and never with
// NO_COLOR). A progress line that is being shown is cleared first.
//
// Threading: any thread; lines do not mix.
#pragma once

#include <string>
#include <string_view>

namespace mts::cli {

bool StderrIsTerminal();
bool StdoutIsTerminal();
// Columns of the terminal, 80 where it is not known.
int TerminalWidth();

enum class Style { kBold, kRed, kYellow, kDim };
// `text` in that style if `use` is set.
std::string Styled(std::string_view text, Style style, bool use);
bool ColourOnStdout();
bool ColourOnStderr();

// "minitoolstream COMMAND: MESSAGE"; line breaks in `message` become spaces.
void PrintError(std::string_view command, std::string_view message);
void PrintNote(std::string_view message);

// Replaces the line shown before; an empty `line` clears it. Only for terminals.
void ShowStatusLine(std::string_view line);

}  // namespace mts::cli
