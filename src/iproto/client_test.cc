#include "iproto/client.h"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "iproto/msgpack_text.h"
#include "iproto/msgpack_values.h"
#include "iproto/scripted_server.h"

namespace mts::iproto {
namespace {

using ::testing::HasSubstr;
using Asked = ScriptedServer::Asked;

constexpr char kPassword[] = "secret";
const std::string kWritable = Array(0, true).bytes;
const std::string kReadOnly = Array(0, false).bytes;

// hello answers whether the instance is writable.
void Writable(const Asked& asked) { asked.Answer(kWritable); }

ClientOptions OptionsFor(std::vector<std::string> addresses) {
  ClientOptions options;
  options.addresses = std::move(addresses);
  options.connector.user = ScriptedServer::kUser;
  options.connector.password = kPassword;
  options.connector.hello_function = "hello";
  options.connector.hello_arguments = Array().bytes;
  options.connector.accept = [](std::string_view data) {
    return data == Array(Raw{kWritable}).bytes || data == std::string("\xDD\0\0\0\1", 5) + kWritable
               ? absl::OkStatus()
               : absl::UnavailableError("it is read-only");
  };
  options.connect_timeout_micros = 5'000'000;
  return options;
}

struct Answered {
  absl::Notification given;
  absl::StatusOr<Reply> reply = absl::UnknownError("none yet");

