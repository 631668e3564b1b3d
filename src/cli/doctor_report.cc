#include "cli/doctor_report.h"

#include <algorithm>

#include "base/text.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/table.h"

namespace mts::cli {
namespace {

using maintenance::Examined;
using maintenance::Finding;
using maintenance::Report;

constexpr size_t kMessagesShown = 3;
constexpr size_t kSubjectColumns = 40;
constexpr size_t kWhatColumns = 100;

std::string RelativePath(const std::string& path, const std::string& data_dir) {
  if (path.size() <= data_dir.size() || !path.starts_with(data_dir)) return path;
  const size_t begin = path[data_dir.size()] == '/' ? data_dir.size() + 1 : data_dir.size();
  return path.substr(begin);
}

std::string MessagesText(const Finding& finding) {
  if (finding.message_count == 0) return "-";
  std::string text;
  for (size_t i = 0; i < std::min(kMessagesShown, finding.messages.size()); ++i) {
    const maintenance::TouchedMessage& message = finding.messages[i];
    const std::string subject =
        message.subject.empty() ? std::string("?") : PrintableText(message.subject, kSubjectColumns);
    text += Concat(i == 0 ? "" : ", ", subject, " ", message.sequence.value());
  }
  const uint64_t shown = std::min<uint64_t>(kMessagesShown, finding.messages.size());
  if (finding.message_count > shown) text += Concat(" and ", FormatCount(finding.message_count - shown), " more");
  return text;
}

std::string FindingsTable(const Report& report, const std::string& data_dir, bool colour) {
  Table table({{"", Table::Align::kLeft},
               {"KIND", Table::Align::kLeft},
               {"FILE", Table::Align::kLeft},
               {"OFFSET", Table::Align::kRight},
               {"BYTES", Table::Align::kRight},
               {"MESSAGES", Table::Align::kLeft},
               {"WHAT", Table::Align::kLeft}});
  for (const Finding& finding : report.findings) {
    table.AddRow({finding.damage ? "damage" : "note", std::string(FindingKindName(finding.kind)),
                  PrintableText(RelativePath(finding.file, data_dir), kWhatColumns), Concat(finding.offset),
                  finding.bytes == 0 ? "-" : Concat(finding.bytes), MessagesText(finding),
                  PrintableText(finding.what, kWhatColumns)});
  }
  std::string text = table.ToString(colour);
  const uint64_t all = report.damaged + report.notices;
  if (all > report.findings.size()) text += Concat("... and ", FormatCount(all - report.findings.size()), " more\n");
  return text;
}

std::string ExaminedText(const Examined& examined) {
  return Concat(FormatCount(examined.segments), " segments with ", FormatCount(examined.messages), " messages (",
                FormatBytes(examined.bytes), "), last sequence ", examined.last_sequence.value(), "; ") +
         Concat(FormatCount(examined.indexes), " indexes, ", FormatCount(examined.tiers), " tiers, ",
                FormatCount(examined.checkpoints), " checkpoints, ", FormatCount(examined.payload_files),
                " payload files\n");
}

std::string Verdict(const Report& report) {
  if (report.sound()) return "sound\n";
  return Concat("damage in ", FormatCount(report.damaged), report.damaged == 1 ? " place\n" : " places\n");
}

std::string FindingJson(const Finding& finding) {
  std::string messages;
  for (const maintenance::TouchedMessage& message : finding.messages) {
    JsonObject object;
    object.Add("subject", message.subject).Add("sequence", message.sequence.value());
    messages += (messages.empty() ? "" : ",") + object.ToString();
  }
  JsonObject object;
  object.Add("damage", finding.damage).Add("kind", FindingKindName(finding.kind)).Add("file", finding.file);
  object.Add("offset", finding.offset).Add("bytes", finding.bytes).Add("what", finding.what);
  object.Add("message_count", finding.message_count).AddJson("messages", "[" + messages + "]");
  return object.ToString();
}

JsonObject ReportJson(const Report& report) {
  std::string findings;
  for (const Finding& finding : report.findings) findings += (findings.empty() ? "" : ",") + FindingJson(finding);
  const Examined& examined = report.examined;
  JsonObject counts;
  counts.Add("segments", examined.segments).Add("records", examined.records).Add("messages", examined.messages);
  counts.Add("indexes", examined.indexes).Add("tiers", examined.tiers).Add("checkpoints", examined.checkpoints);
  counts.Add("payload_files", examined.payload_files).Add("bytes", examined.bytes);
  counts.Add("last_sequence", examined.last_sequence.value());
  JsonObject object;
  object.Add("sound", report.sound()).Add("damaged", report.damaged).Add("notes", report.notices);
  object.Add("examined", counts).AddJson("findings", "[" + findings + "]");
  return object;
}

}  // namespace

std::string DoctorReportText(const maintenance::Repaired& result, const std::string& data_dir, bool colour) {
  std::string text = ExaminedText(result.before.examined);
  if (!result.before.findings.empty()) text += FindingsTable(result.before, data_dir, colour);
  text += Verdict(result.before);
  if (result.kept_in.empty()) return text;
  text += Concat("\nafter the repair (what it took away is kept in ", result.kept_in, "):\n");
  text += ExaminedText(result.after.examined);
  if (!result.after.findings.empty()) text += FindingsTable(result.after, data_dir, colour);
  return text + Verdict(result.after);
}

std::string DoctorReportJson(const maintenance::Repaired& result, const std::string& data_dir) {
  JsonObject object;
  object.Add("data_dir", data_dir);
  if (result.kept_in.empty()) {
    object.Add("report", ReportJson(result.before));
  } else {
    object.Add("kept_in", result.kept_in).Add("before_repair", ReportJson(result.before));
    object.Add("report", ReportJson(result.after));
  }
  return object.ToString() + "\n";
}

}  // namespace mts::cli
