#include "server/configuration_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "server/configuration_keys.h"
#include "server/s3_keys.h"
#include "server/tarantool_keys.h"

namespace mts::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

Environment Variables(std::map<std::string, std::string> variables) {
  auto kept = std::make_shared<std::map<std::string, std::string>>(std::move(variables));
  return [kept](const char* name) -> const char* {
    const auto found = kept->find(name);
    return found == kept->end() ? nullptr : found->second.c_str();
  };
}

TEST(ConfigurationTest, EveryKeyReadsItsOwnDefaultAndHasNamesOfItsOwn) {
  std::set<std::string> names;
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    Configuration configuration;
    const std::string text = key.get(configuration);
    EXPECT_TRUE(key.set(configuration, text).ok()) << key.name << " = " << text;
    EXPECT_EQ(key.get(configuration), text) << key.name;
    EXPECT_FALSE(key.help.empty());
    EXPECT_TRUE(names.insert(key.flag()).second) << key.name;
    EXPECT_TRUE(names.insert(key.variable()).second) << key.name;
  }
  EXPECT_EQ(FindConfigurationKey("data_dir")->flag(), "--data-dir");
  EXPECT_EQ(FindConfigurationKey("ingress.listen")->flag(), "--ingress-listen");
  EXPECT_EQ(FindConfigurationKey("ingress.listen")->variable(), "MINITOOLSTREAM_INGRESS_LISTEN");
}

TEST(ConfigurationTest, AFileMayNestItsKeysOrDotThem) {
  Configuration configuration;
  ASSERT_TRUE(ApplyYaml("data_dir: /srv/data\n"
                        "ingress:\n  listen: 127.0.0.1:1\n"
                        "egress.listen: 127.0.0.1:2\n"
                        "retention: {max_age: 7d, max_bytes: 10GiB}\n",
                        "c.yaml", configuration)
                  .ok());
  EXPECT_EQ(configuration.data_dir, "/srv/data");
  EXPECT_EQ(configuration.ingress_listen, "127.0.0.1:1");
  EXPECT_EQ(configuration.egress_listen, "127.0.0.1:2");
  EXPECT_EQ(configuration.retention_max_age_micros, int64_t{7} * 24 * 3600 * 1'000'000);
  EXPECT_EQ(configuration.retention_max_bytes, uint64_t{10} << 30);
  EXPECT_TRUE(ApplyYaml("", "c.yaml", configuration).ok());
}

TEST(ConfigurationTest, WhatIsWrongInAFileIsNamedWithItsLine) {
  Configuration configuration;
  const auto error = [&](const std::string& text) { return ErrorOf(ApplyYaml(text, "c.yaml", configuration)); };
  EXPECT_EQ(error("data_dir: x\n\ningress:\n  listne: 1\n"), "c.yaml:4: unknown key 'ingress.listne'");
  EXPECT_THAT(error("data_dir: x\ndurability: maybe\n"), HasSubstr("c.yaml:2: durability: 'maybe'"));
  EXPECT_THAT(error("a: b\n  c: d\n"), HasSubstr("c.yaml:"));
  EXPECT_THAT(error("data_dir: x\n\x04\nlisten: y\n"), HasSubstr("c.yaml:2: a control character"));
  EXPECT_THAT(error("- x\n"), HasSubstr("c.yaml:1"));
  EXPECT_THAT(error("data_dir: [a, b]\n"), HasSubstr("c.yaml:1"));
  EXPECT_THAT(error("data_dir: a\ndata_dir: b\n"), HasSubstr("twice"));
  EXPECT_THAT(error("ingress:\n  listen: 1.2.3.4:1\ningress.listen: 1.2.3.4:2\n"), HasSubstr("twice"));
  EXPECT_THAT(error("data_dir: ''\n"), HasSubstr("c.yaml:1: data_dir: must not be empty"));
  EXPECT_THAT(error("segment_bytes: 1KiB\n"), HasSubstr("not between 1MiB and 1GiB"));
}

