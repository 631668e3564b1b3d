#include "cli/terminal/notices.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/text.h"

namespace mts::cli {
namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

ABSL_CONST_INIT absl::Mutex stderr_mutex(absl::kConstInit);
bool status_line_shown ABSL_GUARDED_BY(stderr_mutex) = false;

// stderr is the last resort: if it cannot be written, nobody can be told.
void WriteToStderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 1) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void PrintLine(std::string_view line) {
  absl::MutexLock lock(&stderr_mutex);
  const std::string_view clear = status_line_shown ? kClearLine : std::string_view();
  status_line_shown = false;
  WriteToStderr(Concat(clear, line, "\n"));
}

std::string OnOneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

bool ColourAllowed() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::kBold:
      return "\x1b[1m";
    case Style::kRed:
      return "\x1b[1;31m";
    case Style::kYellow:
      return "\x1b[33m";
    case Style::kDim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

bool StderrIsTerminal() {
  static const bool terminal = isatty(STDERR_FILENO) == 1;
  return terminal;
}

bool StdoutIsTerminal() {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  return terminal;
}

int TerminalWidth() {
  winsize size = {};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 80;
}

std::string Styled(std::string_view text, Style style, bool use) {
  return use ? Concat(CodeOf(style), text, "\x1b[0m") : std::string(text);
}

bool ColourOnStdout() {
  static const bool colour = StdoutIsTerminal() && ColourAllowed();
  return colour;
}

bool ColourOnStderr() {
  static const bool colour = StderrIsTerminal() && ColourAllowed();
  return colour;
}

void PrintError(std::string_view command, std::string_view message) {
  PrintLine(
      Concat(Styled(Concat("minitoolstream", command.empty() ? "" : " ", command, ":"), Style::kRed, ColourOnStderr()),
             " ", OnOneLine(message)));
}

void PrintNote(std::string_view message) {
  PrintLine(Concat(Styled("note:", Style::kYellow, ColourOnStderr()), " ", OnOneLine(message)));
}

void ShowStatusLine(std::string_view line) {
  if (!StderrIsTerminal()) return;
  absl::MutexLock lock(&stderr_mutex);
  if (line.empty() && !status_line_shown) return;
  status_line_shown = !line.empty();
  WriteToStderr(Concat(kClearLine, line));
}

}  // namespace mts::cli
