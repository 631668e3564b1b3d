// The server as a whole through the gRPC door: addresses, health, reflection, many connections, shutdown under load.

#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "absl/time/clock.h"
#include "door_fixture.h"
#include "server/process.h"

namespace mts::conformance {
namespace {

class ServerDoorTest : public DoorFixture {};

TEST_F(ServerDoorTest, TwoAddressesServeTheSame) {
  configuration_.egress_listen = "localhost:0";
  Restart();
  EXPECT_NE(server_->ingress_port(), server_->egress_port());
  PublishOk("a", "x");
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->egress_port()), grpc::InsecureChannelCredentials());
  egress_ = pb::EgressService::NewStub(channel);
  EXPECT_EQ(LastSequence("a"), 1u);
}

TEST_F(ServerDoorTest, AnAddressInUseAndALockedDirectoryAreClearErrors) {
  server::Configuration same_port = configuration_;
  same_port.data_dir = directory_ + "/other";
  same_port.ingress_listen = same_port.egress_listen = address();
  const auto in_use = server::Server::Start(same_port);
  ASSERT_FALSE(in_use.ok());
  EXPECT_THAT(std::string(in_use.status().message()), ::testing::HasSubstr(address()));
  EXPECT_EQ(PublishOk("a", "still served"), 1u);
  if (configuration_.metadata != "embedded") return;  // nobody locks anything
  const auto locked = server::Server::Start(configuration_);
  ASSERT_FALSE(locked.ok());
  EXPECT_THAT(std::string(locked.status().message()), ::testing::HasSubstr(std::to_string(getpid())));
  EXPECT_EQ(PublishOk("a", "still served"), 2u);
}

TEST_F(ServerDoorTest, HealthAndReflectionAnswer) {
  // Both protocols are small enough to be spelled out: an empty health request; reflection's "list services".
  EXPECT_TRUE(CallRaw("/grpc.health.v1.Health/Check", "").ok());
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag;
  bool ok;
  const auto next = [&] { return queue.Next(&tag, &ok) && ok; };
  call->StartCall(nullptr);
  ASSERT_TRUE(next());
  const grpc::Slice list(std::string("\x3A\x00", 2));
  call->Write(grpc::ByteBuffer(&list, 1), nullptr);
  ASSERT_TRUE(next());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(next());
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  const std::string text(bytes.begin(), bytes.end());
  for (const char* service :
       {"minitoolstream.IngressService", "minitoolstream.EgressService", "minitoolstream.AdminService"}) {
    EXPECT_THAT(text, ::testing::HasSubstr(service));
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST_F(ServerDoorTest, TwoThousandConnections) {
  constexpr int kConnections = 2000;
  // Both ends are in this process.
  if (server::RaiseOpenFileLimit() < 2 * kConnections + 200) {
    GTEST_SKIP() << "NOT TESTED: the limit of open files is too low for " << kConnections << " connections";
  }
  PublishOk("a", "x");
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < kConnections; ++i) {
    channels.push_back(NewChannel(i + 1));
    channels.back()->GetState(true);
  }
  for (const auto& channel : channels) {
    ASSERT_TRUE(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(60)));
  }
  for (const auto& channel : channels) {
    egress_ = pb::EgressService::NewStub(channel);
    ASSERT_EQ(LastSequence("a"), 1u);
  }
}

// What was answered before, during and after the shutdown is there after a restart; streams end with UNAVAILABLE.
TEST_F(ServerDoorTest, ShutdownUnderLoadLosesNothingThatWasAnswered) {
  std::atomic<uint64_t> greatest{0}, unary_answers{0};
  const auto note = [&](uint64_t sequence) {
    uint64_t seen = greatest.load();
    while (seen < sequence && !greatest.compare_exchange_weak(seen, sequence)) {
    }
  };
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&] {
      while (true) {
        grpc::ClientContext context;
        pb::PublishResponse response;
        const grpc::Status status = ingress_->Publish(&context, Request("a", "unary"), &response);
        if (!status.ok()) {
          EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
          return;
        }
        ++unary_answers;
        note(response.sequence());
      }
    });
  }
  grpc::Status stream_status, subscribe_status, wait_status;
  std::atomic<uint64_t> batches{0};
  clients.emplace_back([&] {
    grpc::ClientContext context;
    auto stream = ingress_->PublishStream(&context);
    std::thread writer([&] {
      pb::PublishBatchRequest batch;
      for (int i = 0; i < 50; ++i) *batch.add_messages() = Request("a", "stream");
      while (stream->Write(batch)) {
      }
    });
    pb::PublishBatchResponse response;
    while (stream->Read(&response)) {
      ++batches;
      note(response.last_sequence());
    }
    writer.join();
    stream_status = stream->Finish();
  });
  clients.emplace_back([&] {
    grpc::ClientContext context;
    pb::SubscribeRequest request;
    request.set_subject("a");
    request.set_durable_name("c");
    auto reader = egress_->Subscribe(&context, request);
    pb::Notification notification;
    while (reader->Read(&notification)) {
    }
    subscribe_status = reader->Finish();
  });
  clients.emplace_back([&] {
    pb::FetchBatchRequest request;
    request.set_subject("nothing");
    request.mutable_wait()->set_seconds(3600);
    wait_status = FetchBatch(request).first;
  });
  while (batches < 20 || unary_answers < 20) std::this_thread::yield();
  const absl::Time begin = absl::Now();
  server_->Shutdown();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(stream_status.error_code(), grpc::StatusCode::UNAVAILABLE) << stream_status.error_message();
  EXPECT_EQ(subscribe_status.error_code(), grpc::StatusCode::UNAVAILABLE) << subscribe_status.error_message();
  EXPECT_EQ(wait_status.error_code(), grpc::StatusCode::UNAVAILABLE) << wait_status.error_message();
  Restart();
  EXPECT_GE(LastSequence("a"), greatest.load());
  EXPECT_GT(greatest.load(), 0u);
}

}  // namespace
}  // namespace mts::conformance
