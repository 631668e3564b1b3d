// What gRPC itself costs: IngressService.Publish answered at once from memory, by the callback API or by the
// completion-queue API. `minitoolstream bench pub --ingress ADDRESS` drives it; docs/decisions/005 has the comparison.
//
// usage: bare_grpc callback|queue ADDRESS [THREADS]   THREADS: of the completion queue (default 1); ends on SIGTERM
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "minitoolstream/admin.grpc.pb.h"
#include "minitoolstream/ingress.grpc.pb.h"

namespace {

using minitoolstream::IngressService;

grpc::ByteBuffer Answer() {
  minitoolstream::PublishResponse response;
  response.set_sequence(1);
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

class CallbackService final : public IngressService::WithRawCallbackMethod_Publish<IngressService::Service> {
 public:
  grpc::ServerUnaryReactor* Publish(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                    grpc::ByteBuffer* response) override {
    *response = Answer();
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// The load generator asks whom it measures.
class Information final : public minitoolstream::AdminService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const minitoolstream::GetServerInfoRequest*,
                                          minitoolstream::GetServerInfoResponse* response) override {
    response->set_version("bare gRPC");
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

using QueueService = IngressService::WithRawMethod_Publish<IngressService::Service>;

// One call after the other on one completion queue: waits for a request, answers it, waits again.
class QueuedCall {
 public:
  QueuedCall(QueueService& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) { Wait(); }

  void Proceed(bool ok) {
    if (!ok) return;  // the server ends
    if (answered_) return Wait();
    answered_ = true;
    writer_->Finish(Answer(), grpc::Status::OK, this);
  }

 private:
  void Wait() {
    answered_ = false;
    writer_.reset();
    context_ = std::make_unique<grpc::ServerContext>();
    writer_ = std::make_unique<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>>(context_.get());
    request_.Clear();
    service_.RequestPublish(context_.get(), &request_, writer_.get(), &queue_, &queue_, this);
  }

  QueueService& service_;
  grpc::ServerCompletionQueue& queue_;
  std::unique_ptr<grpc::ServerContext> context_;
  std::unique_ptr<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> writer_;
  grpc::ByteBuffer request_;
  bool answered_ = false;
};

void WaitForSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int received = 0;
  sigwait(&signals, &received);
}

int ServeCallbacks(const std::string& address) {
  CallbackService service;
  Information information;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.RegisterService(&information);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  WaitForSignal();
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

int ServeQueue(const std::string& address, int threads) {
  constexpr int kWaitingCalls = 1024;
  QueueService service;
  Information information;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.RegisterService(&information);
  const std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::vector<std::unique_ptr<QueuedCall>> calls;
  for (int i = 0; i < kWaitingCalls; ++i) calls.push_back(std::make_unique<QueuedCall>(service, *queue));
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&queue] {
      void* tag = nullptr;
      bool ok = false;
      while (queue->Next(&tag, &ok)) static_cast<QueuedCall*>(tag)->Proceed(ok);
    });
  }
  WaitForSignal();
  server->Shutdown(std::chrono::system_clock::now());
  queue->Shutdown();
  for (std::thread& worker : workers) worker.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view api = argc > 1 ? argv[1] : "";
  if (argc < 3 || argc > 4 || (api != "callback" && api != "queue")) {
    std::fprintf(stderr, "usage: bare_grpc callback|queue ADDRESS [THREADS]\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (api == "callback") return ServeCallbacks(argv[2]);
  return ServeQueue(argv[2], argc == 4 ? std::atoi(argv[3]) : 1);
}
