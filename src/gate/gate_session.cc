#include "gate/gate_session.h"

#include <optional>
#include <utility>
#include <variant>

#include "base/text.h"
#include "gate/consumer_select.h"
#include "gate/instance_information.h"
#include "gate/message_select.h"
#include "gate/schema_select.h"
#include "model/msgpack_writer.h"
#include "spdlog/spdlog.h"

namespace mts::gate {
namespace {

using iproto::Error;
using iproto::ErrorCode;
using iproto::Function;
using iproto::Request;
using iproto::RequestType;

constexpr uint64_t kProtocolVersion = 1;

bool IsPublish(Function function) {
  return function == Function::kGrpcPublish || function == Function::kPublishMessage ||
         function == Function::kPublishMessageMsgpack || function == Function::kGrpcPublishMsgpack;
}

Error MissingField(std::string_view field) {
  return {ErrorCode::kMissingField, Concat("Missing mandatory field '", field, "' in request")};
}

}  // namespace

GateSession::GateSession(Gate& gate, std::shared_ptr<iproto::ReplyChannel> channel, std::string salt, std::string peer)
    : gate_(gate), channel_(std::move(channel)), salt_(std::move(salt)), peer_(std::move(peer)) {}

size_t GateSession::OnRequests(absl::Span<const Request> requests) {
  size_t taken = 0;
  while (taken < requests.size() && OnRequest(requests[taken])) ++taken;
  Finish();
  return taken;
}

void GateSession::Finish() {
  if (replies_ > 0) channel_->Send(packets_, replies_, 0);
  packets_.clear();
  if (packets_.capacity() > kMaxGuestPacketBytes) std::string().swap(packets_);
  replies_ = 0;
  if (publishes_ != nullptr) std::exchange(publishes_, nullptr)->Start();
}

void GateSession::Fail(const Request& request, const Error& error) {
  iproto::AppendError(packets_, request.sync, kSchemaVersion, error);
  ++replies_;
}

bool GateSession::OnRequest(const Request& request) {
  if (request.schema_version != 0 && request.schema_version != kSchemaVersion) {
    Fail(request, {ErrorCode::kWrongSchemaVersion, Concat("Wrong schema version, current: ", kSchemaVersion,
                                                          ", in request: ", request.schema_version)});
    return true;
  }
  iproto::Body body;
  if (!iproto::DecodeBody(request.body, body)) {
    Fail(request, {ErrorCode::kInvalidMsgpack, "Invalid MsgPack - packet body"});
    return true;
  }
  switch (request.type) {
    case RequestType::kCall:
    case RequestType::kCall16:
      return OnCall(request, body);
    case RequestType::kSelect:
      return OnSelect(request, body);
    case RequestType::kPing:
    case RequestType::kNop:
      iproto::AppendEmptyReply(packets_, request.sync, kSchemaVersion);
      ++replies_;
      return true;
    case RequestType::kAuth:
      OnAuthenticate(request, body);
      return true;
    case RequestType::kId:
      OnId(request);
      return true;
    default:
      Refuse(request);
      return true;
  }
}

void GateSession::OnAuthenticate(const Request& request, const iproto::Body& body) {
  const auto error = gate_.authentication.Check(body, salt_, user_);
  if (error) {
    if (error->code == ErrorCode::kWrongCredentials) spdlog::info("gate: wrong user or password from {}", peer_);
    return Fail(request, *error);
  }
  iproto::AppendEmptyReply(packets_, request.sync, kSchemaVersion);
  ++replies_;
}

// The protocol's version and features: none of those that came after calls and selects.
void GateSession::OnId(const Request& request) {
  std::string body;
  msgpack::AppendMap(body, 3);
  msgpack::AppendUnsigned(body, iproto::kKeyVersion);
  msgpack::AppendUnsigned(body, kProtocolVersion);
  msgpack::AppendUnsigned(body, iproto::kKeyFeatures);
  msgpack::AppendArray(body, 0);
  msgpack::AppendUnsigned(body, iproto::kKeyAuthType);
  msgpack::AppendText(body, "chap-sha1");
  iproto::AppendReplyBody(packets_, request.sync, kSchemaVersion, body);
  ++replies_;
}

void GateSession::Refuse(const Request& request) {
  switch (request.type) {
    case RequestType::kEval:
      return Fail(request, {ErrorCode::kUnsupported,
                            "MiniToolStream does not support eval: there is no Lua, call one of its functions"});
    case RequestType::kExecute:
    case RequestType::kPrepare:
      return Fail(request, {ErrorCode::kUnsupported,
                            "MiniToolStream does not support SQL: call one of its functions, or select"});
    case RequestType::kInsert:
    case RequestType::kReplace:
    case RequestType::kUpdate:
    case RequestType::kDelete:
    case RequestType::kUpsert:
      return Fail(request, {ErrorCode::kAccessDenied, Concat("Write access to spaces is denied for user '", user_,
                                                             "': messages are published and acknowledged by calls")});
    case RequestType::kJoin:
    case RequestType::kSubscribe:
      return Fail(request,
                  {ErrorCode::kAccessDenied, Concat("Read access to universe '' is denied for user '", user_, "'")});
    default:
      return Fail(request, {ErrorCode::kUnknownRequestType,
                            Concat("Unknown request type ", static_cast<uint32_t>(request.type))});
  }
}

// ---- Calls

bool GateSession::OnCall(const Request& request, const iproto::Body& body) {
  if (!body.function_name) {
    Fail(request, MissingField("function name"));
    return true;
  }
  if (anonymous()) {
    Fail(request, {ErrorCode::kAccessDenied, Concat("Execute access to function '", body.function_name->substr(0, 256),
                                                    "' is denied for user 'guest'")});
    return true;
  }
  const ReplyHead head{.sync = request.sync, .as_tuples = request.type == RequestType::kCall16};
  const std::string_view arguments = body.tuple.value_or(std::string_view());
  const std::optional<Function> function = iproto::FindFunction(*body.function_name);
  if (!function && *body.function_name == kInstanceInformation) {
    AppendValues(packets_, head, 1, EncodeInstanceInformation());
    ++replies_;
    return true;
  }
  if (!function) {
    Fail(request, iproto::NoSuchFunction(*body.function_name));
    return true;
  }
  if (IsPublish(*function)) return Publish(*function, arguments, head);
  const uint64_t max_bytes = Calls::MaxReplyBytes(*function, arguments);
  if (max_bytes > 0 && !channel_->Reserve(max_bytes)) return false;
  gate_.calls.Call(*function, arguments, max_bytes, Reply(channel_, head, max_bytes));
  return true;
}

bool GateSession::Publish(Function function, std::string_view arguments, ReplyHead head) {
  const bool msgpack_form = function == Function::kPublishMessageMsgpack || function == Function::kGrpcPublishMsgpack;
  const bool answers_map = function == Function::kGrpcPublish || function == Function::kGrpcPublishMsgpack;
  const PublishAnswer answer = answers_map ? PublishAnswer::kMap : PublishAnswer::kSequence;
  const auto decoded = msgpack_form ? iproto::DecodePublishMsgpack(arguments) : iproto::DecodePublish(arguments);
  if (const Error* error = std::get_if<Error>(&decoded)) {
    AppendRefusal(packets_, head, answer, *error);
    ++replies_;
    return true;
  }
  auto publish = std::get<iproto::PublishArguments>(decoded);
  if (function == Function::kGrpcPublishMsgpack) publish.object_name = {};
  if (const absl::Status status = iproto::CheckPublish(function, publish); !status.ok()) {
    AppendRefusal(packets_, head, answer, status);
    ++replies_;
    return true;
  }
  AddToBurst(head, answer, publish);
  return true;
}

void GateSession::AddToBurst(ReplyHead head, PublishAnswer answer, const iproto::PublishArguments& arguments) {
  if (publishes_ != nullptr && !publishes_->HasRoomFor(arguments)) std::exchange(publishes_, nullptr)->Start();
  if (publishes_ == nullptr) {
    publishes_ = std::make_shared<PublishBurst>(gate_.broker.publisher(), channel_);
  }
  publishes_->Add(head, answer, arguments);
}

// ---- Selects

bool GateSession::OnSelect(const Request& request, const iproto::Body& body) {
  auto decoded = DecodeSelect(body, anonymous());
  if (const Error* error = std::get_if<Error>(&decoded)) {
    Fail(request, *error);
    return true;
  }
  SelectRequest select = std::get<SelectRequest>(std::move(decoded));
  const uint64_t space = select.space->id;
  if (space == kMessageSpace || space == kConsumersSpace) {
    if (!channel_->Reserve(kMaxReplyBytes)) return false;
    Reply reply(channel_, {.sync = request.sync, .as_tuples = false}, kMaxReplyBytes);
    if (space == kMessageSpace) {
      MessageSelect::Start(gate_.messages, std::move(select), std::move(reply));
    } else {
      SelectConsumers(gate_.messages, std::move(select), std::move(reply));
    }
    return true;
  }
  const bool spaces = space == kSpaceSpace || space == kViewSpace;
  const absl::StatusOr<iproto::Values> values =
      spaces ? SelectSpaces(select, anonymous()) : SelectIndexes(select, anonymous());
  if (!values.ok()) {
    Fail(request, iproto::ErrorOf(values.status()));
    return true;
  }
  iproto::AppendReply(packets_, request.sync, kSchemaVersion, values->count, values->encoded);
  ++replies_;
  return true;
}

}  // namespace mts::gate
