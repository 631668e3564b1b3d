#include "writers.h"

#include <deque>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"

namespace mts::crash {
namespace {

namespace pb = ::minitoolstream;

constexpr uint64_t kSmall = 60'000;
constexpr uint64_t kLarge = 3'000'000;  // some over the inline limit
constexpr size_t kChunk = 300'000;
constexpr size_t kInFlight = 8;

class UnaryWriter : public Writer {
 public:
  using Writer::Writer;

  void Run(Round& round) override {
    auto stub = pb::IngressService::NewStub(round.channel);
    if (pending_.has_value() && !TriesAgain()) pending_.reset();
    while (true) {
      if (!pending_.has_value()) pending_ = NewMessage(RandomSize(random_, kLarge));
      pb::PublishResponse response;
      const grpc::Status status = stub->Publish(NewContext().get(), *pending_, &response);
      if (!status.ok()) return TakeError(round, "Publish", status);
      TakeAnswer(*pending_, response);
      pending_.reset();
    }
  }

 private:
  std::optional<pb::PublishRequest> pending_;
};

class BatchWriter : public Writer {
 public:
  using Writer::Writer;

  void Run(Round& round) override {
    auto stub = pb::IngressService::NewStub(round.channel);
    if (pending_.has_value() && !TriesAgain()) pending_.reset();
    while (true) {
      if (!pending_.has_value()) pending_ = NewBatch();
      pb::PublishBatchResponse response;
      const grpc::Status status = stub->PublishBatch(NewContext().get(), *pending_, &response);
      if (!status.ok()) return TakeError(round, "PublishBatch", status);
      TakeAnswer(*pending_, response);
      pending_.reset();
    }
  }

 private:
  std::optional<pb::PublishBatchRequest> pending_;
};

// Keeps several batches in flight; answer n belongs to batch n.
class StreamWriter : public Writer {
 public:
  using Writer::Writer;

  void Run(Round& round) override {
    auto stub = pb::IngressService::NewStub(round.channel);
    auto context = NewContext();
    auto stream = stub->PublishStream(context.get());
    if (!TriesAgain()) pending_.clear();
    bool writable = true;
    for (const auto& batch : pending_) writable = writable && stream->Write(batch);
    pb::PublishBatchResponse response;
    while (true) {
      while (writable && pending_.size() < kInFlight) {
        pending_.push_back(NewBatch());
        writable = stream->Write(pending_.back());
      }
      if (pending_.empty() || !stream->Read(&response)) break;
      CheckOrder(response);
      TakeAnswer(pending_.front(), response);
      pending_.pop_front();
    }
    TakeError(round, "PublishStream", stream->Finish());
  }

 private:
  void CheckOrder(const pb::PublishBatchResponse& response) {
    if (response.first_sequence() == 0) return;
    if (response.first_sequence() <= last_) {
      ledger_.Violation(absl::StrCat("stream batch got ", response.first_sequence(), " after ", last_));
    }
    last_ = response.last_sequence();
  }

  std::deque<pb::PublishBatchRequest> pending_;
  uint64_t last_ = 0;
};

class UploadWriter : public Writer {
 public:
  using Writer::Writer;

  void Run(Round& round) override {
    auto stub = pb::IngressService::NewStub(round.channel);
    if (pending_.has_value() && !TriesAgain()) pending_.reset();
    while (true) {
      if (!pending_.has_value()) pending_ = NewMessage(random_() % kLarge, true);
      pb::PublishResponse response;
      const grpc::Status status = Upload(*stub, response);
      if (!status.ok()) return TakeError(round, "Upload", status);
      TakeAnswer(*pending_, response);
      pending_.reset();
    }
  }

 private:
  grpc::Status Upload(pb::IngressService::Stub& stub, pb::PublishResponse& response) {
    const std::string payload = PayloadOf(pending_->message_id());
    auto context = NewContext();
    auto stream = stub.Upload(context.get(), &response);
    pb::UploadRequest request;
    *request.mutable_info()->mutable_message() = *pending_;
    request.mutable_info()->set_size(payload.size());
    bool writable = stream->Write(request);
    for (size_t offset = 0; writable && offset < payload.size(); offset += kChunk) {
      request.set_chunk(payload.substr(offset, kChunk));
      writable = stream->Write(request);
    }
    request.mutable_end()->set_size(payload.size());
    request.mutable_end()->set_crc32c(Crc32c(payload));
    if (writable && stream->Write(request)) stream->WritesDone();
    return stream->Finish();
  }

