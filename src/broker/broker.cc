#include "broker/broker.h"

#include <utility>

#include "base/status.h"

namespace mts::broker {

Broker::Broker(store::MessageStore& messages, store::PayloadStore& payloads, const Options& options)
    : messages_(messages),
      payloads_(payloads),
      options_(options),
      payload_memory_(options.payload_memory_bytes),
      dispatcher_(options.threads),
      loader_(payloads, options.on_unreadable, payload_memory_),
      publisher_(messages, payloads, options.limits, options.payload_grace_micros),
      fetcher_(messages, loader_, dispatcher_, options.limits),
      consumers_(messages) {}

Broker::~Broker() { Shutdown(); }

absl::StatusOr<std::shared_ptr<Upload>> Broker::BeginUpload(UploadFrame frame, uint64_t expected_size) {
  return Upload::Begin(messages_, payloads_, publisher_, options_.limits, std::move(frame), expected_size);
}

void Broker::OpenDownload(std::string_view subject, Sequence sequence, uint64_t offset, uint64_t length,
                          Download::Opened opened) {
  Download::Open(messages_, payloads_, subject, sequence, offset, length, std::move(opened));
}

absl::StatusOr<std::shared_ptr<Subscription>> Broker::Subscribe(std::string_view subject,
                                                                Subscription::Listener listener) {
  MTS_ASSIGN_OR_RETURN(Pattern pattern, Pattern::Parse(subject));
  return std::make_shared<Subscription>(messages_, dispatcher_, std::move(pattern), std::move(listener));
}

void Broker::LastSequence(std::string_view subject, store::Done<Sequence> done) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(subject);
  if (!pattern.ok()) return done(std::move(pattern).status());
  messages_.Last(*pattern, std::move(done));
}

void Broker::Subjects(std::string_view pattern, const store::Page& page,
                      store::Done<std::vector<store::SubjectState>> done) {
  absl::StatusOr<Pattern> parsed = pattern.empty() ? Pattern::All() : Pattern::Parse(pattern);
  if (!parsed.ok()) return done(std::move(parsed).status());
  messages_.Subjects(*parsed, page, std::move(done));
}

void Broker::Shutdown() {
  EndWaits();
  dispatcher_.Shutdown();
}

}  // namespace mts::broker
