// The numbers of the Tarantool binary protocol that this system uses.
//
// Threading: constants.
#pragma once

#include <cstdint>

namespace mts::iproto {

enum class RequestType : uint32_t {
  kOk = 0,
  kSelect = 1,
  kInsert = 2,
  kReplace = 3,
  kUpdate = 4,
  kDelete = 5,
  kCall16 = 6,
  kAuth = 7,
  kEval = 8,
  kUpsert = 9,
  kCall = 10,
  kExecute = 11,
  kNop = 12,
  kPrepare = 13,
  kBegin = 14,
  kCommit = 15,
  kRollback = 16,
  kPing = 64,
  kJoin = 65,
  kSubscribe = 66,
  kVote = 68,
  kId = 73,
  kWatch = 74,
  kUnwatch = 75,
};

// An error's reply has this bit in its type, and the error's number below it.
inline constexpr uint32_t kErrorReply = 0x8000;

// Keys of the header.
inline constexpr uint64_t kKeyRequestType = 0x00;
inline constexpr uint64_t kKeySync = 0x01;
inline constexpr uint64_t kKeySchemaVersion = 0x05;

// Keys of the body.
inline constexpr uint64_t kKeySpaceId = 0x10;
inline constexpr uint64_t kKeyIndexId = 0x11;
inline constexpr uint64_t kKeyLimit = 0x12;
inline constexpr uint64_t kKeyOffset = 0x13;
inline constexpr uint64_t kKeyIterator = 0x14;
inline constexpr uint64_t kKeyKey = 0x20;
inline constexpr uint64_t kKeyTuple = 0x21;
inline constexpr uint64_t kKeyFunctionName = 0x22;
inline constexpr uint64_t kKeyUserName = 0x23;
inline constexpr uint64_t kKeyData = 0x30;
inline constexpr uint64_t kKeyError = 0x31;
inline constexpr uint64_t kKeyVersion = 0x54;
inline constexpr uint64_t kKeyFeatures = 0x55;
inline constexpr uint64_t kKeyAuthType = 0x5B;

enum class Iterator : uint64_t {
  kEqual = 0,
  kEqualReversed = 1,
  kAll = 2,
  kLess = 3,
  kLessOrEqual = 4,
  kGreaterOrEqual = 5,
  kGreater = 6,
};
inline constexpr uint64_t kLastIterator = 11;  // up to here: known to the protocol, for other kinds of index

enum class ErrorCode : uint32_t {
  kUnknown = 0,
  kIllegalParameters = 1,
  kMemoryIssue = 2,
  kUnsupported = 5,
  kReadOnly = 7,
  kKeyPartType = 18,
  kExactMatch = 19,
  kInvalidMsgpack = 20,
  kFieldType = 23,
  kKeyPartCount = 31,
  kProcedure = 32,
  kNoSuchProcedure = 33,
  kNoSuchIndex = 35,
  kNoSuchSpace = 36,
  kWalIo = 40,
  kAccessDenied = 42,
  kNoSuchUser = 45,
  kWrongCredentials = 47,
  kUnknownRequestType = 48,
  kNoSuchFunction = 51,
  kMissingField = 69,
  kIteratorType = 72,
  kTimeout = 78,
  kWrongSchemaVersion = 109,
  kLoading = 116,
  kForeignLimbo = 214,
  kMasterMismatch = 215,
  kQuorumTimeout = 216,
  kRollback = 217,
};

inline constexpr uint32_t kGreetingBytes = 128;
inline constexpr uint32_t kSaltBytes = 20;  // of the greeting's 32 that a scramble uses
inline constexpr uint32_t kScrambleBytes = 20;

}  // namespace mts::iproto
