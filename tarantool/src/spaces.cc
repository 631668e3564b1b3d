#include "tarantool/src/spaces.h"

#include <string_view>

#include "base/status.h"
#include "base/text.h"

namespace mts::tarantool {
namespace {

constexpr uint32_t kSequencesByName = 2;  // index `name` of _sequence

absl::StatusOr<uint32_t> SpaceId(std::string_view name) {
  const uint32_t id = box_space_id_by_name(name.data(), static_cast<uint32_t>(name.size()));
  if (id == BOX_ID_NIL) return absl::NotFoundError(Concat("there is no space ", name));
  return id;
}

absl::StatusOr<IndexId> IndexOf(uint32_t space, std::string_view name) {
  const uint32_t id = box_index_id_by_name(space, name.data(), static_cast<uint32_t>(name.size()));
  if (id == BOX_ID_NIL) return absl::NotFoundError(Concat("there is no index ", name, " of space ", space));
  return IndexId{space, id};
}

}  // namespace

absl::StatusOr<Spaces> Spaces::LookUp() {
  Spaces spaces;
  MTS_ASSIGN_OR_RETURN(spaces.message, SpaceId("message"));
  MTS_ASSIGN_OR_RETURN(spaces.consumers, SpaceId("consumers"));
  MTS_ASSIGN_OR_RETURN(spaces.subject, SpaceId("subject"));
  MTS_ASSIGN_OR_RETURN(spaces.message_id, SpaceId("message_id"));
  MTS_ASSIGN_OR_RETURN(spaces.append_call, SpaceId("append_call"));
  if (const absl::StatusOr<uint32_t> quorum = SpaceId("quorum"); quorum.ok()) spaces.quorum = *quorum;
  box_tuple_t* const sequence = Find({BOX_SEQUENCE_ID, kSequencesByName}, MakeTuple("message_sequence"));
  if (sequence == nullptr) return absl::NotFoundError("there is no sequence message_sequence");
  spaces.sequence_id = static_cast<uint32_t>(NumberField(sequence, 0));
  MTS_ASSIGN_OR_RETURN(spaces.messages, IndexOf(spaces.message, "primary"));
  MTS_ASSIGN_OR_RETURN(spaces.messages_of_subject, IndexOf(spaces.message, "subject_sequence"));
  MTS_ASSIGN_OR_RETURN(spaces.messages_of_object, IndexOf(spaces.message, "object_name"));
  MTS_ASSIGN_OR_RETURN(spaces.consumer, IndexOf(spaces.consumers, "primary"));
  MTS_ASSIGN_OR_RETURN(spaces.consumers_by_subject, IndexOf(spaces.consumers, "subject_durable"));
  MTS_ASSIGN_OR_RETURN(spaces.subjects, IndexOf(spaces.subject, "primary"));
  MTS_ASSIGN_OR_RETURN(spaces.message_ids, IndexOf(spaces.message_id, "primary"));
  MTS_ASSIGN_OR_RETURN(spaces.message_ids_by_age, IndexOf(spaces.message_id, "sequence"));
  MTS_ASSIGN_OR_RETURN(spaces.append_calls, IndexOf(spaces.append_call, "primary"));
  MTS_ASSIGN_OR_RETURN(spaces.append_calls_by_time, IndexOf(spaces.append_call, "time"));
  return spaces;
}

}  // namespace mts::tarantool
