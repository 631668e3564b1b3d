#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/maintenance_commands.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/json.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "maintenance/backup.h"
#include "spdlog/spdlog.h"

namespace mts::cli {
namespace {

// What backup and restore share: options and the line at the end.
class CopyCommand : public Command {
 protected:
  maintenance::BackupOptions Options(Progress& progress) {
    spdlog::set_level(spdlog::level::off);
    options_.files = &io::PosixFileSystem();
    options_.clock = &SystemClock();
    options_.progress.advance = [&progress](uint64_t bytes, std::string_view what) {
      progress.Add(bytes);
      progress.Show(what);
      return Interrupt::Get().Check();
    };
    return options_;
  }
  void AddCopyOptions(CLI::App& app) {
    app.add_flag("--copy", options_.copy_all,
                 "Copy every file, also where hard links would do: the copy then survives a damaged disk block too");
    AddFormatOption(app, format_);
  }
  static void AddCounts(const maintenance::CopyCounts& counts, JsonObject& object) {
    object.Add("linked", counts.linked).Add("copied", counts.copied).Add("taken_over", counts.taken_over);
    object.Add("copied_bytes", counts.copied_bytes);
  }
  static std::string CountsText(const maintenance::CopyCounts& counts) {
    return Concat(FormatCount(counts.linked), " files linked, ", FormatCount(counts.copied), " copied (",
                  FormatBytes(counts.copied_bytes), "), ", FormatCount(counts.taken_over),
                  " taken over from the earlier backup\n");
  }

  maintenance::BackupOptions options_;
  Format format_ = Format::kTable;
};

class BackupCommand : public CopyCommand {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option(
           "DEST", options_.target,
           "The backup: a directory that is not there, is empty, or holds an earlier backup, which is replaced in "
           "one step")
        ->required()
        ->option_text("FOLDER");
    options_.source = "./data";
    app.add_option("--data-dir", options_.source,
                   "The data directory; a server may be using it (MINITOOLSTREAM_DATA_DIR, or ./data)")
        ->envname("MINITOOLSTREAM_DATA_DIR")
        ->option_text("DIR");
    app.add_option(
           "--earlier", options_.earlier,
           "Where files cannot be linked to the data: take unchanged ones over from this backup (DEST itself if it "
           "is one)")
        ->option_text("BACKUP");
    AddCopyOptions(app);
  }

  absl::Status Run() override {
    Progress progress(0);
    MTS_ASSIGN_OR_RETURN(const maintenance::BackupResult result, maintenance::Backup(Options(progress)));
    progress.Show("");
    if (format_ == Format::kJson) {
      JsonObject object;
      object.Add("backup", options_.target).Add("last_sequence", result.last_sequence.value());
      object.Add("segments", result.segments).Add("payload_files", result.payload_files);
      object.Add("missing_payload_files", result.missing_payload_files);
      AddCounts(result.counts, object);
      return StandardOutput().Write(object.ToString() + "\n");
    }
    std::string text =
        Concat(options_.target, ": ", FormatCount(result.segments), " segments up to sequence ",
               result.last_sequence.value(), ", ", FormatCount(result.payload_files), " payload files\n") +
        CountsText(result.counts);
    if (result.missing_payload_files > 0) {
      text +=
          Concat(FormatCount(result.missing_payload_files), " payload files are missing in the data directory too\n");
    }
    return StandardOutput().Write(text);
  }
};

class RestoreCommand : public CopyCommand {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option("BACKUP", options_.source, "The backup")->required()->option_text("FOLDER");
    app.add_option("DIR", options_.target, "The data directory to make: not there, or empty")
        ->required()
        ->option_text("FOLDER");
    AddCopyOptions(app);
  }

  absl::Status Run() override {
    Progress progress(0);
    MTS_ASSIGN_OR_RETURN(const maintenance::CopyCounts counts, maintenance::Restore(Options(progress)));
    if (format_ == Format::kTable) return StandardOutput().Write(CountsText(counts));
    JsonObject object;
    object.Add("data_dir", options_.target);
    AddCounts(counts, object);
    return StandardOutput().Write(object.ToString() + "\n");
  }
};

}  // namespace

void AddBackupCommand(CLI::App& app, int& exit_code) {
  AddCommand(
      app, exit_code,
      {"backup", "Back up a data directory on this machine, while a server uses it or not",
       "  minitoolstream backup /backups/today --data-dir /var/lib/minitoolstream\n"
       "  minitoolstream backup /mnt/other-disk/mts --data-dir /var/lib/minitoolstream   # again: only what is new\n"
       "  minitoolstream doctor /backups/today"},
      std::make_shared<BackupCommand>());
}

void AddRestoreCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"restore", "Make a data directory from a backup",
              "  minitoolstream restore /backups/today /var/lib/minitoolstream\n"
              "  minitoolstream restore /backups/today ./data --copy"},
             std::make_shared<RestoreCommand>());
}

}  // namespace mts::cli
