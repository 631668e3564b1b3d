#include "cli/consumer_commands.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/message_printer.h"
#include "cli/message_reader.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"

namespace mts::cli {
namespace {

constexpr uint32_t kPageSize = 1000;

class AcknowledgeCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, subject_, /*pattern_too=*/true)->required();
    app.add_option("SEQUENCE", sequence_, "Everything up to this message is done")->required()->option_text("SEQUENCE");
    AddDurableOption(app, durable_name_)->required();
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    MTS_RETURN_IF_ERROR(AcknowledgeUpTo(connection, durable_name_, subject_, sequence_));
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("durable_name", durable_name_).Add("subject", subject_).Add("sequence", sequence_);
      return StandardOutput().Write(object.ToString() + "\n");
    }
    return StandardOutput().Write(Concat(subject_, ": ", durable_name_, " is done up to ", sequence_, "\n"));
  }

 private:
  std::string subject_;
  std::string durable_name_;
  uint64_t sequence_ = 0;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

class ConsumersCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, subject_, /*pattern_too=*/true);
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    pb::ListConsumersRequest request;
    request.set_subject(subject_);
    request.set_page_size(kPageSize);
    do {
      pb::ListConsumersResponse response;
      MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
        Call call(connection.options().timeout);
        return connection.EgressStatus(connection.admin().ListConsumers(call.context(), request, &response));
      }));
      MTS_RETURN_IF_ERROR(PrintPage(response));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return absl::OkStatus();
  }

 private:
  absl::Status PrintPage(const pb::ListConsumersResponse& page) {
    using Align = Table::Align;
    Table table({{"CONSUMER"},
                 {"SUBJECT"},
                 {"POSITION", Align::kRight},
                 {"PENDING", Align::kRight},
                 {"OUTSTANDING", Align::kRight},
                 {"CONNECTED", Align::kRight},
                 {"LAST ACTIVE"}});
    for (const pb::ConsumerInfo& consumer : page.consumers()) {
      if (format_ == Format::kJson) {
        MTS_RETURN_IF_ERROR(StandardOutput().Write(Json(consumer)));
        continue;
      }
      table.AddRow({PrintableText(consumer.durable_name(), 255), PrintableText(consumer.subject(), 255),
                    Concat(consumer.position()), Concat(consumer.pending()), Concat(consumer.outstanding()),
                    Concat(consumer.connected()), FormatTimestamp(TimeOf(consumer.last_active()))});
    }
    if (!table.empty()) return StandardOutput().Write(table.ToString(ColourOnStdout()));
    if (format_ == Format::kTable && StderrIsTerminal()) PrintNote("no consumers");
    return absl::OkStatus();
  }
  static std::string Json(const pb::ConsumerInfo& consumer) {
    JsonObject object;
    object.Add("durable_name", consumer.durable_name()).Add("subject", consumer.subject());
    object.Add("position", consumer.position()).Add("pending", consumer.pending());
    object.Add("outstanding", consumer.outstanding()).Add("connected", consumer.connected());
    object.Add("last_active", FormatTimestamp(TimeOf(consumer.last_active())));
    return object.ToString() + "\n";
  }

  std::string subject_;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

}  // namespace

void AddAcknowledgeCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"ack", "Acknowledge everything of a subject up to a message",
              "  minitoolstream ack orders 42 --durable billing"},
             std::make_shared<AcknowledgeCommand>());
}

void AddConsumersCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"consumers", "List the durable consumers and where they are",
              "  minitoolstream consumers\n"
              "  minitoolstream consumers orders -o json"},
             std::make_shared<ConsumersCommand>());
}

}  // namespace mts::cli
