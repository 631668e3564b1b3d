#include "cli/manual_command.h"

#include "cli/client/command.h"
#include "cli/manual/command_tree.h"
#include "cli/manual/man_page.h"
#include "cli/terminal/output.h"
#include "server/server.h"

namespace mts::cli {
namespace {

class ManualCommand : public Command {
 public:
  explicit ManualCommand(const CLI::App& program) : program_(program) {}
  void DefineOptions(CLI::App&) override {}
  absl::Status Run() override {
    return StandardOutput().Write(ManPage(Describe(program_, program_.get_name()), server::Version()));
  }

 private:
  const CLI::App& program_;
};

}  // namespace

void AddManualCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"man", "Print the manual page, for man(1)",
              "  minitoolstream man | man -l -\n"
              "  minitoolstream man | gzip -9n > /usr/share/man/man1/minitoolstream.1.gz"},
             std::make_shared<ManualCommand>(app));
}

}  // namespace mts::cli
