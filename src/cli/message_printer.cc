#include "cli/message_printer.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/download.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

// What a cell shows where no terminal sets a limit.
constexpr size_t kFileColumns = 1000;  // of a payload; -o raw and -o json give all of it
constexpr size_t kUnlimitedColumns = size_t{1} << 30;
constexpr size_t kColumnsBeforePayload = 56;  // and the subject's
constexpr size_t kMostSubjectColumns = 40;

std::string HeaderText(const pb::Message& message) {
  const std::map<std::string, std::string> sorted(message.headers().begin(), message.headers().end());
  std::string text;
  for (const auto& [key, value] : sorted) {
    if (key == "data-size" || key == "payload-status") continue;
    text += Concat(text.empty() ? "" : " ", PrintableText(key, 80), "=", PrintableText(value, 200));
  }
  return text;
}

std::string HeadersJson(const pb::Message& message) {
  JsonObject object;
  for (const auto& [key, value] :
       std::map<std::string, std::string>(message.headers().begin(), message.headers().end())) {
    object.Add(key, value);
  }
  return object.ToString();
}

std::string_view StatusName(const pb::Message& message) {
  switch (message.payload_status()) {
    case pb::PAYLOAD_STATUS_DEFERRED:
      return "deferred";
    case pb::PAYLOAD_STATUS_MISSING:
      return "missing";
    case pb::PAYLOAD_STATUS_CORRUPT:
      return "corrupt";
    default:
      return "inline";
  }
}

}  // namespace

std::string_view PayloadTrouble(const pb::Message& message) {
  switch (message.payload_status()) {
    case pb::PAYLOAD_STATUS_MISSING:
      return "its payload is missing in the store";
    case pb::PAYLOAD_STATUS_CORRUPT:
      return "its payload does not agree with its checksum";
    default:
      return "";
  }
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Status MessagePrinter::Print(const pb::Message& message) {
  switch (format_) {
    case Format::kJson:
      return PrintJson(message);
    case Format::kRaw:
      return PrintRaw(message);
    case Format::kTable:
      break;
  }
  return PrintTable(message);
}

absl::Status MessagePrinter::PrintTable(const pb::Message& message) {
  const bool terminal = StdoutIsTerminal();
  std::string subject = PrintableText(message.subject(), kUnlimitedColumns);
  // The column grows with what comes; it never shrinks, so that lines stay below each other.
  subject_columns_ = std::clamp(ColumnsOf(subject), subject_columns_, kMostSubjectColumns);
  subject.append(subject_columns_ - std::min(subject_columns_, ColumnsOf(subject)), ' ');
  if (!title_printed_ && terminal) {
    const std::string title = absl::StrFormat("%10s  %-24s  %-*s  %10s  %s", "SEQUENCE", "TIME",
                                              static_cast<int>(subject_columns_), "SUBJECT", "SIZE", "PAYLOAD");
    MTS_RETURN_IF_ERROR(StandardOutput().Write(Styled(title, Style::kBold, ColourOnStdout()) + "\n"));
  }
  title_printed_ = true;
  const size_t width = static_cast<size_t>(TerminalWidth());
  const size_t room = !terminal ? kFileColumns
                                : std::max(width, kColumnsBeforePayload + subject_columns_ + 20) -
                                      kColumnsBeforePayload - subject_columns_;
  std::string payload;
  if (message.payload_status() == pb::PAYLOAD_STATUS_DEFERRED) {
    payload = Concat("(minitoolstream get ", message.subject(), " ", message.sequence(), ")");
  } else if (const std::string_view trouble = PayloadTrouble(message); !trouble.empty()) {
    payload = Styled(Concat("(", trouble, ")"), Style::kRed, ColourOnStdout());
  } else {
    payload = PrintableText(message.data(), room);
  }
  const std::string headers = HeaderText(message);
  return StandardOutput().Write(
      absl::StrFormat("%10d  %s  %s  %10s  %s%s\n", message.sequence(), FormatTimestamp(TimeOf(message.timestamp())),
                      subject, FormatBytes(message.size()), payload,
                      headers.empty() ? "" : Styled(Concat("  ", headers), Style::kDim, ColourOnStdout())));
}

absl::Status MessagePrinter::PrintJson(const pb::Message& message) {
  JsonObject object;
  object.Add("subject", message.subject()).Add("sequence", message.sequence());
  object.Add("time", FormatTimestamp(TimeOf(message.timestamp()))).Add("size", message.size());
  object.AddJson("headers", HeadersJson(message)).Add("payload_status", StatusName(message));
  if (message.payload_status() == pb::PAYLOAD_STATUS_INLINE) object.AddPayload("data", message.data());
  return StandardOutput().Write(object.ToString() + "\n");
}

absl::Status MessagePrinter::PrintRaw(const pb::Message& message) {
  if (const std::string_view trouble = PayloadTrouble(message); !trouble.empty()) {
    PrintNote(Concat("message ", message.sequence(), " of ", message.subject(), ": ", trouble));
    return absl::OkStatus();
  }
  if (message.payload_status() == pb::PAYLOAD_STATUS_DEFERRED) {
    Progress progress(message.size());
    DownloadRange range;
    range.subject = message.subject();
    range.sequence = message.sequence();
    range.crc_before = 0;
    MTS_RETURN_IF_ERROR(DownloadPayload(connection_, range,
                                        [](std::string_view bytes) { return StandardOutput().Write(bytes); },
                                        {progress, "", false}));
  } else {
    MTS_RETURN_IF_ERROR(StandardOutput().Write(message.data()));
  }
  return StandardOutput().Write("\n");
}

}  // namespace mts::cli
