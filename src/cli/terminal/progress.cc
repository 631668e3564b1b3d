#include "cli/terminal/progress.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/text.h"
#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kRedrawEvery = absl::Milliseconds(100);
constexpr absl::Duration kRateWindow = absl::Seconds(1);
constexpr int kBarColumns = 24;

}  // namespace

std::string ProgressLine(uint64_t done, uint64_t total, double bytes_per_second, std::string_view what, int width) {
  std::string line;
  const std::string rate = Concat(FormatBytes(static_cast<uint64_t>(bytes_per_second)), "/s");
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const int filled = static_cast<int>(share * kBarColumns);
    const absl::Duration left =
        bytes_per_second < 1 ? absl::InfiniteDuration()
                             : absl::Seconds(static_cast<double>(total - std::min(done, total)) / bytes_per_second);
    line = absl::StrFormat("[%s%s] %3d%%  %s of %s  %s  %s left", std::string(filled, '='),
                           std::string(kBarColumns - filled, ' '), static_cast<int>(share * 100), FormatBytes(done),
                           FormatBytes(total), rate, FormatClock(left));
  } else {
    line = absl::StrFormat("%s  %s", FormatBytes(done), rate);
  }
  const int room = width - 1 - static_cast<int>(line.size());
  if (room < 0) return line.substr(0, static_cast<size_t>(std::max(width - 1, 0)));
  if (room > 10 && !what.empty()) line += Concat("  ", PrintableText(what, static_cast<size_t>(room) - 2));
  return line;
}

Progress::Progress(uint64_t total_bytes)
    : total_(total_bytes), shown_(StderrIsTerminal()), started_(absl::Now()), rate_from_(started_) {}

Progress::~Progress() { ShowStatusLine(""); }

void Progress::Show(std::string_view what) {
  if (!shown_) return;
  const absl::Time now = absl::Now();
  if (now - last_draw_ < kRedrawEvery) return;
  last_draw_ = now;
  ShowStatusLine(Line(what, now));
}

std::string Progress::Line(std::string_view what, absl::Time now) {
  const uint64_t done = done_.load(std::memory_order_relaxed);
  const absl::Duration passed = now - rate_from_;
  if (passed >= kRateWindow || rate_ == 0) {
    const double bytes = static_cast<double>(done) - static_cast<double>(rate_from_bytes_);
    const double recent = std::max(0.0, bytes / std::max(absl::ToDoubleSeconds(passed), 1e-3));
    rate_ = rate_ == 0 ? recent : 0.6 * rate_ + 0.4 * recent;
    rate_from_ = now;
    rate_from_bytes_ = done;
  }
  return ProgressLine(done, total_, rate_, what, TerminalWidth());
}

}  // namespace mts::cli
