// The gate behind its sockets: a request's body, and the arguments of each function, over stores in memory. Every
// request is answered exactly once with whole packets.
#include <cstdint>
#include <memory>
#include <string>

#include "broker/broker.h"
#include "fuzz_check.h"
#include "gate/gate_session.h"
#include "model/msgpack_writer.h"
#include "store/memory/memory_message_store.h"
#include "store/memory/memory_payload_store.h"

namespace {

class CountingChannel : public mts::iproto::ReplyChannel {
 public:
  void Send(std::string_view packets, uint32_t replies, uint64_t reserved) override {
    uint32_t whole = 0;
    while (!packets.empty()) {
      const auto frame = mts::iproto::NextFrame(packets, packets.size());
      FUZZ_CHECK(frame.state == mts::iproto::Frame::State::kWhole);
      mts::iproto::Request header;
      FUZZ_CHECK(mts::iproto::DecodeHeader(frame.packet, header));
      packets.remove_prefix(frame.total_bytes);
      ++whole;
    }
    FUZZ_CHECK(whole == replies && reserved <= reserved_);
    reserved_ -= reserved;
    answered_ += replies;
  }
  bool Reserve(uint64_t bytes) override {
    reserved_ += bytes;
    return true;
  }
  void CloseWhenSent() override {}

  uint32_t answered_ = 0;
  uint64_t reserved_ = 0;
};

// What the requests meet: some messages, a consumer, one user.
struct World {
  World() {
    mts::NewMessage message;
    for (const char* subject : {"a", "b", "a"}) {
      message.subject = subject;
      message.payload = "payload";
      broker.publisher().Publish(message, [](const auto&) {});
    }
    broker.consumers().Acknowledge({"c", "a"}, mts::Sequence(1), [](const auto&) {});
  }

  mts::store::MemoryMessageStore messages;
  mts::store::MemoryPayloadStore payloads;
  mts::broker::Broker broker{messages, payloads, mts::broker::Options()};
  mts::gate::Gate gate{broker, messages, mts::gate::Authentication({{"user", "password"}}),
                       mts::gate::Calls(broker, messages, mts::SystemClock())};
};

constexpr const char* kFunctions[] = {"grpc_publish",
                                      "grpc_get_last_sequence",
                                      "grpc_fetch",
                                      "grpc_peek",
                                      "grpc_ack",
                                      "check_new_messages",
                                      "get_new_messages_count",
                                      "get_subject_message_count",
                                      "publish_message",
                                      "publish_message_msgpack",
                                      "grpc_publish_msgpack",
                                      "grpc_fetch_msgpack",
                                      "get_message_by_sequence",
                                      "get_message_by_sequence_decoded",
                                      "get_messages_by_subject",
                                      "get_latest_sequence_for_subject",
                                      "update_consumer_position",
                                      "get_consumer_position",
                                      "get_consumers_by_subject",
                                      "delete_old_messages",
                                      "get_next_sequence",
                                      "box.info",
                                      "nothing"};

std::string CallBody(const char* function, std::string_view arguments) {
  std::string body;
  mts::msgpack::AppendMap(body, 2);
  mts::msgpack::AppendUnsigned(body, mts::iproto::kKeyFunctionName);
  mts::msgpack::AppendText(body, function);
  mts::msgpack::AppendUnsigned(body, mts::iproto::kKeyTuple);
  return body.append(arguments);
}

}  // namespace

// The first byte chooses a function, whose arguments follow; or a type of request, whose body follows.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static World* world = nullptr;
  static int inputs = 0;
  if (world == nullptr || ++inputs % 10'000 == 0) {
    delete world;
    world = new World;
  }
  const auto channel = std::make_shared<CountingChannel>();
  mts::gate::GateSession session(world->gate, channel, std::string(32, 's'), "fuzzer");
  std::string login;
  mts::msgpack::AppendMap(login, 2);
  mts::msgpack::AppendUnsigned(login, mts::iproto::kKeyUserName);
  mts::msgpack::AppendText(login, "user");
  mts::msgpack::AppendUnsigned(login, mts::iproto::kKeyTuple);
  mts::msgpack::AppendArray(login, 2);
  mts::msgpack::AppendText(login, "pap-sha256");
  mts::msgpack::AppendText(login, "password");

  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr size_t kCount = sizeof(kFunctions) / sizeof(kFunctions[0]);
  const bool is_call = data[0] < 2 * kCount;
  const std::string call = is_call ? CallBody(kFunctions[data[0] % kCount], rest) : std::string();
  mts::iproto::Request requests[2];
  requests[0].type = mts::iproto::RequestType::kAuth;
  requests[0].body = login;
  requests[1].type = is_call ? (data[0] < kCount ? mts::iproto::RequestType::kCall : mts::iproto::RequestType::kCall16)
                             : static_cast<mts::iproto::RequestType>(data[0] - 2 * kCount);
  requests[1].sync = 7;
  requests[1].body = is_call ? std::string_view(call) : rest;
  FUZZ_CHECK(session.OnRequests(requests) == 2);
  FUZZ_CHECK(channel->answered_ == 2 && channel->reserved_ == 0);
  return 0;
}
