#include "server/stores.h"

#include <utility>

#include "base/status.h"
#include "io/file_system.h"
#include "server/payload_stores.h"
#include "server/s3_keys.h"
#include "server/tarantool_stores.h"
#include "store/embedded/embedded_store.h"
#include "store/null/null_message_store.h"
#include "store/null/null_payload_store.h"

namespace mts::server {
namespace {

absl::StatusOr<store::EmbeddedOptions> EmbeddedOptionsOf(const Configuration& configuration) {
  store::EmbeddedOptions options;
  options.data_dir = configuration.data_dir;
  options.reader_threads = configuration.reader_threads;
  options.log.files = &io::PosixFileSystem();
  options.log.clock = &SystemClock();
  options.log.segment_bytes = configuration.segment_bytes;
  options.log.prepared_segments = static_cast<uint32_t>(configuration.prepared_segments);
  MTS_ASSIGN_OR_RETURN(options.log.durability, store::ParseDurability(configuration.durability));
  options.log.sync_interval_micros = configuration.sync_interval_micros;
  options.log.max_subjects = configuration.max_subjects;
  options.log.min_free_bytes = configuration.min_free_bytes;
  options.log.inline_limit = KeepsPayloadsApart(configuration) ? 0 : configuration.inline_limit;
  return options;
}

absl::StatusOr<Stores> OpenEmbeddedWithFiles(const Configuration& configuration) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::PayloadFiles> payloads, OpenPayloadFiles(configuration));
  MTS_ASSIGN_OR_RETURN(store::EmbeddedOptions options, EmbeddedOptionsOf(configuration));
  store::PayloadFiles& files = *payloads;
  options.log.keep_payloads = [&files](const auto& references) { files.Keep(references); };
  options.log.sync_payloads = [&files] { return files.SyncKept(); };
  options.log.recover_payloads = [&files](const auto& named) { return files.Recover(named); };
  options.log.remove_payloads = [&files](const auto& references, auto done) {
    files.Remove(references, std::move(done));
  };
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::MessageStore> messages, store::EmbeddedStore::Open(std::move(options)));
  return Stores{.payloads = std::move(payloads), .messages = std::move(messages)};
}

absl::StatusOr<Stores> OpenEmbeddedWithS3(const Configuration& configuration) {
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::S3Payloads> payloads, OpenS3Payloads(configuration));
  MTS_ASSIGN_OR_RETURN(store::EmbeddedOptions options, EmbeddedOptionsOf(configuration));
  store::S3Payloads& objects = *payloads;
  options.log.remove_payloads = [&objects](const auto& references, auto done) {
    objects.Remove(references, std::move(done));
  };
  MTS_ASSIGN_OR_RETURN(std::unique_ptr<store::MessageStore> messages, store::EmbeddedStore::Open(std::move(options)));
  return Stores{.payloads = std::move(payloads), .messages = std::move(messages), .objects = &objects};
}

}  // namespace

absl::StatusOr<Stores> OpenStores(const Configuration& configuration) {
  if (configuration.metadata == "embedded") {
    return configuration.payload == "s3" ? OpenEmbeddedWithS3(configuration) : OpenEmbeddedWithFiles(configuration);
  }
  if (configuration.metadata == "tarantool") {
    return configuration.payload == "s3" ? OpenTarantoolWithS3(configuration) : OpenTarantoolWithFiles(configuration);
  }
  return Stores{.payloads = std::make_unique<store::NullPayloadStore>(),
                .messages = std::make_unique<store::NullMessageStore>()};
}

}  // namespace mts::server
