#include "cli/subscribe_command.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/file_receiver.h"
#include "cli/message_printer.h"
#include "cli/message_reader.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"

namespace mts::cli {
namespace {

constexpr uint32_t kBatchMessages = 500;
// One wait; the connection is tested at least this often.
constexpr absl::Duration kLongestWait = absl::Seconds(20);
// Large payloads are acknowledged before their batch is over.
constexpr uint64_t kAcknowledgeBytes = uint64_t{64} << 20;
constexpr absl::Duration kAcknowledgeEvery = absl::Seconds(2);

class SubscribeCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, read_.subject, /*pattern_too=*/true)->required();
    AddDurableOption(app, read_.durable_name);
    AddFromOption(app, read_.start);
    app.add_option("--output-dir", output_folder_,
                   "Write each message to a file below this folder, named by its header 'filename'")
        ->option_text("FOLDER");
    app.add_option("--count", count_, "End after this many messages")->check(CLI::PositiveNumber)->option_text("N");
    AddDurationOption(app, "--until-idle", until_idle_, "End when nothing came for this long");
    AddFormatOption(app, format_, /*with_raw=*/true);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    Progress progress(0);
    if (!output_folder_.empty()) {
      MTS_ASSIGN_OR_RETURN(FileReceiver receiver,
                           FileReceiver::Open(connection, output_folder_, !read_.durable_name.empty()));
      const absl::Status status =
          ReadAll(connection, [&](const pb::Message& message) { return receiver.Receive(message, progress); });
      return FinishFolder(receiver, status);
    }
    MessagePrinter printer(connection, format_);
    return ReadAll(connection, [&](const pb::Message& message) { return printer.Print(message); });
  }

 private:
  using Handler = std::function<absl::Status(const pb::Message&)>;

  absl::Status ReadAll(const Connection& connection, const Handler& handle) {
    MessageReader reader(connection, read_);
    absl::Time last_news = absl::Now();
    while (received_ < count_) {
      const absl::Duration idle_left = std::max(last_news + until_idle_ - absl::Now(), absl::ZeroDuration());
      const auto wanted = static_cast<uint32_t>(std::min<uint64_t>(kBatchMessages, count_ - received_));
      MTS_ASSIGN_OR_RETURN(const pb::MessageBatch batch, reader.Next(wanted, std::min(kLongestWait, idle_left)));
      if (batch.messages_size() > 0) {
        MTS_RETURN_IF_ERROR(HandleBatch(batch, reader, handle));
        last_news = absl::Now();
      } else if (absl::Now() - last_news >= until_idle_) {
        break;
      }
    }
    return absl::OkStatus();
  }

  // What was handled is acknowledged, also where the rest of the batch fails.
  absl::Status HandleBatch(const pb::MessageBatch& batch, MessageReader& reader, const Handler& handle) {
    uint64_t done = 0;
    uint64_t bytes = 0;
    absl::Time acknowledged = absl::Now();
    absl::Status status;
    for (const pb::Message& message : batch.messages()) {
      status = Interrupt::Get().Check();
      if (status.ok()) status = handle(message);
      if (!status.ok()) break;
      done = message.sequence();
      ++received_;
      bytes += message.size();
      if (bytes >= kAcknowledgeBytes || absl::Now() - acknowledged >= kAcknowledgeEvery) {
        MTS_RETURN_IF_ERROR(Acknowledge(reader, done));
        bytes = 0;
        done = 0;
        acknowledged = absl::Now();
      }
    }
    const absl::Status finished = done > 0 ? Acknowledge(reader, done) : absl::OkStatus();
    return status.ok() ? finished : status;
  }

  absl::Status Acknowledge(MessageReader& reader, uint64_t sequence) {
    MTS_RETURN_IF_ERROR(StandardOutput().Flush());
    return reader.Acknowledge(sequence);
  }

  absl::Status FinishFolder(const FileReceiver& receiver, const absl::Status& status) {
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("subject", read_.subject).Add("files", receiver.files()).Add("bytes", receiver.bytes());
      object.Add("refused", receiver.refused());
      MTS_RETURN_IF_ERROR(StandardOutput().Write(object.ToString() + "\n"));
    } else {
      MTS_RETURN_IF_ERROR(StandardOutput().Write(Concat(read_.subject, ": ", FormatCount(receiver.files()), " files, ",
                                                        FormatBytes(receiver.bytes()), " in ", output_folder_, "\n")));
    }
    if (!status.ok() || receiver.refused() == 0) return status;
    return absl::DataLossError(Concat(receiver.refused(), " messages could not become files and were left out"));
  }

  ReadOptions read_;
  std::string output_folder_;
  uint64_t count_ = UINT64_MAX;
  uint64_t received_ = 0;
  absl::Duration until_idle_ = absl::InfiniteDuration();
  Format format_ = Format::kTable;
  ClientOptions client_;
};

}  // namespace

void AddSubscribeCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"sub", "Receive messages as they come: print them, or write files",
              "  minitoolstream sub orders                         from the first message on, until Ctrl-C\n"
              "  minitoolstream sub orders --from new -o json      only what comes from now on\n"
              "  minitoolstream sub 'orders.*' --durable billing   go on where 'billing' was\n"
              "  minitoolstream sub files --durable copy --output-dir ./photos --until-idle 5s"},
             std::make_shared<SubscribeCommand>());
}

}  // namespace mts::cli
