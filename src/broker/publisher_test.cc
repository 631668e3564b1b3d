#include "broker/publisher.h"

#include "broker/broker_fixture.h"

namespace mts::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PublisherTest : public BrokerFixture {};

TEST_F(PublisherTest, NumbersMessagesInOrderAndNamesTheirPayload) {
  const auto first = Publish(Message("a", "x"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->sequence, Sequence(1));
  EXPECT_EQ(first->object_name, "a_1");
  EXPECT_EQ(PublishOk("b", ""), 2u);
  EXPECT_THAT(Payloads(Fetch(From("*"))), ElementsAre("x", ""));
}

TEST_F(PublisherTest, RefusesWhatTheRulesForbidBeforeAnythingIsStored) {
  EXPECT_EQ(Publish(Message("", "x")).status().message(), "subject cannot be empty");
  EXPECT_TRUE(absl::IsInvalidArgument(Publish(Message(std::string(256, 's'), "x")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Publish(Message("a b", "x")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Publish(Message("a", "x", std::string(256, 'i'))).status()));
  NewMessage bad_headers = Message("a", "x");
  bad_headers.headers = "\x90";
  EXPECT_TRUE(absl::IsInvalidArgument(Publish(bad_headers).status()));
  const std::string long_headers = "\xDB" + std::string(limits::kMaxHeaderBytes, 'h');
  bad_headers.headers = long_headers;
  EXPECT_THAT(std::string(Publish(bad_headers).status().message()), HasSubstr("65537 bytes"));
  NewMessage with_ttl = Message("a", "x");
  with_ttl.ttl_micros = 1;
  EXPECT_TRUE(absl::IsUnimplemented(Publish(with_ttl).status()));
  EXPECT_EQ(PublishOk("a", "first"), 1u);
}

TEST_F(PublisherTest, AMessageMayHaveExactlyTheLimit) {
  Options options;
  options.limits.max_message_bytes = 1000;
  Open(options);
  EXPECT_TRUE(Publish(Message("a", std::string(1000, 'x'))).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Publish(Message("a", std::string(1001, 'x'))).status()));
}

TEST_F(PublisherTest, ABatchIsBoundedInMessagesAndBytesAndNamesTheCulprit) {
  Options options;
  options.limits.max_batch_messages = 3;
  options.limits.max_batch_bytes = 300;
  Open(options);
  EXPECT_TRUE(absl::IsInvalidArgument(PublishBatch({}).status));
  EXPECT_TRUE(absl::IsInvalidArgument(PublishBatch(std::vector<NewMessage>(4, Message("a", "x"))).status));
  const std::string large(200, 'x');
  const auto outcome = PublishBatch({Message("a", large), Message("a", large)});
  EXPECT_TRUE(absl::IsInvalidArgument(outcome.status));
  EXPECT_EQ(outcome.refused_position, 1u);
  EXPECT_EQ(PublishBatch({Message("a", "x"), Message("a", "y"), Message("", "z")}).refused_position, 2u);
  EXPECT_EQ(PublishOk("a", "first"), 1u);
}

TEST_F(PublisherTest, AConditionMayBeGivenOnceASubject) {
  NewMessage conditional = Message("a", "x");
  conditional.expected_last_sequence = Sequence(0);
  NewMessage other = Message("b", "x");
  other.expected_last_sequence = Sequence(0);
  EXPECT_EQ(PublishBatch({conditional, other, conditional}).refused_position, 2u);
  EXPECT_TRUE(PublishBatch({conditional, other}).status.ok());
  const auto again = PublishBatch({Message("c", "y"), conditional});
  EXPECT_TRUE(absl::IsFailedPrecondition(again.status));
  EXPECT_EQ(again.refused_position, 1u);
}

TEST_F(PublisherTest, DuplicatesAnswerTheFirstSequence) {
  EXPECT_EQ(PublishOk("a", "x", "id"), 1u);
  const auto again = Publish(Message("a", "y", "id"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->sequence, Sequence(1));
  EXPECT_EQ(again->object_name, "a_1");
  EXPECT_EQ(PublishOk("b", "x", "id"), 2u);  // another subject, another message
}

TEST_F(PublisherTest, LargePayloadsGoToThePayloadStoreFirst) {
  const std::string large(101, 'x');
  const auto published = Publish(Message("a", large));
  ASSERT_TRUE(published.ok());
  EXPECT_EQ(published->object_name, "payload1");
  EXPECT_EQ(payloads_.kept(), 1u);
  EXPECT_EQ(PublishOk("a", std::string(100, 'y')), 2u);
  EXPECT_EQ(payloads_.count(), 1u);
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre(large, std::string(100, 'y')));
}

TEST_F(PublisherTest, OfABatchThatIsTooLargeTheLargestGo) {
  const std::string big(90, 'b'), small(80, 's');
  const auto outcome = PublishBatch({Message("a", small), Message("a", big), Message("a", small), Message("a", small)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(payloads_.count(), 1u);
  EXPECT_THAT(Payloads(Fetch(From("a"))), ElementsAre(small, big, small, small));
}

TEST_F(PublisherTest, APayloadOfARefusedMessageIsRemoved) {
  const std::string large(200, 'x');
  NewMessage conditional = Message("a", large);
  conditional.expected_last_sequence = Sequence(5);
  EXPECT_TRUE(absl::IsFailedPrecondition(Publish(conditional).status()));
  EXPECT_EQ(payloads_.count(), 0u);
}

TEST_F(PublisherTest, APayloadOfADuplicateIsRemovedAndTheFirstOnesNameIsTold) {
  const std::string large(200, 'x');
  ASSERT_TRUE(Publish(Message("a", large, "id")).ok());
  const auto again = Publish(Message("a", large, "id"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->object_name, "payload1");
  EXPECT_EQ(payloads_.count(), 1u);
}

TEST_F(PublisherTest, WhenOnePayloadCannotBePutNothingIsStored) {
  payloads_.SetPutError(absl::ResourceExhaustedError("disk full"));
  const std::string large(200, 'x');
  EXPECT_TRUE(absl::IsResourceExhausted(PublishBatch({Message("a", "x"), Message("a", large)}).status));
  payloads_.SetPutError(absl::OkStatus());
  EXPECT_EQ(PublishOk("a", "first"), 1u);
}

TEST_F(PublisherTest, APayloadStaysWhenTheOutcomeOfItsMessageIsUnknown) {
  messages_->SetAppendError(absl::UnavailableError("disk failed"));
  EXPECT_TRUE(absl::IsUnavailable(Publish(Message("a", std::string(200, 'x'))).status()));
  EXPECT_EQ(payloads_.count(), 1u);  // recovery decides
  EXPECT_EQ(payloads_.kept(), 0u);
}

TEST_F(PublisherTest, AStreamsOrderBreaksWithARefusalThatMayBeTriedAgain) {
  const auto order = std::make_shared<PublishOrder>();
  const std::vector<NewMessage> batch = {Message("a", "x")};
  const auto publish = [&](const std::vector<NewMessage>& messages) {
    return WaitFor<store::AppendOutcome>(
        [&](auto done) { broker_->publisher().PublishBatch(messages, order, std::move(done)); });
  };
  EXPECT_TRUE(publish(batch).status.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(publish({Message("", "x")}).status));
  EXPECT_TRUE(publish(batch).status.ok());
  messages_->SetAppendError(absl::ResourceExhaustedError("full"));
  EXPECT_TRUE(absl::IsResourceExhausted(publish(batch).status));
  messages_->SetAppendError(absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(publish(batch).status));
  EXPECT_TRUE(absl::IsUnavailable(publish({Message("a", std::string(200, 'x'))}).status));
  EXPECT_EQ(PublishOk("a", "other stream"), 3u);
}

}  // namespace
}  // namespace mts::broker
