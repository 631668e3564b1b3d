// A real Tarantool with our functions, and clients of it, for tests.
//
// Threading: one thread. Errors: tests are skipped where Tarantool is not installed.
#pragma once

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/text.h"
#include "gate/gate_client.h"
#include "gtest/gtest.h"
#include "tests/servers/program.h"
#include "tests/servers/tarantool_server.h"

namespace mts::tarantool {

using gate::GateClient;
using iproto::Array;
using iproto::Binary;
using iproto::Map;
using iproto::Raw;

class TarantoolFixture : public ::testing::Test {
 protected:
  static constexpr uint64_t kMessageSpace = 512;  // the first one made

  TarantoolFixture() : wal_("wal") {}

  // What a writev of the write-ahead log asks, see held_wal.cc.
  std::vector<std::string> HeldWal() const {
    return {"LD_PRELOAD=" MTS_HELD_WAL, "MTS_TEST_WAL=" + wal_.path() + "/wal"};
  }
  void Hold() { std::ofstream(wal_.path() + "/wal.hold").put('1'); }
  void Release() { ::unlink((wal_.path() + "/wal.hold").c_str()); }
  void FillDisk() { std::ofstream(wal_.path() + "/wal.full").put('1'); }
  void EmptyDisk() { ::unlink((wal_.path() + "/wal.full").c_str()); }

  // False: the test was skipped.
  bool Start(const std::vector<std::string>& settings = {}) {
    auto server = testing::TarantoolServer::Start(settings);
    if (absl::IsNotFound(server.status())) {
      Skip(server.status());
      return false;
    }
    EXPECT_TRUE(server.ok()) << server.status();
    if (!server.ok()) return false;
    server_ = *std::move(server);
    client_ = Connect();
    return true;
  }

  std::unique_ptr<GateClient> Connect() const {
    auto client = std::make_unique<GateClient>(server_->port());
    EXPECT_TRUE(client->Authenticate(testing::TarantoolServer::kUser, testing::TarantoolServer::kPassword));
    return client;
  }
  void Restart() {
    client_.reset();
    ASSERT_TRUE(server_->Restart().ok()) << server_->Log();
    client_ = Connect();
  }

  // The value of a function for the services: before Tarantool 3 its reply is wrapped once more.
  template <typename... Arguments>
  static std::string Call(GateClient& client, std::string_view function, const Arguments&... arguments) {
    return Unwrapped(client.Call(function, arguments...));
  }
  template <typename... Arguments>
  std::string Call(std::string_view function, const Arguments&... arguments) {
    return Call(*client_, function, arguments...);
  }
  static std::string Unwrapped(const std::string& text) {
    return text.starts_with("[[") ? text.substr(1, text.size() - 2) : text;
  }
  static std::string Shown(const GateClient::Answer& answer) { return Unwrapped(GateClient::Shown(answer)); }

  // A map's text with its pairs in the order of the alphabet: Lua's tables have an order of their own.
  static std::string Sorted(std::string_view map) {
    if (map.size() < 2 || map.front() != '{') return std::string(map);
    std::vector<std::string> pairs = absl::StrSplit(ToAbsl(map.substr(1, map.size() - 2)), ", ");
    std::sort(pairs.begin(), pairs.end());
    std::string text = "{";
    for (const std::string& pair : pairs) text += (text.size() > 1 ? ", " : "") + pair;
    return text + "}";
  }

  // A message for mts.append whose payload lies in the row.
  static Raw Inline(std::string_view subject, std::string_view payload, const char* message_id = nullptr) {
    Raw message;
    msgpack::AppendArray(message.bytes, 6);
    msgpack::AppendText(message.bytes, subject);
    msgpack::AppendNil(message.bytes);
    message_id == nullptr ? msgpack::AppendNil(message.bytes) : msgpack::AppendText(message.bytes, message_id);
    msgpack::AppendNil(message.bytes);
    msgpack::AppendUnsigned(message.bytes, 0);
    msgpack::AppendBinary(message.bytes, payload);
    return message;
  }
  static Raw Stored(const char* subject, const char* object_name, uint64_t offset) {
    return Array(subject, Map(), nullptr, nullptr, 1, object_name, offset, 10, 77);
  }
  template <typename... Messages>
  static Raw Batch(const Messages&... messages) {
    return Array(0, Array(messages...));
  }

  testing::ScratchFolder wal_;
  std::unique_ptr<testing::TarantoolServer> server_;
  std::unique_ptr<GateClient> client_;

 private:
  static void Skip(const absl::Status& status) { GTEST_SKIP() << status.message(); }
};

}  // namespace mts::tarantool
