#include "tests/servers/s3_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mts::testing {

S3Server::S3Server(S3Kind kind, bool tls)
    : kind_(kind), tls_(tls), folder_(kind == S3Kind::kMinio ? "minio" : "seaweedfs") {}

absl::StatusOr<std::unique_ptr<S3Server>> S3Server::Start(S3Kind kind, bool tls) {
  auto server = Launch(kind, tls);
  if (!server.ok()) return server;
  if (absl::Status status = (*server)->WaitUntilReady(); !status.ok()) return status;
  return server;
}

absl::StatusOr<std::unique_ptr<S3Server>> S3Server::Launch(S3Kind kind, bool tls) {
  const bool minio = kind == S3Kind::kMinio;
  const std::string binary = FindTool(minio ? "minio" : "weed");
  if (binary.empty()) {
    return absl::NotFoundError(minio ? "MinIO is not installed: run tools/install_minio.sh"
                                     : "SeaweedFS is not installed: run tools/install_seaweedfs.sh");
  }
  std::unique_ptr<S3Server> server(new S3Server(kind, tls));
  if (minio) {
    if (absl::Status status = server->PrepareMinio(binary); !status.ok()) return status;
  } else {
    server->PrepareSeaweedFs(binary);
  }
  server->program_->Start();
  return server;
}

absl::Status S3Server::PrepareMinio(const std::string& binary) {
  port_ = FreePorts(1).front();
  const std::string& folder = folder_.path();
  std::filesystem::create_directory(folder + "/certs");
  if (tls_) {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
        folder + "/certs/private.key -out " + folder + "/certs/public.crt 2>/dev/null";
    if (std::system(make.c_str()) != 0) return absl::NotFoundError("openssl could not make a certificate");
  }
  program_ = std::make_unique<Program>(
      std::vector<std::string>{binary, "server", "--quiet", "--certs-dir", folder + "/certs", "--address",
                               "127.0.0.1:" + std::to_string(port_), folder + "/data"},
      std::vector<std::string>{std::string("MINIO_ROOT_USER=") + kAccessKey,
                               std::string("MINIO_ROOT_PASSWORD=") + kSecretKey, "MINIO_BROWSER=off",
                               "MINIO_UPDATE=off"},
      folder + "/log");
  return absl::OkStatus();
}

void S3Server::PrepareSeaweedFs(const std::string& binary) {
  const std::vector<uint16_t> ports = FreePorts(8);
  port_ = ports[6];
  const std::string& folder = folder_.path();
  std::filesystem::create_directory(folder + "/data");
  std::ofstream(folder + "/s3.json")
      << R"({"identities":[{"name":"admin","credentials":[{"accessKey":")" << kAccessKey << R"(","secretKey":")"
      << kSecretKey
      << R"("}],"actions":["Admin","Read","List","Tagging","Write"]},{"name":"reader","credentials":[{"accessKey":")"
      << kReaderAccessKey << R"(","secretKey":")" << kReaderSecretKey << R"("}],"actions":["Read","List"]}]})";
  const auto flag = [](const std::string& name, const std::string& value) { return "-" + name + "=" + value; };
  std::vector<std::string> command = {binary,
                                      flag("logdir", folder),
                                      "server",
                                      flag("dir", folder + "/data"),
                                      "-ip=127.0.0.1",
                                      "-ip.bind=127.0.0.1",
                                      "-volume.max=1000",
                                      "-master.volumeSizeLimitMB=64",
                                      "-filer=true",
                                      "-s3=true",
                                      flag("s3.config", folder + "/s3.json"),
                                      "-s3.port.iceberg=0",
                                      "-s3.port.lance=0"};
  const char* const names[] = {"master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
                               "filer.port",  "filer.port.grpc",  "s3.port",     "s3.port.grpc"};
  for (size_t i = 0; i < ports.size(); ++i) command.push_back(flag(names[i], std::to_string(ports[i])));
  program_ = std::make_unique<Program>(std::move(command), std::vector<std::string>{}, folder + "/log");
}

std::string S3Server::endpoint() const {
  return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_);
}

absl::Status S3Server::Restart() {
  program_->Kill();
  program_->Start();
  return WaitUntilReady();
}

absl::Status S3Server::WaitUntilReady() {
  const std::string health = kind_ == S3Kind::kMinio ? "/minio/health/ready" : "/healthz";
  for (int i = 0; i < 600; ++i) {
    if (tls_ ? Listens(port_) : HttpStatus(port_, health) == 200) return absl::OkStatus();
    if (!program_->Runs()) break;
    PauseMillis(50);
  }
  return absl::UnavailableError("the server did not come up: " + program_->Log());
}

}  // namespace mts::testing
