// For tests of the gRPC door: a whole server in this process on a temporary directory (and what door_shape.h
// says), and a client of it.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "door_shape.h"
#include "minitoolstream/admin.grpc.pb.h"
#include "minitoolstream/egress.grpc.pb.h"
#include "minitoolstream/ingress.grpc.pb.h"
#include "server/server.h"

namespace mts::conformance {

namespace pb = ::minitoolstream;

class DoorFixture : public ::testing::Test {
 protected:
  DoorFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mts-door-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    configuration_.data_dir = directory_ + "/data";
    configuration_.ingress_listen = configuration_.egress_listen = "127.0.0.1:0";
    configuration_.gate_listen = "127.0.0.1:0";
    configuration_.gate_listen.clear();
    configuration_.segment_bytes = 4 << 20;
    configuration_.prepared_segments = 1;
    configuration_.min_free_bytes = 0;
    configuration_.max_message_bytes = 4 << 20;
    configuration_.max_batch_bytes = 8 << 20;
    configuration_.shutdown_grace_micros = 1'000'000;
  }
  ~DoorFixture() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void SetUp() override {
    const absl::Status status = shape_.Apply(configuration_);
    if (absl::IsNotFound(status)) GTEST_SKIP() << status.message();
    ASSERT_TRUE(status.ok()) << status;
    Start();
  }

  void Start() {
    absl::StatusOr<std::unique_ptr<server::Server>> server = server::Server::Start(configuration_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = NewChannel();
    ingress_ = pb::IngressService::NewStub(channel_);
    egress_ = pb::EgressService::NewStub(channel_);
    admin_ = pb::AdminService::NewStub(channel_);
  }
  void Restart() {
    server_.reset();
    Start();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_->ingress_port()); }

  // A connection of its own; receives messages of any size.
  std::shared_ptr<grpc::Channel> NewChannel(int number = 0) const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt("mts.channel", number);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
  }

  static pb::PublishRequest Request(std::string subject, std::string data, std::string id = {}) {
    pb::PublishRequest request;
    request.set_subject(std::move(subject));
    request.set_data(std::move(data));
    request.set_message_id(std::move(id));
    return request;
  }
  pb::PublishResponse Publish(const pb::PublishRequest& request) {
    grpc::ClientContext context;
    pb::PublishResponse response;
    const grpc::Status status = ingress_->Publish(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
    return response;
  }
  uint64_t PublishOk(std::string subject, std::string data, std::string id = {}) {
    const pb::PublishResponse response = Publish(Request(std::move(subject), std::move(data), std::move(id)));
    EXPECT_EQ(response.status_code(), 0) << response.error_message();
    EXPECT_FALSE(response.object_name().empty());
    return response.sequence();
  }

  struct Fetched {
    grpc::Status status;
    std::vector<pb::Message> messages;

    std::vector<std::string> data() const {
      std::vector<std::string> all;
      for (const pb::Message& message : messages) all.push_back(message.data());
      return all;
    }
  };
  Fetched Fetch(const std::string& subject, const std::string& durable, int batch_size, uint64_t max_inline = 0,
                bool peek = false) {
    grpc::ClientContext context;
    pb::FetchRequest request;
    request.set_subject(subject);
    request.set_durable_name(durable);
    request.set_batch_size(batch_size);
    request.set_max_inline_bytes(max_inline);
    auto reader = peek ? egress_->Peek(&context, request) : egress_->Fetch(&context, request);
    Fetched fetched;
    pb::Message message;
    while (reader->Read(&message)) fetched.messages.push_back(message);
    fetched.status = reader->Finish();
    return fetched;
  }
  std::pair<grpc::Status, pb::MessageBatch> FetchBatch(const pb::FetchBatchRequest& request) {
    grpc::ClientContext context;
    std::pair<grpc::Status, pb::MessageBatch> answer;
    answer.first = egress_->FetchBatch(&context, request, &answer.second);
    return answer;
  }
  pb::AckResponse Acknowledge(const std::string& subject, const std::string& durable, uint64_t sequence) {
    grpc::ClientContext context;
    pb::AckRequest request;
    request.set_subject(subject);
    request.set_durable_name(durable);
    request.set_sequence(sequence);
    pb::AckResponse response;
    const grpc::Status status = egress_->AckMessage(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  uint64_t LastSequence(const std::string& subject) {
    grpc::ClientContext context;
    pb::GetLastSequenceRequest request;
    request.set_subject(subject);
    pb::GetLastSequenceResponse response;
    EXPECT_TRUE(egress_->GetLastSequence(&context, request, &response).ok());
    return response.last_sequence();
  }

  // Any bytes as the request of a unary method, "/minitoolstream.IngressService/Publish".
  grpc::Status CallRaw(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    absl::Notification done;
    grpc::Status status;
    stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response, [&](grpc::Status answer) {
      status = std::move(answer);
      done.Notify();
    });
    done.WaitForNotification();
    return status;
  }

  size_t CountPayloads() const { return shape_.CountPayloads(configuration_); }

  // Payloads in the payload store: `count` where small ones lie with their messages.
  void ExpectPayloads(size_t count) const {
    if (!shape_.keeps_payloads_inline()) return;
    EXPECT_EQ(CountPayloads(), count);
  }

  DoorShape shape_;
  std::string directory_;
  server::Configuration configuration_;
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::IngressService::Stub> ingress_;
  std::unique_ptr<pb::EgressService::Stub> egress_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
};

}  // namespace mts::conformance