TEST(ConfigurationTest, FlagsOverEnvironmentOverFileOverDefault) {
  const std::string file = testing::TempDir() + "mts-configuration-" + std::to_string(getpid()) + ".yaml";
  std::ofstream(file) << "max_subjects: 1\nmax_batch_messages: 1\nreader_threads: 1\n";
  const auto configuration =
      LoadConfiguration(ProcessKind::kServe, file,
                        Variables({{"MINITOOLSTREAM_MAX_BATCH_MESSAGES", "2"}, {"MINITOOLSTREAM_READER_THREADS", "2"}}),
                        {{"reader_threads", "3"}});
  std::filesystem::remove(file);
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  EXPECT_EQ(configuration->max_subjects, 1u);
  EXPECT_EQ(configuration->max_batch_messages, 2u);
  EXPECT_EQ(configuration->reader_threads, 3u);
  EXPECT_EQ(configuration->durability, "commit");
  EXPECT_EQ(configuration->origins,
            (std::map<std::string, std::string>{{"max_subjects", file + ":1"},
                                                {"max_batch_messages", "MINITOOLSTREAM_MAX_BATCH_MESSAGES"},
                                                {"reader_threads", "--reader-threads"}}));
}

TEST(ConfigurationTest, TheExistingSystemsVariablesWork) {
  Configuration configuration;
  ASSERT_TRUE(ApplyEnvironment(Variables({{"SERVER_PORT", "1234"},
                                          {"LOG_LEVEL", "debug"},
                                          {"LOG_FORMAT", "json"},
                                          {"TTL_ENABLED", "true"},
                                          {"TTL_DEFAULT", "12h"}}),
                               configuration)
                  .ok());
  EXPECT_EQ(configuration.ingress_listen, "0.0.0.0:1234");
  EXPECT_EQ(configuration.log_level, "debug");
  EXPECT_EQ(configuration.log_format, "json");
  EXPECT_EQ(configuration.retention_max_age_micros, int64_t{12} * 3600 * 1'000'000);
  Configuration ours;
  ASSERT_TRUE(
      ApplyEnvironment(
          Variables({{"SERVER_PORT", "1234"}, {"MINITOOLSTREAM_INGRESS_LISTEN", "[::]:7"}, {"TTL_DEFAULT", "12h"}}),
          ours)
          .ok());
  EXPECT_EQ(ours.ingress_listen, "[::]:7");
  EXPECT_EQ(ours.retention_max_age_micros, 0);
}

TEST(ConfigurationTest, TheExistingSystemsVariablesOfTheObjectStoreWork) {
  Configuration configuration;
  ASSERT_TRUE(ApplyEnvironment(Variables({{"MINIO_ENDPOINT", "minio:9000"},
                                          {"MINIO_ACCESS_KEY_ID", "user"},
                                          {"MINIO_SECRET_ACCESS_KEY", "secret"},
                                          {"MINIO_USE_SSL", "true"},
                                          {"MINIO_BUCKET_NAME", "files"}}),
                               configuration)
                  .ok());
  const store::S3Options options = S3OptionsOf(configuration);
  EXPECT_EQ(options.endpoint, "https://minio:9000");
  EXPECT_EQ(options.access_key, "user");
  EXPECT_EQ(options.secret_key, "secret");
  EXPECT_EQ(options.bucket, "files");
  configuration.s3_endpoint = "http://minio:9000";
  EXPECT_EQ(S3OptionsOf(configuration).endpoint, "http://minio:9000");
}

TEST(ConfigurationTest, TheExistingSystemsVariablesOfTarantoolWork) {
  Configuration configuration = DefaultsOf(ProcessKind::kIngress);
  ASSERT_TRUE(ApplyEnvironment(Variables({{"TARANTOOL_ADDRESS", "one:3301,two:3301"},
                                          {"TARANTOOL_USER", "user"},
                                          {"TARANTOOL_PASSWORD", "secret"},
                                          {"TARANTOOL_TIMEOUT", "3s"}}),
                               configuration)
                  .ok());
  const store::TarantoolOptions options = TarantoolOptionsOf(configuration);
  EXPECT_THAT(options.addresses, ElementsAre("one:3301", "two:3301"));
  EXPECT_EQ(options.user, "user");
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.call_timeout_micros, 3'000'000);
  EXPECT_THAT(ErrorOf(ApplyEnvironment(Variables({{"TARANTOOL_ADDRESS", "one,two"}}), configuration)),
              HasSubstr("TARANTOOL_ADDRESS: "));
}