  std::optional<pb::PublishRequest> pending_;
};

}  // namespace

const std::vector<std::string>& Subjects() {
  static const auto& subjects =
      *new std::vector<std::string>{"crash.a", "crash.b", "crash.b.deep", "crash.c", "other", "other.тема"};
  return subjects;
}

pb::PublishRequest Writer::NewMessage(uint64_t size, bool named_only) {
  pb::PublishRequest request;
  const std::string key = MakeKey(number_, next_++, size);
  request.set_subject(Subjects()[random_() % Subjects().size()]);
  request.set_message_id(key);
  (*request.mutable_headers())["key"] = key;
  if (!named_only) request.set_data(PayloadOf(key));
  return request;
}

pb::PublishBatchRequest Writer::NewBatch() {
  pb::PublishBatchRequest batch;
  const int count = 1 + static_cast<int>(random_() % 40);
  const std::string name = absl::StrCat("w", number_, "-b", next_);
  for (int i = 0; i < count; ++i) {
    pb::PublishRequest* message = batch.add_messages();
    *message = NewMessage(RandomSize(random_, kSmall));
    (*message->mutable_headers())["batch"] = name;
    (*message->mutable_headers())["place"] = absl::StrCat(i, "/", count);
  }
  return batch;
}

std::unique_ptr<grpc::ClientContext> Writer::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

void Writer::TakeAnswer(const pb::PublishRequest& request, const pb::PublishResponse& response) {
  if (response.status_code() != 0) {
    return ledger_.Violation(absl::StrCat(request.message_id(), " refused: ", response.error_message()));
  }
  ledger_.Stored(request.message_id(), request.subject(), response.sequence());
}

void Writer::TakeAnswer(const pb::PublishBatchRequest& request, const pb::PublishBatchResponse& response) {
  if (response.status_code() != 0) return ledger_.Violation(absl::StrCat("batch refused: ", response.error_message()));
  const int count = request.messages_size();
  if (response.duplicates_size() != 0) {
    // A batch is stored whole or not at all, so a repeated one is new or a duplicate as a whole.
    if (response.duplicates_size() != count || response.duplicate_sequences_size() != count) {
      return ledger_.Violation(absl::StrCat(response.duplicates_size(), " duplicates in a batch of ", count));
    }
    for (int i = 0; i < count; ++i) {
      const pb::PublishRequest& message = request.messages(static_cast<int>(response.duplicates(i)));
      ledger_.Stored(message.message_id(), message.subject(), response.duplicate_sequences(i));
    }
    return;
  }
  if (response.last_sequence() - response.first_sequence() + 1 != static_cast<uint64_t>(count)) {
    return ledger_.Violation(
        absl::StrCat("batch of ", count, " got ", response.first_sequence(), "..", response.last_sequence()));
  }
  for (int i = 0; i < count; ++i) {
    ledger_.Stored(request.messages(i).message_id(), request.messages(i).subject(), response.first_sequence() + i);
  }
}

void Writer::TakeError(const Round& round, const char* call, const grpc::Status& status) {
  if (round.killed) return;
  ledger_.Violation(absl::StrCat(call, " failed while the server was running: ", status.error_message()));
}

std::vector<std::unique_ptr<Writer>> MakeWriters(uint64_t seed, Ledger& ledger) {
  std::vector<std::unique_ptr<Writer>> writers;
  int number = 0;
  for (int i = 0; i < 3; ++i) writers.push_back(std::make_unique<UnaryWriter>(number++, seed, ledger));
  for (int i = 0; i < 2; ++i) writers.push_back(std::make_unique<BatchWriter>(number++, seed, ledger));
  for (int i = 0; i < 2; ++i) writers.push_back(std::make_unique<StreamWriter>(number++, seed, ledger));
  for (int i = 0; i < 2; ++i) writers.push_back(std::make_unique<UploadWriter>(number++, seed, ledger));
  return writers;
}

}  // namespace mts::crash
