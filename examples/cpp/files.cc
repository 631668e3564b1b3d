// files publishes a file, or receives files as they come. What files.py and main.go do in Python and Go.
//
//   files publish SUBJECT FILE
//   files receive SUBJECT DURABLE_NAME FOLDER [COUNT]     COUNT: end after so many files
//
// The server is found by MINITOOLSTREAM_INGRESS (localhost:50051) and MINITOOLSTREAM_EGRESS (localhost:50052). Both
// commands survive a restart of the server: what may be sent again is sent again.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "minitoolstream/egress.grpc.pb.h"
#include "minitoolstream/ingress.grpc.pb.h"

namespace pb = minitoolstream;
using std::chrono::steady_clock;

namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr auto kPatience = std::chrono::minutes(1);
constexpr auto kForever = steady_clock::duration::max();

std::string Address(const char* variable, const char* otherwise) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
}

grpc::Status LocalError(const std::string& what) { return {grpc::StatusCode::UNKNOWN, what}; }

// CRC32C as the contract wants it: Castagnoli's polynomial, bit by bit from a table of 256.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> entries{};
    for (uint32_t i = 0; i < entries.size(); ++i) {
      uint32_t entry = i;
      for (int bit = 0; bit < 8; ++bit) entry = (entry >> 1) ^ ((entry & 1) != 0 ? 0x82f63b78u : 0u);
      entries[i] = entry;
    }
    return entries;
  }();
  crc = ~crc;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<uint8_t>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

// Calls `attempt` until it succeeds, fails for good, or the patience is over.
template <typename Attempt>
grpc::Status WithRetry(steady_clock::duration patience, Attempt attempt) {
  const auto begun = steady_clock::now();
  std::chrono::milliseconds pause(100);
  for (;;) {
    grpc::Status status = attempt();
    // The two codes that mean: try again.
    const bool retryable = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                           status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
    if (!retryable || steady_clock::now() - begun > patience) return status;
    std::cerr << "code " << status.error_code() << ": trying again\n";
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(2000));
  }
}

std::string RandomId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += std::to_string(random()) + (i < 3 ? "-" : "");
  return id;
}

// ---- Publishing

// One attempt: what it is, the chunks, and the end with size and checksum.
grpc::Status Upload(pb::IngressService::Stub& ingress, const pb::PublishRequest& message, const std::string& path,
                    pb::PublishResponse* response) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return LocalError("cannot read " + path);
  grpc::ClientContext context;
  const auto writer = ingress.Upload(&context, response);
  pb::UploadRequest request;
  *request.mutable_info()->mutable_message() = message;
  request.mutable_info()->set_size(std::filesystem::file_size(path));
  bool writable = writer->Write(request);
  uint64_t size = 0;
  uint32_t checksum = 0;
  while (writable && file) {
    std::string& chunk = *request.mutable_chunk();
    chunk.resize(kChunkBytes);
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<size_t>(file.gcount()));
    size += chunk.size();
    checksum = ExtendCrc32c(checksum, chunk);
    if (!chunk.empty()) writable = writer->Write(request);
  }
  if (file.bad()) {
    context.TryCancel();  // an upload that is given up leaves nothing behind
  } else if (writable) {
    request.mutable_end()->set_size(size);
    request.mutable_end()->set_crc32c(checksum);
    writer->WriteLast(request, grpc::WriteOptions());
  }
  return writer->Finish();  // says why a Write failed
}

grpc::Status Publish(const std::string& subject, const std::string& path) {
  const auto ingress = pb::IngressService::NewStub(Connect(Address("MINITOOLSTREAM_INGRESS", "localhost:50051")));
  pb::PublishRequest message;
  message.set_subject(subject);
  std::string name = std::filesystem::path(path).filename().string();
  for (size_t at = 0; (at = name.find('%', at)) != std::string::npos; at += 3) name.replace(at, 1, "%25");
  (*message.mutable_headers())["filename"] = name;
  // The same id in every attempt: when the answer of one was lost, the next one is recognised and stores nothing twice.
  message.set_message_id(RandomId());
  pb::PublishResponse response;
  grpc::Status status = WithRetry(kPatience, [&] { return Upload(*ingress, message, path, &response); });
  if (!status.ok()) return status;
  if (response.status_code() != 0) return LocalError("refused: " + response.error_message());
  std::cout << path << ": sequence " << response.sequence() << "\n";
  return status;
}

