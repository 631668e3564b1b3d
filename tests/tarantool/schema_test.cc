#include <filesystem>
#include <fstream>

#include "tests/tarantool/tarantool_fixture.h"

namespace mts::tarantool {
namespace {

// What the existing system's script makes, with a few rows and its rights.
constexpr char kOldScript[] = R"(
box.cfg{listen = os.getenv('MTS_LISTEN'), work_dir = os.getenv('MTS_WORK_DIR'), wal_mode = 'write'}
local message = box.schema.space.create('message', {format = {
    {name = 'sequence', type = 'unsigned'}, {name = 'headers', type = 'any'}, {name = 'object_name', type = 'string'},
    {name = 'subject', type = 'string'}, {name = 'create_at', type = 'unsigned'},
    {name = 'data_msgpack', type = 'string', is_nullable = true}}})
message:create_index('primary', {parts = {'sequence'}})
message:create_index('subject', {parts = {'subject'}, unique = false})
message:create_index('subject_sequence', {parts = {'subject', 'sequence'}})
message:create_index('create_at', {parts = {'create_at'}, unique = false})
local consumers = box.schema.space.create('consumers', {format = {
    {name = 'durable_name', type = 'string'}, {name = 'subject', type = 'string'},
    {name = 'last_sequence', type = 'unsigned'}}})
consumers:create_index('primary', {parts = {'durable_name', 'subject'}})
consumers:create_index('subject', {parts = {'subject'}, unique = false})
local map = setmetatable({}, {__serialize = 'map'})
message:insert{1, {['content-type'] = 'text/plain'}, 'orders_1', 'orders', 1700000000}
message:insert{2, map, '', 'events', 1700000001, 'inline'}
message:insert{300, {}, 'orders_300', 'orders', 1700000002}
consumers:insert{'c', 'orders', 1}
box.schema.user.create('minitoolstream', {password = 'changeme'})
box.schema.user.grant('minitoolstream', 'read,write,execute', 'universe')
os.exit(0)
)";

class SchemaTest : public TarantoolFixture {
 protected:
  // The folder of a server that ours then starts on.
  void MakeOldData(const std::string& folder) {
    std::filesystem::create_directories(folder);
    const std::string script = wal_.path() + "/old.lua";
    std::ofstream(script) << kOldScript;
    testing::Program old({"/usr/bin/tarantool", script}, {"MTS_LISTEN=127.0.0.1:0", "MTS_WORK_DIR=" + folder},
                         wal_.path() + "/old.log");
    old.Start();
    while (old.Runs()) ::usleep(1000);
  }
};

TEST_F(SchemaTest, AnOlderSchemaIsBroughtUpWithItsRows) {
  const std::string folder = wal_.path() + "/data";
  MakeOldData(folder);
  if (!Start({"MTS_WORK_DIR=" + folder})) return;
  for (const bool restarted : {false, true}) {
    if (restarted) Restart();
    EXPECT_EQ(client_->Call("grpc_fetch", "orders", "new", 2, false),
              "[[u64:1, {\"content-type\": \"text/plain\"}, \"orders_1\", \"orders\", u64:1700000000], "
              "[u64:300, {}, \"orders_300\", \"orders\", u64:1700000002]]");
    EXPECT_EQ(client_->Call("get_consumer_position", "c", "orders"), "1");
    EXPECT_EQ(Call("mts.read_one", "events", 2, 100),
              "[0, [2, {}, \"\", \"events\", 1700000001, \"inline\", u64:1700000001000000, 6, 0, 0, 0]]");
    EXPECT_EQ(Call("mts.info").substr(0, 11), restarted ? "[0, 301, 4," : "[0, 300, 3,");
    EXPECT_EQ(Call("mts.last_before", 1'700'000'002'000'000), "[0, 2]");
    EXPECT_EQ(Call("mts.named", Array("orders_300", "events_2")), "[0, [true, false]]");
    if (restarted) break;
    EXPECT_EQ(Call("mts.append", Array(Batch(Inline("orders", "x")))), "[0, [[0, 301, 301, []]]]");
  }
  EXPECT_EQ(client_->Request(8, Map(0x27, "return 1", 0x21, Array()).bytes).error, 42u) << "old rights are still there";
}

// The functions that came later are made where an older program made the schema, also on an instance that becomes
// writable later, as those of a replica set do.
TEST_F(SchemaTest, FunctionsThatAreNewerThanTheSchemaAreMade) {
  if (!Start()) return;
  const auto drop = [this](const std::string& folder) {
    const std::string script = wal_.path() + "/drop.lua";
    std::ofstream(script) << "box.cfg{work_dir = os.getenv('MTS_WORK_DIR'), wal_mode = 'write'}\n"
                             "box.schema.func.drop('mts.move_payloads')\nos.exit(0)\n";
    testing::Program program({"/usr/bin/tarantool", script}, {"MTS_WORK_DIR=" + folder}, wal_.path() + "/drop.log");
    program.Start();
    while (program.Runs()) ::usleep(1000);
  };
  server_->Kill();
  const std::string folder = wal_.path() + "/copy";
  std::filesystem::copy(server_->folder() + "/data", folder);
  drop(folder);
  if (!Start({"MTS_WORK_DIR=" + folder, "MTS_READ_ONLY=true"})) return;
  EXPECT_EQ(Call("mts.hello").find("[0, 1, false, "), 0u) << server_->Log();
  EXPECT_EQ(Call("mts.move_payloads", Array()).substr(0, 4), "#42:");
  server_->Kill();
  if (!Start({"MTS_WORK_DIR=" + folder})) return;
  EXPECT_EQ(Call("mts.move_payloads", Array()), "[0, 0]");
}

TEST_F(SchemaTest, AReadOnlyInstanceSaysSo) {
  if (!Start()) return;
  Call("mts.append", Array(Batch(Inline("a", "x"))));
  server_->Kill();
  const std::string folder = server_->folder();
  std::filesystem::copy(folder + "/data", wal_.path() + "/copy");
  if (!Start({"MTS_WORK_DIR=" + wal_.path() + "/copy", "MTS_READ_ONLY=true"})) return;
  const std::string hello = Call("mts.hello");
  EXPECT_EQ(hello.find("[0, 1, false, "), 0u) << hello;
  for (const std::string& answer : {Call("mts.last", "a"), Call("mts.append", Array(Batch(Inline("a", "x"))))}) {
    EXPECT_EQ(answer.substr(0, 4), "[14,") << answer;
    EXPECT_EQ(answer.substr(answer.size() - 6), " true]") << answer;
  }
}

}  // namespace
}  // namespace mts::tarantool
