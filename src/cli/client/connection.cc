#include "cli/client/connection.h"

#include <malloc.h>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/terminal/exit_code.h"

namespace mts::cli {
namespace {

constexpr int kFirstReconnectMillis = 100;
constexpr int kLongestReconnectMillis = 2000;
constexpr int kKeepaliveMillis = 30'000;
// Also the time that one attempt to connect has.
constexpr int kShortestReconnectMillis = 5000;

constexpr int kKeptBytes = 64 << 20;
constexpr int kLargestKeptBuffer = 32 << 20;  // the most that malloc allows

// Large messages come in buffers that gRPC frees soon. Given back to the kernel each time, they cost a third of what it
// takes to receive them, because each page has to be made again.
void KeepFreedMemory() {
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  ::mallopt(M_MMAP_THRESHOLD, kLargestKeptBuffer);
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool IsBrokenConnection(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
      return !Interrupt::Get().requested();
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return Contains(status.error_message(), "Stream removed") || Contains(status.error_message(), "RST_STREAM");
    default:
      return false;
  }
}

// gRPC tells of every address and attempt; its last part is what a person needs.
std::string_view Reason(std::string_view message) {
  static constexpr std::string_view kLastError = "last error: ";
  if (const size_t at = message.rfind(kLastError); at != std::string_view::npos) {
    message.remove_prefix(at + kLastError.size());
  }
  for (const std::string_view code : {"UNAVAILABLE: ", "UNKNOWN: ", "INTERNAL: "}) {
    if (message.starts_with(code)) message.remove_prefix(code.size());
  }
  return message;
}

bool IsNotConnected(std::string_view message) {
  return Contains(message, "failed to connect") || Contains(message, "DNS resolution failed") ||
         Contains(message, "onnection refused");
}

}  // namespace

absl::Status ValidateAddress(std::string_view address) {
  if (address.starts_with("unix:") && address.size() > 5) return absl::OkStatus();
  const size_t colon = address.rfind(':');
  int port = 0;
  const bool has_port = colon != std::string_view::npos && colon > 0 &&
                        absl::SimpleAtoi(ToAbsl(address.substr(colon + 1)), &port) && port > 0 && port < 65536;
  const bool bare_ipv6 = has_port && address[0] != '[' && Contains(address.substr(0, colon), ":");
  if (has_port && !bare_ipv6 && address.find_first_of(" /@") == std::string_view::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat("'", address, "' is not a server address; write HOST:PORT, for instance localhost:50051"));
}

grpc::ChannelArguments ClientChannelArguments() {
  KeepFreedMemory();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kShortestReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMillis);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A machine that vanished is noticed, also in the middle of an upload that has no deadline.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMillis);
  return arguments;
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address) {
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), ClientChannelArguments());
}

absl::Status StatusOf(const grpc::Status& status, std::string_view address) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = status.error_message();
  const std::string_view reason = Reason(message);
  auto code = static_cast<absl::StatusCode>(status.error_code());
  if (IsBrokenConnection(status)) code = absl::StatusCode::kUnavailable;
  switch (code) {
    case absl::StatusCode::kUnavailable:
      if (IsNotConnected(message)) {
        return UnreachableError(Concat("cannot reach the server at ", address, " (", reason, ")"));
      }
      return absl::UnavailableError(Concat("the server at ", address, " is not available: ", reason));
    case absl::StatusCode::kDeadlineExceeded:
      return absl::DeadlineExceededError(
          Concat("no answer from the server at ", address, " in time; --timeout sets another limit"));
    case absl::StatusCode::kUnimplemented:
      return absl::UnimplementedError(Concat("the server at ", address, " does not offer this: ", reason));
    default:
      return absl::Status(code, reason.empty()
                                    ? Concat("the server at ", address, " answered ", absl::StatusCodeToString(code))
                                    : std::string(reason));
  }
}

Connection::Connection(const ClientOptions& options) : options_(options) {
  const auto ingress = OpenChannel(options_.addresses.ingress);
  const auto egress =
      options_.addresses.egress == options_.addresses.ingress ? ingress : OpenChannel(options_.addresses.egress);
  ingress_ = pb::IngressService::NewStub(ingress);
  egress_ = pb::EgressService::NewStub(egress);
  admin_ = pb::AdminService::NewStub(egress);
}

Call::Call(absl::Duration deadline) : cancel_on_interrupt_([this] { context_.TryCancel(); }) {
  if (deadline != absl::InfiniteDuration()) context_.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
}

absl::Status WithRetry(const Connection& connection, const std::function<absl::Status()>& attempt) {
  Retry retry = connection.StartRetry();
  while (true) {
    absl::Status status = attempt();
    if (status.ok()) {
      retry.Succeeded();
      return status;
    }
    MTS_RETURN_IF_ERROR(retry.After(status));
  }
}

}  // namespace mts::cli
