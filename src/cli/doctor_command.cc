#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/doctor_report.h"
#include "cli/maintenance_commands.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/format.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/notices.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "maintenance/doctor.h"
#include "server/process.h"
#include "spdlog/spdlog.h"

namespace mts::cli {
namespace {

class DoctorCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option("DIR", data_dir_, "The data directory: what `serve --data-dir` was given")
        ->required()
        ->option_text("FOLDER");
    app.add_flag("--repair", repair_, "Mend what can be mended; what is taken away is kept in DIR/doctor/");
    AddFormatOption(app, format_);
  }

  absl::Status Run() override {
    spdlog::set_level(spdlog::level::off);  // everything is in the report
    server::RaiseOpenFileLimit();
    const absl::StatusOr<maintenance::Repaired> result = Look();
    // That it could not look is told apart from damage.
    if (!result.ok())
      return absl::IsCancelled(result.status()) ? result.status() : WithExitCode(result.status(), kUsage);
    MTS_RETURN_IF_ERROR(StandardOutput().Write(format_ == Format::kJson
                                                   ? DoctorReportJson(*result, data_dir_)
                                                   : DoctorReportText(*result, data_dir_, ColourOnStdout())));
    if (result->after.sound()) return absl::OkStatus();
    return absl::DataLossError(
        Concat(FormatCount(result->after.damaged), " damaged places in ", data_dir_, Advice(*result)));
  }

 private:
  absl::StatusOr<maintenance::Repaired> Look() {
    Progress progress(0);
    maintenance::DoctorOptions options;
    options.files = &io::PosixFileSystem();
    options.data_dir = data_dir_;
    options.clock = &SystemClock();
    options.progress.total = [&](uint64_t bytes) { progress.SetTotal(bytes); };
    options.progress.advance = [&](uint64_t bytes, std::string_view what) {
      progress.Add(bytes);
      progress.Show(what);
      return Interrupt::Get().Check();
    };
    if (repair_) return maintenance::ExamineAndRepair(options);
    MTS_ASSIGN_OR_RETURN(maintenance::Report report, maintenance::Examine(options));
    return maintenance::Repaired{report, std::move(report), ""};
  }

  std::string Advice(const maintenance::Repaired& result) const {
    if (repair_) return " are left: what they held cannot be brought back";
    return "; `minitoolstream doctor --repair` keeps what can be read";
  }

  std::string data_dir_;
  bool repair_ = false;
  Format format_ = Format::kTable;
};

}  // namespace

void AddDoctorCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"doctor", "Examine a data directory that no server uses: every record, index and payload file",
              "  minitoolstream doctor /var/lib/minitoolstream\n"
              "  minitoolstream doctor ./data -o json\n"
              "  minitoolstream doctor ./data --repair",
              "",
              "Exit codes:\n"
              "  0    sound\n"
              "  1    damage\n"
              "  2    it could not look: a server has the directory, no rights, wrong usage\n"
              "  130  interrupted (Ctrl-C)"},
             std::make_shared<DoctorCommand>());
}

}  // namespace mts::cli
