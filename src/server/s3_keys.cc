#include "server/s3_keys.h"

#include <string>

#include "base/text.h"
#include "server/configuration_fields.h"

namespace mts::server {

std::vector<ConfigurationKey> S3Keys() {
  using C = Configuration;
  return {
      Key("s3.endpoint", NonEmptyText(&C::s3_endpoint),
          "With payload s3: where the object store answers, like minio:9000 or https://s3.example.org.", kAllProcesses,
          {{"MINIO_ENDPOINT"}}),
      Key("s3.tls", Switch(&C::s3_tls), "Whether an endpoint without http:// or https:// is one of https.",
          kAllProcesses, {{"MINIO_USE_SSL"}}),
      Key("s3.ca_file", OptionalPath(&C::s3_ca_file), "PEM file of the authorities that sign it; empty: the system's."),
      Key("s3.region", NonEmptyText(&C::s3_region), "For signatures."),
      Key("s3.bucket", NonEmptyText(&C::s3_bucket), "Where the objects lie.", kAllProcesses, {{"MINIO_BUCKET_NAME"}}),
      Key("s3.create_bucket", Switch(&C::s3_create_bucket), "Make the bucket when it is missing."),
      Key("s3.access_key", Text(&C::s3_access_key), "As whom we come.", kAllProcesses, {{"MINIO_ACCESS_KEY_ID"}}),
      Secret(Key("s3.secret_key", Text(&C::s3_secret_key), "... and with what.", kAllProcesses,
                 {{"MINIO_SECRET_ACCESS_KEY"}})),
      Key("s3.secret_key_file", OptionalPath(&C::s3_secret_key_file), "File with the secret key, instead of it."),
      Secret(Key("s3.session_token", Text(&C::s3_session_token), "Of temporary credentials; empty: none.")),
      Key("s3.prefix", NonEmptyText(&C::s3_prefix), "All keys that we make begin with it."),
      Key("s3.layout", Choice(&C::s3_layout, {"packed", "plain"}),
          "Small payloads that arrive together share an object (packed), or each has its own, named after its subject, "
          "for readers who go to the bucket themselves (plain)."),
      Key("s3.addressing", Choice(&C::s3_addressing, {"path", "virtual"}),
          "The bucket in the path of a request or in the host's name."),
      Key("s3.pack_below", Bytes(&C::s3_pack_below, 0, limits::kMiB), "Longer payloads have an object of their own."),
      Key("s3.remove_named", Switch(&C::s3_remove_named),
          "Objects that clients put themselves go with the last message that names them; else they stay."),
      Key("s3.part_bytes", Bytes(&C::s3_part_bytes, 5 * limits::kMiB, 64 * limits::kMiB),
          "Of multipart uploads; grows with the announced size."),
      Key("s3.upload_memory", Bytes(&C::s3_upload_memory, 64 * limits::kMiB, kTiB), "For the parts of all uploads."),
      Key("s3.cache", Bytes(&C::s3_cache, 0, kTiB), "For what was read of objects."),
      Key("s3.connections", Count(&C::s3_connections, 4, 1000), "At one time."),
      Key("s3.timeout", Duration(&C::s3_timeout_micros, kSecond, 3600 * kSecond),
          "Of one operation with its retries; large bodies get more."),
  };
}

bool KeepsPayloadsApart(const Configuration& configuration) {
  return configuration.payload == "s3" && configuration.s3_layout == "plain";
}

store::S3Options S3OptionsOf(const Configuration& configuration) {
  store::S3Options options;
  options.endpoint = configuration.s3_endpoint;
  if (options.endpoint.find("://") == std::string::npos) {
    options.endpoint = Concat(configuration.s3_tls ? "https://" : "http://", options.endpoint);
  }
  options.region = configuration.s3_region;
  options.bucket = configuration.s3_bucket;
  options.access_key = configuration.s3_access_key;
  options.secret_key = configuration.s3_secret_key;
  options.session_token = configuration.s3_session_token;
  options.virtual_hosted = configuration.s3_addressing == "virtual";
  options.ca_file = configuration.s3_ca_file;
  options.create_bucket = configuration.s3_create_bucket;
  options.prefix = configuration.s3_prefix;
  options.layout =
      configuration.s3_layout == "plain" ? store::S3Options::Layout::kPlain : store::S3Options::Layout::kPacked;
  options.pack_below = configuration.s3_pack_below;
  options.remove_named = configuration.s3_remove_named;
  options.part_bytes = configuration.s3_part_bytes;
  options.upload_bytes = configuration.s3_upload_memory;
  options.cache_bytes = configuration.s3_cache;
  options.max_connections = static_cast<uint32_t>(configuration.s3_connections);
  options.request_timeout_micros = configuration.s3_timeout_micros;
  return options;
}

absl::Status ValidateS3(const Configuration& configuration) {
  const absl::Status status = store::Validate(S3OptionsOf(configuration));
  return status.ok() ? status : absl::InvalidArgumentError(Concat("s3: ", ToStd(status.message())));
}

}  // namespace mts::server
