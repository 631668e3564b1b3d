// The functions that clients of the Tarantool door may call, by name. Arguments are read by call_arguments.h, answers
// written by call_replies.h; both serve the gate of the embedded shape and the functions inside Tarantool.
//
// Threading: pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "iproto/error.h"

namespace mts::iproto {

enum class Function {
  // The quick start's.
  kGrpcPublish,
  kGrpcGetLastSequence,
  kGrpcFetch,
  kGrpcPeek,
  kGrpcAck,
  kCheckNewMessages,
  // The others of the existing system.
  kGetNewMessagesCount,
  kGetSubjectMessageCount,
  kPublishMessage,
  kPublishMessageMsgpack,
  kGrpcPublishMsgpack,
  kGrpcFetchMsgpack,
  kGetMessageBySequence,
  kGetMessageBySequenceDecoded,
  kGetMessagesBySubject,
  kGetLatestSequenceForSubject,
  kUpdateConsumerPosition,
  kGetConsumerPosition,
  kGetConsumersBySubject,
  kDeleteOldMessages,
};

std::optional<Function> FindFunction(std::string_view name);
void ForEachFunction(absl::FunctionRef<void(std::string_view name, Function function)> visit);

// Why a name that FindFunction does not know cannot be called: functions of the existing system that have no meaning
// here say so, all others are not defined.
Error NoSuchFunction(std::string_view name);

}  // namespace mts::iproto