// ---- Receiving

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    const bool escape = text[i] == '%' && i + 2 < text.size();
    if (escape && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// The last component only: a name that came over the network must not choose the folder.
std::string FileName(const pb::Message& message) {
  const auto header = message.headers().find("filename");
  std::string name = header == message.headers().end() ? "" : PercentDecoded(header->second);
  name = name.substr(name.rfind('/') + 1);
  const bool usable = !name.empty() && name != "." && name != ".." && name.find('\0') == std::string::npos;
  return usable ? name : "message-" + std::to_string(message.sequence());
}

class Receiver {
 public:
  Receiver(std::string subject, std::string durable_name, std::filesystem::path folder, uint64_t count)
      : egress_(pb::EgressService::NewStub(Connect(Address("MINITOOLSTREAM_EGRESS", "localhost:50052")))),
        subject_(std::move(subject)),
        durable_name_(std::move(durable_name)),
        folder_(std::move(folder)),
        count_(count) {}

  // Receives until the count is reached or the connection breaks.
  grpc::Status Listen() {
    pb::SubscribeRequest request;
    request.set_subject(subject_);
    request.set_durable_name(durable_name_);
    grpc::ClientContext context;
    // A notice comes at once when there is something after the consumer's position, then with each news.
    const auto notices = egress_->Subscribe(&context, request);
    grpc::Status status;
    for (pb::Notification notice; status.ok() && received_ < count_ && notices->Read(&notice);) {
      bool more = true;
      while (status.ok() && more && received_ < count_) status = ReceiveBatch(&more);
    }
    if (status.ok() && received_ < count_) return notices->Finish();
    context.TryCancel();
    notices->Finish();
    return status;
  }

 private:
  // Fetches, saves and acknowledges.
  grpc::Status ReceiveBatch(bool* more) {
    pb::FetchBatchRequest request;
    request.set_subject(subject_);
    request.set_durable_name(durable_name_);
    request.set_batch_size(static_cast<uint32_t>(std::min<uint64_t>(100, count_ - received_)));
    pb::MessageBatch batch;
    grpc::ClientContext context;
    grpc::Status status = egress_->FetchBatch(&context, request, &batch);
    *more = batch.messages_size() > 0;
    for (int i = 0; status.ok() && i < batch.messages_size(); ++i) {
      const pb::Message& message = batch.messages(i);
      if (message.payload_status() == pb::PAYLOAD_STATUS_MISSING ||
          message.payload_status() == pb::PAYLOAD_STATUS_CORRUPT) {
        std::cerr << "message " << message.sequence() << ": its payload is lost\n";
      } else {
        status = Save(message);
      }
      // Everything up to here is done. Without this call the message comes again.
      if (status.ok()) status = Acknowledge(message.sequence());
    }
    return status;
  }

  // Writes the payload under a temporary name and renames it when it is whole.
  grpc::Status Save(const pb::Message& message) {
    const std::filesystem::path path = folder_ / FileName(message);
    const std::filesystem::path part = path.string() + ".part";
    std::ofstream file(part, std::ios::binary);
    grpc::Status status;
    if (message.payload_status() == pb::PAYLOAD_STATUS_INLINE) {
      file << message.data();
    } else {
      status = Download(message, file);
    }
    file.close();
    if (status.ok() && !file) status = LocalError("cannot write " + part.string());
    if (!status.ok()) return status;
    std::error_code error;
    std::filesystem::rename(part, path, error);
    if (error) return LocalError(path.string() + ": " + error.message());
    std::cout << path.string() << ": " << message.size() << " bytes, sequence " << message.sequence() << std::endl;
    return status;
  }

  // A payload that is too long for a batch comes in chunks.
  grpc::Status Download(const pb::Message& message, std::ofstream& file) {
    pb::DownloadRequest request;
    request.set_subject(message.subject());
    request.set_sequence(message.sequence());
    grpc::ClientContext context;
    const auto chunks = egress_->Download(&context, request);
    uint32_t checksum = 0;
    std::optional<uint32_t> expected;
    for (pb::DownloadChunk chunk; chunks->Read(&chunk);) {
      file << chunk.data();
      checksum = ExtendCrc32c(checksum, chunk.data());
      if (chunk.has_crc32c()) expected = chunk.crc32c();
    }
    grpc::Status status = chunks->Finish();
    if (status.ok() && expected != checksum) return LocalError("the download has another checksum than the message");
    return status;
  }

  // It is simply sent again when its answer is lost: the position may have moved already, and the message would not
  // come a second time.
  grpc::Status Acknowledge(uint64_t sequence) {
    const grpc::Status status = WithRetry(kForever, [&] { return AcknowledgeOnce(sequence); });
    if (status.ok()) ++received_;
    return status;
  }

  grpc::Status AcknowledgeOnce(uint64_t sequence) {
    pb::AckRequest request;
    request.set_subject(subject_);
    request.set_durable_name(durable_name_);
    request.set_sequence(sequence);
    pb::AckResponse response;
    grpc::ClientContext context;
    grpc::Status status = egress_->AckMessage(&context, request, &response);
    if (status.ok() && !response.success()) return LocalError("acknowledging was refused: " + response.error_message());
    return status;
  }

  const std::unique_ptr<pb::EgressService::Stub> egress_;
  const std::string subject_;
  const std::string durable_name_;
  const std::filesystem::path folder_;
  const uint64_t count_;
  uint64_t received_ = 0;
};

grpc::Status Receive(const std::string& subject, const std::string& durable_name, const std::string& folder,
                     uint64_t count) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return LocalError(folder + ": " + error.message());
  Receiver receiver(subject, durable_name, folder, count);
  return WithRetry(kForever, [&] { return receiver.Listen(); });
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  const std::optional<uint64_t> count = argc == 6 ? Number(argv[5]) : UINT64_MAX;
  grpc::Status status;
  if (argc == 4 && command == "publish") {
    status = Publish(argv[2], argv[3]);
  } else if ((argc == 5 || argc == 6) && command == "receive" && count) {
    status = Receive(argv[2], argv[3], argv[4], *count);
  } else {
    std::cerr << "files publish SUBJECT FILE | files receive SUBJECT DURABLE_NAME FOLDER [COUNT]\n";
    return 2;
  }
  if (!status.ok()) std::cerr << status.error_message() << "\n";
  return status.ok() ? 0 : 1;
}
