#include "iproto/call_functions.h"

#include "base/text.h"

namespace mts::iproto {
namespace {

struct NamedFunction {
  std::string_view name;
  Function function;
};

constexpr NamedFunction kFunctions[] = {
    {"grpc_publish", Function::kGrpcPublish},
    {"grpc_get_last_sequence", Function::kGrpcGetLastSequence},
    {"grpc_fetch", Function::kGrpcFetch},
    {"grpc_peek", Function::kGrpcPeek},
    {"grpc_ack", Function::kGrpcAck},
    {"check_new_messages", Function::kCheckNewMessages},
    {"get_new_messages_count", Function::kGetNewMessagesCount},
    {"get_subject_message_count", Function::kGetSubjectMessageCount},
    {"publish_message", Function::kPublishMessage},
    {"publish_message_msgpack", Function::kPublishMessageMsgpack},
    {"grpc_publish_msgpack", Function::kGrpcPublishMsgpack},
    {"grpc_fetch_msgpack", Function::kGrpcFetchMsgpack},
    {"get_message_by_sequence", Function::kGetMessageBySequence},
    {"get_message_by_sequence_decoded", Function::kGetMessageBySequenceDecoded},
    {"get_messages_by_subject", Function::kGetMessagesBySubject},
    {"get_latest_sequence_for_subject", Function::kGetLatestSequenceForSubject},
    {"update_consumer_position", Function::kUpdateConsumerPosition},
    {"get_consumer_position", Function::kGetConsumerPosition},
    {"get_consumers_by_subject", Function::kGetConsumersBySubject},
    {"delete_old_messages", Function::kDeleteOldMessages},
};

// A sequence is given when a message commits, so it cannot be taken beforehand; retention is the server's
// configuration.
constexpr std::string_view kWithoutMeaning[][2] = {
    {"get_next_sequence", "a message takes its sequence when it commits: use grpc_publish"},
    {"insert_message", "a message takes its sequence when it commits: use grpc_publish"},
    {"configure_ttl", "retention is a matter of the server's configuration"},
    {"start_ttl_cleanup", "retention is a matter of the server's configuration"},
    {"stop_ttl_cleanup", "retention is a matter of the server's configuration"},
    {"get_ttl_status", "retention is a matter of the server's configuration"},
};

}  // namespace

std::optional<Function> FindFunction(std::string_view name) {
  for (const NamedFunction& entry : kFunctions) {
    if (entry.name == name) return entry.function;
  }
  return std::nullopt;
}

void ForEachFunction(absl::FunctionRef<void(std::string_view name, Function function)> visit) {
  for (const NamedFunction& entry : kFunctions) visit(entry.name, entry.function);
}

Error NoSuchFunction(std::string_view name) {
  for (const auto& [known, reason] : kWithoutMeaning) {
    if (known == name) return {ErrorCode::kUnsupported, Concat("MiniToolStream does not support ", name, ": ", reason)};
  }
  constexpr size_t kShownBytes = 256;
  return {ErrorCode::kNoSuchProcedure, Concat("Procedure '", name.substr(0, kShownBytes), "' is not defined")};
}

}  // namespace mts::iproto