  absl::StatusOr<std::string> Text() {
    given.WaitForNotification();
    if (!reply.ok()) return reply.status();
    return MsgpackText(reply->data());
  }
};

class ClientTest : public ::testing::Test {
 protected:
  void Start(ClientOptions options) {
    absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(std::move(options));
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
    ASSERT_TRUE(client_->Begin().ok());
  }
  std::shared_ptr<Answered> Call(std::string_view function, std::string arguments = Array().bytes, bool again = false,
                                 int64_t timeout_micros = 20'000'000) {
    auto answered = std::make_shared<Answered>();
    client_->Call(function, std::move(arguments), SystemClock().MonotonicMicros() + timeout_micros, again,
                  [answered](absl::StatusOr<Reply> reply) {
                    answered->reply = std::move(reply);
                    answered->given.Notify();
                  });
    return answered;
  }
  void AwaitStatus(absl::StatusCode code) {
    while (client_->status().code() != code) std::this_thread::yield();
  }

  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, CallsAreAnsweredInAnyOrder) {
  std::vector<Asked> held;
  ScriptedServer server(
      [&](const Asked& asked) {
        if (asked.function == "hello") return Writable(asked);
        held.push_back(asked);
        if (held.size() < 3) return;
        for (size_t i = 3; i-- > 0;) held[i].Answer(Array(static_cast<int>(i)).bytes);
      },
      kPassword);
  Start(OptionsFor({server.address()}));
  const auto first = Call("a"), second = Call("b"), third = Call("c");
  EXPECT_EQ(*first->Text(), "[[0]]");
  EXPECT_EQ(*second->Text(), "[[1]]");
  EXPECT_EQ(*third->Text(), "[[2]]");
  EXPECT_TRUE(client_->status().ok());
}

TEST_F(ClientTest, RepliesOfEverySizeArriveWhole) {
  ScriptedServer server(
      [&](const Asked& asked) { asked.function == "hello" ? Writable(asked) : asked.Answer(asked.arguments); },
      kPassword);
  Start(OptionsFor({server.address()}));
  std::vector<std::pair<std::string, std::shared_ptr<Answered>>> calls;
  for (size_t size : {0, 1, 200, 65'000, 65'536, 70'000, 262'144, 300'000, 3'000'000, 5, 1'000'000, 17}) {
    const std::string arguments = Array(Binary(std::string(size, static_cast<char>(size)))).bytes;
    calls.emplace_back(arguments, Call("echo", arguments));
  }
  for (auto& [arguments, answered] : calls) {
    answered->given.WaitForNotification();
    ASSERT_TRUE(answered->reply.ok()) << answered->reply.status();
    EXPECT_TRUE(answered->reply->data().ends_with(arguments)) << arguments.size();
  }
}

TEST_F(ClientTest, ErrorsOfTarantoolHaveTheirMeaning) {
  ScriptedServer server(
      [&](const Asked& asked) {
        if (asked.function == "hello") return Writable(asked);
        if (asked.function == "memory") return asked.Refuse(ErrorCode::kMemoryIssue, "Failed to allocate");
        if (asked.function == "denied") return asked.Refuse(ErrorCode::kAccessDenied, "Execute access is denied");
        asked.Refuse(ErrorCode::kNoSuchProcedure, "Procedure 'x' is not defined");
      },
      kPassword);
  Start(OptionsFor({server.address()}));
  EXPECT_TRUE(absl::IsResourceExhausted(Call("memory")->Text().status()));
  EXPECT_TRUE(absl::IsPermissionDenied(Call("denied")->Text().status()));
  EXPECT_TRUE(absl::IsUnimplemented(Call("x")->Text().status()));
}

TEST_F(ClientTest, AWrongPasswordIsToldAndCallsEndInTime) {
  ScriptedServer server(Writable, "another");
  Start(OptionsFor({server.address()}));
  const absl::Status status = Call("a", Array().bytes, true, 300'000)->Text().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("user minitoolstream is refused"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(server.address()));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr(kPassword)));
}

TEST_F(ClientTest, AServerThatComesLaterIsFound) {
  int port = 0;
  {
    ScriptedServer before(Writable, kPassword);
    port = before.port();
  }
  Start(OptionsFor({Concat("127.0.0.1:", port)}));
  const auto early = Call("early", Array().bytes, false, 100'000);
  const auto late = Call("late");
  EXPECT_TRUE(absl::IsUnavailable(early->Text().status()));
  ScriptedServer server(Writable, kPassword, port);
  EXPECT_TRUE(late->Text().ok());
}

TEST_F(ClientTest, AfterGarbageTheConnectionIsMadeAnewAndOnlySoundCallsAreAskedAgain) {
  std::atomic<int> asked_once{0}, asked_again{0};
  ScriptedServer server(
      [&](const Asked& asked) {
        if (asked.function == "hello") return Writable(asked);
        if (asked.function == "once") ++asked_once;
        if (asked.function == "again" && ++asked_again > 1) return asked.Answer(kWritable);
        if (asked.function == "garbage") asked.channel->Send("\xC1 what is this", 1, 0);
      },
      kPassword);
  Start(OptionsFor({server.address()}));
  const auto once = Call("once"), again = Call("again", Array().bytes, true);
  while (asked_once == 0 || asked_again == 0) std::this_thread::yield();
  const auto garbage = Call("garbage");
  EXPECT_THAT(std::string(once->Text().status().message()), HasSubstr("unknown"));
  EXPECT_THAT(std::string(garbage->Text().status().message()), HasSubstr("cannot be read"));
  EXPECT_TRUE(again->Text().ok());
  EXPECT_EQ(asked_once, 1);
  EXPECT_EQ(asked_again, 2);
  EXPECT_EQ(client_->connections(), 2u);
}

TEST_F(ClientTest, TheWritableInstanceIsFoundAndFollowed) {
  std::atomic<int> leader{1};
  std::atomic<int> executed{0};
  const auto script = [&](int me) {
    return [&, me](const Asked& asked) {
      if (asked.function == "hello") return asked.Answer(leader == me ? kWritable : kReadOnly);
      if (leader != me)
        return asked.Refuse(ErrorCode::kReadOnly, "Can't modify data because this instance is read-only");
      ++executed;
      asked.Answer(Array(me).bytes);
    };
  };
  ScriptedServer first(script(1), kPassword), second(script(2), kPassword), third(script(3), kPassword);
  ClientOptions options = OptionsFor({third.address(), first.address(), second.address()});
  options.misdirected = [](std::string_view data) {
    return data.ends_with(kReadOnly) ? absl::UnavailableError("it is read-only") : absl::OkStatus();
  };
  Start(std::move(options));
  EXPECT_EQ(*Call("a")->Text(), "[[1]]");
  leader = 2;
  EXPECT_EQ(*Call("a")->Text(), "[[2]]");
  leader = 1;
  EXPECT_EQ(*Call("a")->Text(), "[[1]]");
  EXPECT_EQ(executed, 3);
  // Also when nothing is asked.
  leader = 3;
  while (first.connections() + second.connections() > 0 || third.connections() == 0) std::this_thread::yield();
}

TEST_F(ClientTest, WhenNoInstanceIsWritableTheReasonsAreTold) {
  ScriptedServer first([](const Asked& asked) { asked.Answer(kReadOnly); }, kPassword);
  ScriptedServer second([](const Asked& asked) { asked.Answer(kReadOnly); }, kPassword);
  Start(OptionsFor({first.address(), second.address()}));
  const std::string text(Call("a", Array().bytes, true, 300'000)->Text().status().message());
  EXPECT_THAT(text, HasSubstr(first.address()));
  EXPECT_THAT(text, HasSubstr(second.address()));
  EXPECT_THAT(text, HasSubstr("read-only"));
}

TEST_F(ClientTest, ASilentServerIsLeft) {
  std::atomic<bool> silent{false};
  ScriptedServer server(
      [&](const Asked& asked) {
        if (!silent) Writable(asked);
      },
      kPassword);
  ScriptedServer other(Writable, kPassword);
  ClientOptions options = OptionsFor({server.address(), other.address()});
  options.connect_timeout_micros = 300'000;
  options.probe_interval_micros = 100'000;
  Start(std::move(options));
  EXPECT_TRUE(Call("a")->Text().ok());
  silent = true;
  EXPECT_TRUE(Call("a", Array().bytes, true)->Text().ok());
}

TEST_F(ClientTest, TooManyCallsAreRefused) {
  ScriptedServer server(
      [&](const Asked& asked) {
        if (asked.function == "hello") Writable(asked);
      },
      kPassword);
  ClientOptions options = OptionsFor({server.address()});
  options.max_calls = 2;
  options.max_bytes = 1000;
  Start(std::move(options));
  const auto first = Call("a"), second = Call("a", Array().bytes, false, 200'000);
  EXPECT_TRUE(absl::IsResourceExhausted(Call("a")->Text().status()));
  EXPECT_TRUE(absl::IsUnavailable(second->Text().status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Call("a", std::string(2000, '\xC0'))->Text().status()));
  EXPECT_FALSE(first->given.HasBeenNotified());
  client_->Shutdown();
  EXPECT_TRUE(absl::IsUnavailable(first->Text().status()));
  EXPECT_TRUE(absl::IsUnavailable(Call("a")->Text().status()));
}

TEST_F(ClientTest, ManyThreadsGetTheirOwnAnswers) {
  ScriptedServer server(
      [&](const Asked& asked) { asked.function == "hello" ? Writable(asked) : asked.Answer(asked.arguments); },
      kPassword);
  Start(OptionsFor({server.address()}));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(*Call("echo", Array(t, i).bytes)->Text(), Concat("[[", t, ", ", i, "]]"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(client_->connections(), 1u);
}

TEST(ClientOptionsTest, AddressesThatAreNoneAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Create(OptionsFor({})).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Client::Create(OptionsFor({"tarantool"})).status()));
}

}  // namespace
}  // namespace mts::iproto
