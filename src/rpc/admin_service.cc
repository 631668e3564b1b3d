#include "rpc/admin_service.h"

#include <algorithm>
#include <utility>

#include "rpc/time_conversion.h"
#include "rpc/unary_call.h"

namespace mts::rpc {
namespace {

constexpr uint32_t kDefaultPageSize = 100;
constexpr uint32_t kMaxPageSize = 1000;

using SubjectsCall = UnaryCall<minitoolstream::ListSubjectsRequest, minitoolstream::ListSubjectsResponse>;
using ConsumersCall = UnaryCall<minitoolstream::ListConsumersRequest, minitoolstream::ListConsumersResponse>;
using InfoCall = UnaryCall<minitoolstream::GetServerInfoRequest, minitoolstream::GetServerInfoResponse>;

store::Page ToPage(uint32_t size, const std::string& token) {
  return {size == 0 ? kDefaultPageSize : std::min(size, kMaxPageSize), token};
}

void Fill(const store::SubjectState& state, minitoolstream::SubjectInfo& info) {
  info.set_subject(state.subject);
  info.set_first_sequence(state.first.value());
  info.set_last_sequence(state.last.value());
  info.set_messages(state.messages);
  info.set_bytes(state.bytes);
  if (state.messages == 0) return;
  SetTime(state.first_time, *info.mutable_first_time());
  SetTime(state.last_time, *info.mutable_last_time());
}

void Fill(const broker::ConsumerView& view, minitoolstream::ConsumerInfo& info) {
  info.set_durable_name(view.state.id.durable_name);
  info.set_subject(view.state.id.subject);
  info.set_position(view.state.position.value());
  info.set_pending(view.pending);
  info.set_connected(view.connected);
  SetTime(view.state.last_active, *info.mutable_last_active());
}

void Fill(const broker::Limits& limits, minitoolstream::Limits& to) {
  to.set_max_message_bytes(limits.max_message_bytes);
  to.set_max_batch_messages(limits.max_batch_messages);
  to.set_max_batch_bytes(limits.max_batch_bytes);
  to.set_max_header_bytes(limits.max_header_bytes);
  to.set_max_subjects(limits.max_subjects);
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::ListSubjects(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return SubjectsCall::Handle(request, response, [this](SubjectsCall* call) {
    const store::Page page = ToPage(call->request.page_size(), call->request.page_token());
    broker_.Subjects(call->request.pattern(), page,
                     [call, size = page.size](absl::StatusOr<std::vector<store::SubjectState>> subjects) {
                       if (!subjects.ok()) return call->Fail(subjects.status());
                       minitoolstream::ListSubjectsResponse response;
                       for (const store::SubjectState& state : *subjects) Fill(state, *response.add_subjects());
                       if (subjects->size() == size) response.set_next_page_token(subjects->back().subject);
                       call->Reply(response);
                     });
  });
}

grpc::ServerUnaryReactor* AdminService::ListConsumers(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return ConsumersCall::Handle(request, response, [this](ConsumersCall* call) {
    const store::Page page = ToPage(call->request.page_size(), call->request.page_token());
    broker_.consumers().List(call->request.subject(), page,
                             [call, size = page.size](absl::StatusOr<std::vector<broker::ConsumerView>> views) {
                               if (!views.ok()) return call->Fail(views.status());
                               minitoolstream::ListConsumersResponse response;
                               for (const broker::ConsumerView& view : *views) Fill(view, *response.add_consumers());
                               if (views->size() == size) {
                                 const ConsumerId& last = views->back().state.id;
                                 response.set_next_page_token(last.subject + '\n' + last.durable_name);
                               }
                               call->Reply(response);
                             });
  });
}

grpc::ServerUnaryReactor* AdminService::GetServerInfo(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  if (calls_.ending()) return Refuse(context, ShuttingDown());
  return InfoCall::Handle(request, response, [this](InfoCall* call) {
    broker_.Info([this, call](absl::StatusOr<store::StoreInfo> info) {
      if (!info.ok()) return call->Fail(info.status());
      minitoolstream::GetServerInfoResponse response;
      response.set_version(version_);
      response.set_message_store(info->kind);
      response.set_payload_store(std::string(broker_.payload_kind()));
      SetTime(started_, *response.mutable_started());
      response.set_last_sequence(info->last_sequence.value());
      response.set_messages(info->messages);
      response.set_bytes(info->bytes);
      Fill(broker_.options().limits, *response.mutable_limits());
      response.set_durability(info->durability);
      response.mutable_counters()->insert(info->counters.begin(), info->counters.end());
      response.set_write_failure(std::string(info->writing.message()));
      call->Reply(response);
    });
  });
}

}  // namespace mts::rpc
