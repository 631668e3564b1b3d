// MinIO or SeaweedFS for a test: on free ports, with its data in a folder that goes with the object.
//
// Threading: one thread. Errors: NOT_FOUND when the program is not installed (the message says how to install it);
// UNAVAILABLE when it does not come up. Limits: 30 s to come up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/servers/program.h"

namespace mts::testing {

enum class S3Kind { kMinio, kSeaweedFs };

class S3Server {
 public:
  static constexpr char kAccessKey[] = "minioadmin";
  static constexpr char kSecretKey[] = "minioadmin";
  // SeaweedFS only: may read and list, nothing else.
  static constexpr char kReaderAccessKey[] = "reader";
  static constexpr char kReaderSecretKey[] = "readerreader";

  // MinIO with `tls`: it serves https with a certificate of its own.
  static absl::StatusOr<std::unique_ptr<S3Server>> Start(S3Kind kind, bool tls = false);
  // As Start, but not ready yet. It ends with the thread that launches it.
  static absl::StatusOr<std::unique_ptr<S3Server>> Launch(S3Kind kind, bool tls = false);
  absl::Status WaitUntilReady();

  S3Kind kind() const { return kind_; }
  uint16_t port() const { return port_; }
  std::string endpoint() const;
  const std::string& folder() const { return folder_.path(); }
  // The authority that signed the certificate, PEM.
  std::string ca_file() const { return folder_.path() + "/certs/public.crt"; }
  std::string Log() const { return program_->Log(); }

  void Kill() { program_->Kill(); }
  void Pause() { program_->Pause(); }
  void Resume() { program_->Resume(); }
  absl::Status Restart();

 private:
  S3Server(S3Kind kind, bool tls);
  absl::Status PrepareMinio(const std::string& binary);
  void PrepareSeaweedFs(const std::string& binary);

  const S3Kind kind_;
  const bool tls_;
  ScratchFolder folder_;
  uint16_t port_ = 0;
  std::unique_ptr<Program> program_;
};

}  // namespace mts::testing
