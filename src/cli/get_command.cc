#include "cli/get_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/client/download.h"
#include "cli/client/output_folder.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/json.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

class GetCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    AddSubjectOption(app, range_.subject, /*pattern_too=*/false)->required();
    app.add_option("SEQUENCE", range_.sequence, "The message's number")->required()->option_text("SEQUENCE");
    app.add_option("--output", path_, "A file (default: the standard output); an interrupted download is continued")
        ->option_text("FILE");
    AddBytesOption(app, "--offset", range_.offset, "Where the range begins (0)");
    AddBytesOption(app, "--length", range_.length, "How long the range is (to the end)");
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    const Connection connection(client_);
    Progress progress(0);
    if (path_.empty() && format_ == Format::kJson) {
      return UsageError("-o json goes with --output FILE; without it the payload itself is printed");
    }
    if (path_.empty() || path_ == "-") return ToStandardOutput(connection, progress);
    const std::filesystem::path path(path_);
    const std::string name = path.filename().string();
    if (name.empty() || name == "." || name == "..") return UsageError(Concat("'", path_, "' is no file name"));
    MTS_ASSIGN_OR_RETURN(OutputFolder folder,
                         OutputFolder::Open(path.has_parent_path() ? path.parent_path().string() : "."));
    // A range is not continued by a later run: nothing says that it is the same one.
    const bool whole = range_.offset == 0 && range_.length == 0;
    MTS_ASSIGN_OR_RETURN(OutputFile file, folder.Create({name}, Concat(name, "-", range_.sequence), whole));
    MTS_RETURN_IF_ERROR(whole ? Whole(connection, file, progress) : Range(connection, file, progress));
    const uint64_t size = file.size();
    MTS_RETURN_IF_ERROR(file.Commit(0666 & ~Mask()));
    return Report(size);
  }

 private:
  absl::Status ToStandardOutput(const Connection& connection, Progress& progress) {
    // A bar between the bytes of a payload would be no help.
    const bool shown = !StdoutIsTerminal();
    DownloadRange range = range_;
    if (range.offset == 0) range.crc_before = 0;
    Progress hidden(0);
    return DownloadPayload(connection, range, [this](std::string_view bytes) { return Print(bytes); },
                           {shown ? progress : hidden, range_.subject, shown});
  }

  // Bytes that are no text confuse a terminal; who wants them there says --output -.
  absl::Status Print(std::string_view bytes) const {
    if (StdoutIsTerminal() && path_.empty() && bytes.find('\0') != std::string_view::npos) {
      return absl::FailedPreconditionError(
          "the payload is not text; write it to a file with --output FILE, or pipe it");
    }
    return StandardOutput().Write(bytes);
  }

  absl::Status Whole(const Connection& connection, OutputFile& file, Progress& progress) {
    const bool resumed = file.size() > 0;
    absl::Status sink_failure;
    const auto attempt = [&]() -> absl::Status {
      DownloadRange range = range_;
      range.offset = file.size();
      MTS_ASSIGN_OR_RETURN(range.crc_before, file.Crc32c());
      if (file.size() > 0) PrintNote(Concat("going on after ", FormatBytes(file.size()), " of an earlier download"));
      return DownloadPayload(connection, range,
                             [&](std::string_view bytes) { return sink_failure = file.Write(bytes); },
                             {progress, path_, true});
    };
    absl::Status status = attempt();
    if (resumed && (absl::IsDataLoss(status) || absl::IsOutOfRange(status) || absl::IsInvalidArgument(status))) {
      PrintNote("what an earlier download left belongs to another payload: beginning again");
      MTS_RETURN_IF_ERROR(file.Restart());
      status = attempt();
    }
    if ((absl::IsCancelled(status) || IsTransient(status)) && sink_failure.ok() && file.size() > 0) file.Keep();
    return status;
  }

  absl::Status Range(const Connection& connection, OutputFile& file, Progress& progress) {
    DownloadRange range = range_;
    if (range.offset == 0) range.crc_before = 0;
    return DownloadPayload(connection, range, [&](std::string_view bytes) { return file.Write(bytes); },
                           {progress, path_, true});
  }

  absl::Status Report(uint64_t size) {
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("subject", range_.subject).Add("sequence", range_.sequence).Add("file", path_).Add("bytes", size);
      return StandardOutput().Write(object.ToString() + "\n");
    }
    return StandardOutput().Write(Concat(path_, ": ", FormatBytes(size), "\n"));
  }

  static mode_t Mask() {
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
  }

  DownloadRange range_;
  std::string path_;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

}  // namespace

void AddGetCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"get", "A message's payload, or a range of it, of any size; checked against its checksum",
              "  minitoolstream get backups 7 --output backup.tar\n"
              "  minitoolstream get backups 7 | tar t\n"
              "  minitoolstream get backups 7 --offset 1MiB --length 4KiB | xxd"},
             std::make_shared<GetCommand>());
}

}  // namespace mts::cli