TEST(ConfigurationTest, ProcessesOfAClusterShareTarantoolAndS3) {
  for (const ProcessKind process : {ProcessKind::kIngress, ProcessKind::kEgress, ProcessKind::kCleaner}) {
    EXPECT_TRUE(LoadConfiguration(process, "", Variables({}), {}).ok());
    EXPECT_THAT(ErrorOf(LoadConfiguration(process, "", Variables({{"MINITOOLSTREAM_PAYLOAD", "files"}}), {}).status()),
                HasSubstr("payload s3"));
  }
}

TEST(ConfigurationTest, APortAloneIsThatOfTheProcess) {
  Configuration egress = DefaultsOf(ProcessKind::kEgress);
  ASSERT_TRUE(ApplyEnvironment(Variables({{"SERVER_PORT", "1234"}}), egress).ok());
  EXPECT_EQ(egress.egress_listen, "0.0.0.0:1234");
  EXPECT_EQ(egress.ingress_listen, Configuration().ingress_listen);
}

TEST(ConfigurationTest, SecretsMayLieInFilesOfTheirOwn) {
  const std::string file = testing::TempDir() + "mts-secret-" + std::to_string(getpid());
  std::ofstream(file) << "from the file\n";
  const auto configuration =
      LoadConfiguration(ProcessKind::kServe, "", Variables({}), {{"payload", "s3"}, {"s3.secret_key_file", file}});
  std::filesystem::remove(file);
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  EXPECT_EQ(configuration->s3_secret_key, "from the file");
  EXPECT_THAT(
      ErrorOf(LoadConfiguration(ProcessKind::kServe, "", Variables({}), {{"s3.secret_key_file", file}}).status()),
      HasSubstr("s3.secret_key_file"));
}

TEST(ConfigurationTest, WhatCannotWorkWithTheObjectStoreIsNamed) {
  const auto error = [](const char* key, const char* value) {
    return ErrorOf(
        LoadConfiguration(ProcessKind::kServe, "", Variables({}), {{"payload", "s3"}, {key, value}}).status());
  };
  EXPECT_THAT(error("s3.bucket", "No_Bucket"), HasSubstr("s3: a bucket's name"));
  EXPECT_THAT(error("s3.endpoint", "ftp://x"), HasSubstr("s3: "));
  EXPECT_THAT(error("s3.secret_key", ""), HasSubstr("secret key"));
  EXPECT_THAT(error("s3.prefix", "Mine"), HasSubstr("prefix"));
  EXPECT_THAT(error("s3.layout", "flat"), HasSubstr("packed|plain"));
}

TEST(ConfigurationTest, ErrorsNameTheVariableOrTheFlag) {
  Configuration configuration;
  EXPECT_THAT(ErrorOf(ApplyEnvironment(Variables({{"SERVER_PORT", "x"}}), configuration)), HasSubstr("SERVER_PORT: "));
  EXPECT_THAT(ErrorOf(ApplyFlags({{"max_subjects", "-1"}}, configuration)), HasSubstr("--max-subjects: '-1'"));
  EXPECT_THAT(ErrorOf(LoadConfiguration(ProcessKind::kServe, "/nowhere/c.yaml", Variables({}), {}).status()),
              HasSubstr("/nowhere/c.yaml"));
  EXPECT_THAT(ErrorOf(LoadConfiguration(ProcessKind::kServe, "/", Variables({}), {}).status()), HasSubstr("/"));
  EXPECT_FALSE(LoadConfiguration(ProcessKind::kServe, "", Variables({}), {{"payload", "null"}}).ok());
}

}  // namespace
}  // namespace mts::server
