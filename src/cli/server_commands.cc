#include "cli/server_commands.h"

#include <map>
#include <string>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/message_printer.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"

namespace mts::cli {
namespace {

constexpr uint32_t kPageSize = 1000;

class InfoCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    pb::GetServerInfoResponse info;
    MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
      Call call(connection.options().timeout);
      return connection.EgressStatus(connection.admin().GetServerInfo(call.context(), {}, &info));
    }));
    return StandardOutput().Write(format_ == Format::kJson ? Json(info) : Text(info));
  }

 private:
  static std::string Json(const pb::GetServerInfoResponse& info) {
    JsonObject limits;
    limits.Add("max_message_bytes", info.limits().max_message_bytes());
    limits.Add("max_batch_messages", info.limits().max_batch_messages());
    limits.Add("max_batch_bytes", info.limits().max_batch_bytes());
    limits.Add("max_header_bytes", info.limits().max_header_bytes());
    limits.Add("max_subjects", info.limits().max_subjects());
    JsonObject object;
    object.Add("version", info.version()).Add("message_store", info.message_store());
    object.Add("payload_store", info.payload_store()).Add("durability", info.durability());
    object.Add("started", FormatTimestamp(TimeOf(info.started()))).Add("last_sequence", info.last_sequence());
    object.Add("messages", info.messages()).Add("bytes", info.bytes()).Add("limits", limits);
    JsonObject counters;
    for (const auto& [name, value] : Sorted(info)) counters.Add(name, value);
    object.Add("counters", counters).Add("write_failure", info.write_failure());
    return object.ToString() + "\n";
  }
  std::string Text(const pb::GetServerInfoResponse& info) {
    const auto line = [](std::string_view name, std::string_view value) {
      return Concat(Styled(Padded(name, 18), Style::kBold, ColourOnStdout()), value, "\n");
    };
    const pb::Limits& limits = info.limits();
    return Concat(line("version", info.version()), line("ingress", client_.addresses.ingress),
                  line("egress", client_.addresses.egress), line("message store", info.message_store()),
                  line("payload store", info.payload_store()), line("durability", info.durability())) +
           Concat(line("started", FormatTimestamp(TimeOf(info.started()))),
                  line("last sequence", Concat(info.last_sequence())), line("messages", FormatCount(info.messages())),
                  line("bytes", FormatBytes(info.bytes())),
                  line("largest message", FormatBytes(limits.max_message_bytes())),
                  line("largest batch", Concat(FormatCount(limits.max_batch_messages()), " messages, ",
                                               FormatBytes(limits.max_batch_bytes()))),
                  line("largest headers", FormatBytes(limits.max_header_bytes())),
                  line("most subjects", FormatCount(limits.max_subjects()))) +
           Counters(info);
  }
  // With a space behind it at least: the names of counters are the server's.
  static std::string Padded(std::string_view name, size_t width) {
    return Concat(name, std::string(name.size() < width ? width - name.size() : 1, ' '));
  }
  static std::map<std::string, uint64_t> Sorted(const pb::GetServerInfoResponse& info) {
    return {info.counters().begin(), info.counters().end()};
  }
  // What is not zero and should be is red.
  static std::string Counters(const pb::GetServerInfoResponse& info) {
    const bool colour = ColourOnStdout();
    std::string text;
    if (!info.write_failure().empty()) {
      text += Concat("\n", Styled(Concat("nothing can be written: ", info.write_failure()), Style::kRed, colour), "\n");
    }
    if (info.counters_size() > 0) text += Concat("\n", Styled("COUNTERS", Style::kBold, colour), "\n");
    for (const auto& [name, value] : Sorted(info)) {
      const bool trouble = value > 0 && name.find("damaged") != std::string::npos;
      text += Concat(Padded(name, 28), Styled(FormatCount(value), Style::kRed, colour && trouble), "\n");
    }
    return text;
  }

  Format format_ = Format::kTable;
  ClientOptions client_;
};

class SubjectsCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option("PATTERN", pattern_, "Only these: '*' for all (default), 'orders.*' for orders and all below")
        ->option_text("SUBJECT");
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    pb::ListSubjectsRequest request;
    request.set_pattern(pattern_);
    request.set_page_size(kPageSize);
    do {
      pb::ListSubjectsResponse response;
      MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
        Call call(connection.options().timeout);
        return connection.EgressStatus(connection.admin().ListSubjects(call.context(), request, &response));
      }));
      MTS_RETURN_IF_ERROR(PrintPage(response));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

 private:
  absl::Status PrintPage(const pb::ListSubjectsResponse& page) {
    using Align = Table::Align;
    Table table({{"SUBJECT"},
                 {"MESSAGES", Align::kRight},
                 {"SIZE", Align::kRight},
                 {"FIRST", Align::kRight},
                 {"LAST", Align::kRight},
                 {"LAST PUBLISHED"}});
    for (const pb::SubjectInfo& subject : page.subjects()) {
      if (format_ == Format::kJson) {
        MTS_RETURN_IF_ERROR(StandardOutput().Write(Json(subject)));
        continue;
      }
      table.AddRow({PrintableText(subject.subject(), 255), Concat(subject.messages()), FormatBytes(subject.bytes()),
                    Concat(subject.first_sequence()), Concat(subject.last_sequence()),
                    subject.has_last_time() ? FormatTimestamp(TimeOf(subject.last_time())) : ""});
    }
    if (!table.empty()) return StandardOutput().Write(table.ToString(ColourOnStdout()));
    if (format_ == Format::kTable && StderrIsTerminal()) PrintNote("no subjects");
    return absl::OkStatus();
  }
  static std::string Json(const pb::SubjectInfo& subject) {
    JsonObject object;
    object.Add("subject", subject.subject()).Add("messages", subject.messages()).Add("bytes", subject.bytes());
    object.Add("first_sequence", subject.first_sequence()).Add("last_sequence", subject.last_sequence());
    if (subject.has_first_time()) object.Add("first_time", FormatTimestamp(TimeOf(subject.first_time())));
    if (subject.has_last_time()) object.Add("last_time", FormatTimestamp(TimeOf(subject.last_time())));
    return object.ToString() + "\n";
  }

  std::string pattern_;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

class LastCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, subject_, /*pattern_too=*/false)->required();
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    pb::GetLastSequenceRequest request;
    request.set_subject(subject_);
    pb::GetLastSequenceResponse response;
    MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
      Call call(connection.options().timeout);
      return connection.EgressStatus(connection.egress().GetLastSequence(call.context(), request, &response));
    }));
    if (format_ == Format::kTable) return StandardOutput().Write(Concat(response.last_sequence(), "\n"));
    JsonObject object;
    object.Add("subject", subject_).Add("last_sequence", response.last_sequence());
    return StandardOutput().Write(object.ToString() + "\n");
  }

 private:
  std::string subject_;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

}  // namespace

void AddInfoCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"info", "What the server is, holds and allows",
              "  minitoolstream info\n"
              "  minitoolstream info --egress db1.example:50052 -o json"},
             std::make_shared<InfoCommand>());
}

void AddSubjectsCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"subjects", "List the subjects with their messages and sizes",
              "  minitoolstream subjects\n"
              "  minitoolstream subjects 'orders.*' -o json"},
             std::make_shared<SubjectsCommand>());
}

void AddLastCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"last", "The greatest sequence that a subject ever had (0: none)", "  minitoolstream last orders"},
             std::make_shared<LastCommand>());
}

}  // namespace mts::cli
