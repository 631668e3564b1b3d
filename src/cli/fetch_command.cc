#include "cli/fetch_command.h"

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/message_printer.h"
#include "cli/message_reader.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

absl::Status PrintAll(const Connection& connection, Format format, const pb::MessageBatch& batch) {
  MessagePrinter printer(connection, format);
  for (const pb::Message& message : batch.messages()) MTS_RETURN_IF_ERROR(printer.Print(message));
  return StandardOutput().Flush();
}

// What fetch and peek have in common.
class FetchCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, read_.subject, /*pattern_too=*/true)->required();
    AddDurableOption(app, read_.durable_name);
    app.add_option("-n,--batch", batch_size_, "At most this many messages")
        ->check(CLI::Range(uint64_t{1}, limits::kMaxBatchMessages))
        ->capture_default_str()
        ->option_text("N");
    AddFromOption(app, read_.start);
    AddFormatOption(app, format_, /*with_raw=*/true);
    AddConnectionOptions(app, client_);
  }

 protected:
  ReadOptions read_;
  uint64_t batch_size_ = 10;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

class AcknowledgingFetchCommand : public FetchCommand {
 public:
  void DefineOptions(CLI::App& app) override {
    FetchCommand::DefineOptions(app);
    AddDurationOption(app, "--wait", wait_, "How long to wait for the first message (0)");
    app.add_flag("--ack", acknowledge_, "Acknowledge what was printed");
  }

  absl::Status Run() override {
    if (acknowledge_ && read_.durable_name.empty()) return UsageError("--ack needs --durable NAME");
    const Connection connection(client_);
    MessageReader reader(connection, read_);
    MTS_ASSIGN_OR_RETURN(const pb::MessageBatch batch, reader.Next(static_cast<uint32_t>(batch_size_), wait_));
    MTS_RETURN_IF_ERROR(PrintAll(connection, format_, batch));
    if (batch.messages_size() == 0) {
      if (StderrIsTerminal()) PrintNote("no messages");
      return absl::OkStatus();
    }
    const uint64_t last = batch.messages(batch.messages_size() - 1).sequence();
    if (acknowledge_) return reader.Acknowledge(last);
    if (StderrIsTerminal() && !read_.durable_name.empty()) {
      PrintNote(Concat("not acknowledged yet: minitoolstream ack '", read_.subject, "' ", last, " --durable ",
                       read_.durable_name));
    }
    return absl::OkStatus();
  }

 private:
  absl::Duration wait_;
  bool acknowledge_ = false;
};

class PeekCommand : public FetchCommand {
 public:
  absl::Status Run() override {
    const Connection connection(client_);
    pb::MessageBatch batch;
    if (read_.durable_name.empty()) {
      MessageReader reader(connection, read_);
      MTS_ASSIGN_OR_RETURN(batch, reader.Next(static_cast<uint32_t>(batch_size_), absl::ZeroDuration()));
    } else {
      MTS_RETURN_IF_ERROR(WithRetry(connection, [&] { return PeekOnce(connection, batch); }));
    }
    if (batch.messages_size() == 0 && StderrIsTerminal()) PrintNote("no messages");
    return PrintAll(connection, format_, batch);
  }

 private:
  absl::Status PeekOnce(const Connection& connection, pb::MessageBatch& batch) {
    batch.Clear();
    pb::FetchRequest request;
    request.set_subject(read_.subject);
    request.set_durable_name(read_.durable_name);
    request.set_batch_size(static_cast<int32_t>(batch_size_));
    request.set_max_inline_bytes(limits::kInlineLimit);
    Call call(connection.options().timeout);
    const auto reader = connection.egress().Peek(call.context(), request);
    pb::Message message;
    while (reader->Read(&message)) *batch.add_messages() = std::exchange(message, {});
    return connection.EgressStatus(reader->Finish());
  }
};

}  // namespace

void AddFetchCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"fetch", "Print the next messages of a consumer",
              "  minitoolstream fetch orders --durable billing\n"
              "  minitoolstream fetch orders --durable billing -n 100 --wait 10s --ack -o json\n"
              "  minitoolstream fetch '*' --from 10m"},
             std::make_shared<AcknowledgingFetchCommand>());
}

void AddPeekCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"peek", "Print messages, leaving no trace",
              "  minitoolstream peek orders --from 42 -n 1 -o raw\n"
              "  minitoolstream peek orders --durable billing   what 'billing' would get next"},
             std::make_shared<PeekCommand>());
}

}  // namespace mts::cli
