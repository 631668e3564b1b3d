#include "cli/health_command.h"

#include <grpcpp/generic/generic_stub.h>

#include "base/status.h"
#include "base/text.h"
#include "cli/client/command.h"
#include "cli/client/connection.h"
#include "cli/terminal/output.h"

namespace mts::cli {
namespace {

constexpr char kCheckMethod[] = "/grpc.health.v1.Health/Check";
// HealthCheckResponse with nothing but status (field 1, a varint) SERVING (1).
constexpr std::string_view kServing("\x08\x01", 2);

absl::StatusOr<std::string> BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return absl::InternalError("the answer cannot be read");
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

// The health service has one field each way, so the bytes are written here instead of generating its code.
absl::Status CheckHealth(const std::string& address, absl::Duration timeout) {
  grpc::GenericStub stub(OpenChannel(address));
  Call call(timeout);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  const auto answer = stub.PrepareUnaryCall(call.context(), kCheckMethod, request, &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  answer->StartCall();
  answer->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return absl::UnavailableError(Concat("the server at ", address, " does not answer: ", status.error_message()));
  }
  MTS_RETURN_IF_ERROR(StatusOf(status, address));
  MTS_ASSIGN_OR_RETURN(const std::string bytes, BytesOf(response));
  if (bytes == kServing) return absl::OkStatus();
  return absl::UnavailableError(Concat("the server at ", address, " says that it is not serving"));
}

class HealthCommand : public Command {
 public:
  void DefineOptions(CLI::App& app) override {
    app.add_option("ADDRESS", addresses_, "HOST:PORT of each server to ask (localhost:50051)")
        ->check([](const std::string& address) { return std::string(ValidateAddress(address).message()); })
        ->option_text("ADDRESS");
    AddDurationOption(app, "--timeout", timeout_, "How long each may take to answer (3s)");
  }

  absl::Status Run() override {
    for (const std::string& address : addresses_) {
      MTS_RETURN_IF_ERROR(CheckHealth(address, timeout_));
      MTS_RETURN_IF_ERROR(StandardOutput().Write(Concat(address, ": serving\n")));
    }
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> addresses_{"localhost:50051"};
  absl::Duration timeout_ = absl::Seconds(3);
};

}  // namespace

void AddHealthCommand(CLI::App& app, int& exit_code) {
  AddCommand(app, exit_code,
             {"health", "Ask servers whether they are ready: what a container's health check calls",
              "  minitoolstream health\n"
              "  minitoolstream health localhost:50051 localhost:50052 --timeout 1s"},
             std::make_shared<HealthCommand>());
}

}  // namespace mts::cli
