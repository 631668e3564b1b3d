#include "cli/bench/bench_command.h"

#include "absl/strings/str_join.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/report.h"
#include "cli/bench/settings.h"
#include "cli/client/command.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

template <typename Enum>
std::map<std::string, Enum> ByName(std::initializer_list<Enum> values) {
  std::map<std::string, Enum> names;
  for (const Enum value : values) names.emplace(NameOf(value), value);
  return names;
}

// "null|server".
template <typename Enum>
std::string Choices(const std::map<std::string, Enum>& names) {
  return absl::StrJoin(names, "|", [](std::string* to, const auto& name) { to->append(name.first); });
}

class BenchCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    DefineWork(app);
    DefineTarget(app);
    DefineLoad(app);
    AddFormatOption(app, format_);
    AddConnectionOptions(app, client_);
  }

  absl::Status Run() override {
    settings_.addresses = client_.addresses;
    MTS_RETURN_IF_ERROR(CompleteSettings(settings_));
    MTS_ASSIGN_OR_RETURN(const BenchResult result, RunBenchmark(settings_));
    MTS_RETURN_IF_ERROR(StandardOutput().Write(format_ == Format::kJson ? JsonReport(settings_, result)
                                                                        : TextReport(settings_, result)));
    if (result.errors == 0) return absl::OkStatus();
    return absl::AbortedError(Concat(result.errors, " operations failed, the first: ", result.first_error.message()));
  }

 private:
  void DefineWork(CLI::App& app) {
    const auto works = ByName({Work::kPublish, Work::kPublishBatch, Work::kPublishStream, Work::kFetch,
                               Work::kFetchBatch, Work::kFirst, Work::kSubscribe, Work::kUpload, Work::kDownload});
    app.add_option_function<std::string>(
           "WORK", [this, works](const std::string& name) { settings_.work = works.at(name); },
           "pub, pub-batch, pub-stream, fetch, fetch-batch, first (the first message of any subject), subscribe "
           "(time until a notice), upload or download")
        ->check(CLI::IsMember(works))
        ->required()
        ->option_text(Choices(works));
  }

  void DefineTarget(CLI::App& app) {
    const auto targets = ByName({TargetKind::kServer, TargetKind::kNull, TargetKind::kEmbedded});
    app.add_option_function<std::string>(
           "--target", [this, targets](const std::string& name) { settings_.target = targets.at(name); },
           "server: one that runs (default); null: one is started that answers without storing; embedded: one is "
           "started with a new folder in --data-dir")
        ->check(CLI::IsMember(targets))
        ->option_text(Choices(targets))
        ->group("Target");
    app.add_option("--data-dir", settings_.data_dir, "Where the server that is started keeps its data")
        ->check(CLI::ExistingDirectory)
        ->option_text("FOLDER")
        ->group("Target");
    app.add_option("--server-arg", settings_.server_arguments,
                   "An argument for the server that is started, as --server-arg=--durability=none")
        ->option_text("ARGUMENT")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Target");
    app.add_flag("--keep-data", settings_.keep_data, "Leave the started server's folder")->group("Target");
    app.add_option("--server-pid", settings_.server_pid, "The running server's process, to show its memory")
        ->option_text("PID")
        ->group("Target");
  }

  void DefineLoad(CLI::App& app) {
    const auto number = [&app](const char* name, uint64_t& value, const char* text) {
      app.add_option(name, value, text)->check(CLI::PositiveNumber)->option_text("N")->group("Load");
    };
    AddBytesOption(app, "--size", settings_.size, "Of a payload (256)")->group("Load");
    number("--batch", settings_.batch, "Messages in a batch or fetch (500)");
    number("--in-flight", settings_.in_flight, "Calls, or batches on a stream, at a time (by work: 1, 16 or 64)");
    number("--streams", settings_.streams, "Streams for pub-stream (1)");
    number("--connections", settings_.connections, "TCP connections (1)");
    number("--threads", settings_.threads, "Threads of the client (1)");
    number("--subjects", settings_.subjects, "Messages go over this many subjects in turn (1)");
    number("--subscribers", settings_.subscribers, "For subscribe (1000, each on its own subject)");
    number("--count", settings_.count, "How many uploads or downloads (1)");
    number("--fill", settings_.fill, "Publish this many messages first");
    number("--sequence", settings_.sequence, "For download: this message (else one is uploaded first)");
    app.add_option("--subject", settings_.subject, "The subject, or what its names begin with (bench)")
        ->option_text("NAME")
        ->group("Load");
    app.add_option("--rate", settings_.rate,
                   "Open loop: this many messages a second, latency from when each was to start (default: closed loop)")
        ->check(CLI::PositiveNumber)
        ->option_text("N")
        ->group("Load");
    AddDurationOption(app, "--duration", settings_.duration, "Measured time (10s)")->group("Load");
    AddDurationOption(app, "--warm-up", settings_.warm_up, "Before it, not measured (2s)")->group("Load");
    AddBytesOption(app, "--max-bytes", settings_.max_bytes, "Of one fetched batch (the server's default)")
        ->group("Load");
    app.add_flag("--message-ids", settings_.message_ids, "An id for each message")->group("Load");
    app.add_flag("--parse", settings_.parse, "Parse what is fetched (default: count it)")->group("Load");
    app.add_flag("--verify", settings_.verify, "Check the checksum of downloads")->group("Load");
    app.add_flag_callback(
           "--no-ack", [this] { settings_.acknowledge = false; }, "Do not acknowledge what is fetched")
        ->group("Load");
  }

  BenchSettings settings_;
  Format format_ = Format::kTable;
  ClientOptions client_;
};

}  // namespace

void AddBenchCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"bench", "Measure a server: throughput, latency, memory",
              "  minitoolstream bench pub --in-flight 64\n"
              "  minitoolstream bench pub --rate 1000 --size 10KiB      open loop\n"
              "  minitoolstream bench pub-stream --target embedded --data-dir /var/tmp -o json\n"
              "  minitoolstream bench pub-stream --target null          without storing: the cost of the doors\n"
              "  minitoolstream bench fetch-batch --fill 1000000 --in-flight 4\n"
              "  minitoolstream bench subscribe --subscribers 1000 --rate 1000\n"
              "  minitoolstream bench upload --size 2GiB"},
             std::make_shared<BenchCommand>());
}

}  // namespace mts::cli
