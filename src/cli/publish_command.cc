#include "cli/publish_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/client/unique_fd.h"
#include "cli/publish_many.h"
#include "cli/publish_one.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

class PublishCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, options_.subject, /*pattern_too=*/false)->required();
    text_option_ = app.add_option("TEXT", text_, "The message; without it, it comes from --file or the standard input")
                       ->option_text("TEXT");
    file_option_ = app.add_option("--file", path_,
                                  "A file, or a folder: each file below it as a message with its "
                                  "relative name in the header 'filename'")
                       ->option_text("PATH");
    app.add_flag("--lines", lines_, "Each line of --file or the standard input as a message");
    app.add_option("-H,--header", options_.headers, "A header; may be given many times")
        ->option_text("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--message-id", options_.message_id,
                   "The same id is stored once only; for many messages, what their ids begin with (the files of a "
                   "folder then keep their ids in later runs)")
        ->option_text("ID");
    app.add_option("--expected-last-sequence", options_.expected_last_sequence,
                   "Store only if this is the subject's last sequence")
        ->option_text("N");
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    const absl::Time started = absl::Now();
    if (lines_) return RunLines(connection, started);
    if (text_option_->count() > 0 && file_option_->count() > 0) {
      return UsageError("give either TEXT or --file, not both");
    }
    if (text_option_->count() > 0) return Report(PublishText(connection, options_, text_));
    if (file_option_->count() == 0) return Report(PublishStandardInput(connection, options_));
    struct stat info = {};
    if (stat(path_.c_str(), &info) != 0) return ErrnoStatus(errno, Concat("cannot read ", path_));
    if (!S_ISDIR(info.st_mode)) return Report(PublishFile(connection, options_, path_));
    return ReportMany(PublishFolder(connection, options_, path_), started);
  }

 private:
  absl::Status RunLines(const Connection& connection, absl::Time started) {
    if (text_option_->count() > 0 && text_ != "-") {
      return UsageError("--lines takes its messages from --file or the standard input, not from TEXT");
    }
    if (path_.empty() || path_ == "-") {
      return ReportMany(PublishLines(connection, options_, STDIN_FILENO), started);
    }
    const UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return ErrnoStatus(errno, Concat("cannot read ", path_));
    return ReportMany(PublishLines(connection, options_, file.get()), started);
  }

  absl::Status Report(const absl::StatusOr<PublishedMessage>& published) {
    MTS_RETURN_IF_ERROR(published.status());
    const pb::PublishResponse& response = published->response;
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("subject", options_.subject).Add("sequence", response.sequence());
      object.Add("object_name", response.object_name()).Add("duplicate", response.duplicate());
      return StandardOutput().Write(object.ToString() + "\n");
    }
    const std::string size = published->size_known ? Concat(", ", FormatBytes(published->size)) : std::string();
    return StandardOutput().Write(Concat(options_.subject, ": ", response.duplicate() ? "was there already as " : "",
                                         "sequence ", response.sequence(), size, "\n"));
  }

  absl::Status ReportMany(const absl::StatusOr<PublishedMany>& published, absl::Time started) {
    MTS_RETURN_IF_ERROR(published.status());
    const double seconds = std::max(absl::ToDoubleSeconds(absl::Now() - started), 1e-9);
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("subject", options_.subject).Add("messages", published->messages);
      object.Add("duplicates", published->duplicates).Add("bytes", published->bytes);
      object.Add("first_sequence", published->first_sequence).Add("last_sequence", published->last_sequence);
      object.Add("unreadable", published->unreadable).Add("seconds", seconds);
      MTS_RETURN_IF_ERROR(StandardOutput().Write(object.ToString() + "\n"));
    } else {
      MTS_RETURN_IF_ERROR(StandardOutput().Write(Summary(*published, seconds)));
    }
    if (published->unreadable == 0) return absl::OkStatus();
    return absl::DataLossError(Concat(published->unreadable, " files or folders could not be read and were left out"));
  }

  std::string Summary(const PublishedMany& published, double seconds) {
    std::string line = Concat(options_.subject, ": ", FormatCount(published.messages), " messages, ",
                              FormatBytes(published.bytes), " in ", FormatClock(absl::Seconds(seconds)));
    if (published.messages > 0) {
      line += Concat(", sequences ", published.first_sequence, " to ", published.last_sequence);
    }
    if (published.duplicates > 0) line += Concat("; ", FormatCount(published.duplicates), " were there already");
    return line + "\n";
  }

  PublishOptions options_;
  std::string text_;
  std::string path_;
  bool lines_ = false;
  Format format_ = Format::kTable;
  ClientOptions client_;
  CLI::Option* text_option_ = nullptr;
  CLI::Option* file_option_ = nullptr;
};

}  // namespace

void AddPublishCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"pub", "Publish: a text, the standard input, a file, a folder, or lines",
              "  minitoolstream pub orders 'first order' -H priority=high\n"
              "  tar c photos | minitoolstream pub backups\n"
              "  minitoolstream pub files --file ./photos           each file below ./photos\n"
              "  tail -f app.log | minitoolstream pub logs --lines  each line as it comes\n"
              "  minitoolstream pub orders 'pay 7' --message-id pay-7 -o json"},
             std::make_shared<PublishCommand>());
}

}  // namespace mts::cli
