// A server of the Tarantool protocol that answers as a test says.
//
// Threading: the script runs on the server's thread; everything else from the test's. Errors: what cannot be started
// ends the program. Limits: none.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "iproto/packet.h"
#include "iproto/scramble.h"
#include "iproto/server.h"

namespace mts::iproto {

class ScriptedServer {
 public:
  static constexpr char kUser[] = "minitoolstream";

  // One request and how to answer it; the views live until the script returns.
  struct Asked {
    uint64_t sync = 0;
    std::string_view function;
    std::string_view arguments;
    std::shared_ptr<ReplyChannel> channel;

    void Answer(std::string_view encoded_value) const { AnswerTo(channel, sync, encoded_value); }
    void Refuse(ErrorCode code, const std::string& text) const {
      std::string packet;
      AppendError(packet, sync, 1, {code, text});
      channel->Send(packet, 1, 0);
    }
  };
  static void AnswerTo(const std::shared_ptr<ReplyChannel>& channel, uint64_t sync, std::string_view encoded_value) {
    std::string packet;
    AppendReply(packet, sync, 1, 1, encoded_value);
    channel->Send(packet, 1, 0);
  }
  using Script = std::function<void(const Asked&)>;

  // `port` 0: any free one.
  ScriptedServer(Script script, std::string password, int port = 0)
      : script_(std::move(script)), password_(std::move(password)) {
    ServerOptions options;
    options.listen = Concat("127.0.0.1:", port);
    options.limits.max_waiting_bytes = 1 << 30;
    auto server =
        Server::Start(options, [this](std::shared_ptr<ReplyChannel> channel, std::string salt, const std::string&) {
          return std::make_unique<ScriptedSession>(this, std::move(channel), std::move(salt));
        });
    if (!server.ok()) std::abort();
    server_ = *std::move(server);
  }
  ~ScriptedServer() { server_->Shutdown(0); }

  int port() const { return server_->port(); }
  std::string address() const { return Concat("127.0.0.1:", port()); }
  uint32_t connections() const { return server_->connections(); }

 private:
  class ScriptedSession : public Session {
   public:
    ScriptedSession(ScriptedServer* server, std::shared_ptr<ReplyChannel> channel, std::string salt)
        : server_(server), channel_(std::move(channel)), salt_(std::move(salt)) {}

    size_t OnRequests(absl::Span<const Request> requests) override {
      for (const Request& request : requests) {
        Body body;
        if (!DecodeBody(request.body, body)) std::abort();
        if (request.type == RequestType::kAuth) {
          Authenticate(request, body);
        } else {
          server_->script_({request.sync, body.function_name.value_or(""), body.tuple.value_or(""), channel_});
        }
      }
      return requests.size();
    }
    uint64_t max_packet_bytes() const override { return 64 << 20; }
    bool anonymous() const override { return false; }

   private:
    void Authenticate(const Request& request, const Body& body) {
      std::string packet;
      // The scramble is the last string of [method, scramble].
      const std::string_view tuple = body.tuple.value_or("");
      const bool right = tuple.size() > kScrambleBytes &&
                         CheckChapSha1(tuple.substr(tuple.size() - kScrambleBytes), server_->password_, salt_);
      if (right) {
        AppendEmptyReply(packet, request.sync, 1);
      } else {
        AppendError(packet, request.sync, 1, {ErrorCode::kWrongCredentials, "Incorrect password supplied for user"});
      }
      channel_->Send(packet, 1, 0);
    }

    ScriptedServer* const server_;
    const std::shared_ptr<ReplyChannel> channel_;
    const std::string salt_;
  };

  const Script script_;
  const std::string password_;
  std::unique_ptr<Server> server_;
};

}  // namespace mts::iproto
