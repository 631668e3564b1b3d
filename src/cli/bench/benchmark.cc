#include "cli/bench/benchmark.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "cli/bench/fetch_load.h"
#include "cli/bench/message_source.h"
#include "cli/bench/notice_load.h"
#include "cli/bench/run.h"
#include "cli/bench/stream_load.h"
#include "cli/bench/transfer_load.h"
#include "cli/bench/unary_load.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

constexpr absl::Duration kConnectWithin = absl::Seconds(10);
constexpr uint64_t kFillBatch = 500;
constexpr uint64_t kFillInFlight = 16;

class Benchmark {
 public:
  explicit Benchmark(BenchSettings settings) : settings_(std::move(settings)) {}

  absl::StatusOr<BenchResult> Execute() {
    MTS_RETURN_IF_ERROR(StartServer());
    ClientOptions options;
    options.addresses = settings_.addresses;
    const Connection connection(options);
    MTS_RETURN_IF_ERROR(WithRetry(connection, [&] {
      Call call(kConnectWithin);
      return connection.EgressStatus(connection.admin().GetServerInfo(call.context(), {}, &result_.server));
    }));
    if (settings_.fill > 0) MTS_RETURN_IF_ERROR(Fill());
    MTS_RETURN_IF_ERROR(Measure(connection));
    return std::move(result_);
  }

 private:
  absl::Status StartServer() {
    if (settings_.target == TargetKind::kServer) return absl::OkStatus();
    const bool null = settings_.target == TargetKind::kNull;
    const std::string folder = null || settings_.data_dir.empty() ? "/tmp" : settings_.data_dir;
    std::vector<std::string> arguments = settings_.server_arguments;
    if (null) {
      arguments.insert(arguments.end(), {"--metadata", "null", "--payload", "null"});
    } else {
      arguments.insert(arguments.end(), {"--data-dir", "data"});
    }
    MTS_ASSIGN_OR_RETURN(server_, ServerProcess::Start(folder, arguments, settings_.keep_data));
    settings_.addresses = server_->addresses();
    settings_.server_pid = server_->pid();
    if (settings_.keep_data) PrintNote(Concat("the server's data is kept in ", server_->folder()));
    return absl::OkStatus();
  }

  absl::Status Fill() {
    BenchSettings fill = settings_;
    fill.work = Work::kPublishStream;
    fill.rate = 0;
    fill.batch = kFillBatch;
    fill.in_flight = kFillInFlight;
    RawConnections connections(fill.addresses.ingress, 1);
    MessageSource source(fill, MessageSource::Form::kBatchRequest, fill.batch);
    Run run(fill);
    run.AddLoad(std::make_unique<StreamLoad>(fill, run.AddWorker(), connections, source, 1,
                                             (fill.fill + fill.batch - 1) / fill.batch));
    BenchResult filled;
    MTS_RETURN_IF_ERROR(run.UntilFinished(filled));
    if (filled.errors == 0) return absl::OkStatus();
    return WithContext(filled.first_error, "cannot fill the subject");
  }

  absl::Status Measure(const Connection& connection) {
    ingress_ = std::make_unique<RawConnections>(settings_.addresses.ingress, settings_.connections);
    egress_ = std::make_unique<RawConnections>(settings_.addresses.egress, settings_.connections);
    MTS_RETURN_IF_ERROR(ingress_->WaitUntilConnected(kConnectWithin));
    MTS_RETURN_IF_ERROR(egress_->WaitUntilConnected(kConnectWithin));
    switch (settings_.work) {
      case Work::kPublish:
      case Work::kPublishBatch:
        unary_ = MakePublishWork(settings_);
        return MeasureUnary(*ingress_);
      case Work::kFetchBatch: {
        MTS_ASSIGN_OR_RETURN(const uint64_t last, LastSequence(connection));
        unary_ = MakeFetchBatchWork(settings_, last);
        return MeasureUnary(*egress_);
      }
      case Work::kFirst:
        MTS_RETURN_IF_ERROR(LastSequence(connection).status());
        unary_ = MakeFirstMessageWork(settings_);
        return MeasureUnary(*egress_);
      case Work::kPublishStream:
        return MeasureStreams();
      case Work::kFetch: {
        MTS_RETURN_IF_ERROR(LastSequence(connection).status());
        Run run(settings_);
        run.AddLoad(std::make_unique<FetchLoad>(settings_, run.AddWorker(), *egress_, settings_.in_flight));
        return run.ForDuration(result_);
      }
      case Work::kSubscribe:
        return MeasureNotices();
      case Work::kUpload: {
        Run run(settings_);
        run.AddLoad(MakeUploadLoad(settings_, run.AddWorker(), *ingress_));
        return run.UntilFinished(result_);
      }
      case Work::kDownload:
        return MeasureDownloads(connection);
    }
    return absl::InternalError("unknown work");
  }

