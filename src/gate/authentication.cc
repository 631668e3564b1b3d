#include "gate/authentication.h"

#include "base/text.h"
#include "iproto/scramble.h"
#include "model/msgpack_reader.h"

namespace mts::gate {
namespace {

using iproto::Error;
using iproto::ErrorCode;
using Type = MsgpackReader::Type;

struct Proof {
  std::string_view method;
  std::string_view bytes;
};

// [method, proof], or nothing in it at all.
bool DecodeProof(std::string_view tuple, std::optional<Proof>& proof) {
  MsgpackReader reader(tuple);
  MsgpackReader::Value head, method, bytes;
  if (!reader.Next(head) || head.type != Type::kArray) return false;
  if (head.number == 0) return true;
  if (head.number < 2 || !reader.Next(method) || method.type != Type::kString) return false;
  if (!reader.Next(bytes) || (bytes.type != Type::kString && bytes.type != Type::kBinary)) return false;
  proof = Proof{method.bytes, bytes.bytes};
  return true;
}

bool IsProven(const Proof& proof, std::string_view password, std::string_view salt) {
  if (proof.method == "chap-sha1") return iproto::CheckChapSha1(proof.bytes, password, salt);
  return iproto::CheckPapSha256(proof.bytes, password);
}

}  // namespace

std::optional<Error> Authentication::Check(const iproto::Body& body, std::string_view salt, std::string& user) const {
  if (!body.user_name) return Error{ErrorCode::kMissingField, "Missing mandatory field 'user name' in request"};
  if (!body.tuple) return Error{ErrorCode::kMissingField, "Missing mandatory field 'tuple' in request"};
  std::optional<Proof> proof;
  if (!DecodeProof(*body.tuple, proof)) {
    return Error{ErrorCode::kInvalidMsgpack, "Invalid MsgPack - authentication request body"};
  }
  if (!proof && *body.user_name == kGuest) {
    user = kGuest;
    return std::nullopt;
  }
  if (proof && proof->method != "chap-sha1" && proof->method != "pap-sha256") {
    return Error{ErrorCode::kUnsupported,
                 Concat("Authentication method '", proof->method.substr(0, 64), "' is not supported")};
  }
  const auto found = users_.find(ToAbsl(*body.user_name));
  const bool known = found != users_.end();
  // An unknown user costs as long as a known one.
  const bool proven = proof && IsProven(*proof, known ? std::string_view(found->second) : std::string_view(), salt);
  if (!known || !proven) {
    return Error{ErrorCode::kWrongCredentials, "User not found or supplied credentials are invalid"};
  }
  user = *body.user_name;
  return std::nullopt;
}

}  // namespace mts::gate