  absl::Status MeasureUnary(RawConnections& connections) {
    Run run(settings_);
    uint64_t first = 0;
    for (uint64_t i = 0; i < settings_.threads; ++i) {
      const uint64_t end = settings_.in_flight * (i + 1) / settings_.threads;
      run.AddLoad(std::make_unique<UnaryLoad>(settings_, run.AddWorker(), connections, *unary_, first, end - first));
      first = end;
    }
    return run.ForDuration(result_);
  }

  absl::Status MeasureStreams() {
    MessageSource source(settings_, MessageSource::Form::kBatchRequest, settings_.batch);
    Run run(settings_);
    const uint64_t threads = std::min(settings_.threads, settings_.streams);
    for (uint64_t i = 0; i < threads; ++i) {
      const uint64_t streams = settings_.streams * (i + 1) / threads - settings_.streams * i / threads;
      run.AddLoad(std::make_unique<StreamLoad>(settings_, run.AddWorker(), *ingress_, source, streams, 0));
    }
    return run.ForDuration(result_);
  }

  absl::Status MeasureNotices() {
    Run run(settings_);
    auto load = std::make_unique<NoticeLoad>(settings_, run.AddWorker(), *ingress_, *egress_);
    const NoticeLoad& notices = *load;
    run.AddLoad(std::move(load));
    absl::Status status = run.ForDuration(result_);
    result_.late = notices.late();
    return status;
  }

  absl::Status MeasureDownloads(const Connection& connection) {
    uint64_t sequence = settings_.sequence;
    if (sequence == 0) {
      BenchSettings upload = settings_;
      upload.work = Work::kUpload;
      upload.count = 1;
      upload.in_flight = 1;
      Run run(upload);
      run.AddLoad(MakeUploadLoad(upload, run.AddWorker(), *ingress_));
      BenchResult uploaded;
      MTS_RETURN_IF_ERROR(run.UntilFinished(uploaded));
      MTS_ASSIGN_OR_RETURN(sequence, LastSequence(connection));
    }
    Run run(settings_);
    run.AddLoad(MakeDownloadLoad(settings_, run.AddWorker(), *egress_, sequence));
    return run.UntilFinished(result_);
  }

  // The position up to which there is something to read.
  absl::StatusOr<uint64_t> LastSequence(const Connection& connection) {
    pb::GetLastSequenceRequest request;
    request.set_subject(SubjectName(settings_, settings_.subjects - 1));
    pb::GetLastSequenceResponse response;
    Call call(kConnectWithin);
    MTS_RETURN_IF_ERROR(
        connection.EgressStatus(connection.egress().GetLastSequence(call.context(), request, &response)));
    if (response.last_sequence() > 0) return response.last_sequence();
    return absl::NotFoundError(Concat("there is nothing to read on the subject ", request.subject(),
                                      "; --fill 1000000 publishes a million messages first"));
  }

  BenchSettings settings_;
  BenchResult result_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<RawConnections> ingress_;
  std::unique_ptr<RawConnections> egress_;
  std::unique_ptr<UnaryWork> unary_;
};

}  // namespace

absl::StatusOr<BenchResult> RunBenchmark(BenchSettings settings) { return Benchmark(std::move(settings)).Execute(); }

}  // namespace mts::cli
