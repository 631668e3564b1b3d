#include "gate/schema_select.h"

#include <utility>

#include "base/status.h"
#include "gate/ordered_rows.h"
#include "model/msgpack_writer.h"

namespace mts::gate {
namespace {

constexpr uint64_t kOwner = 1;

std::string EncodeSpace(const Space& space) {
  std::string row;
  msgpack::AppendArray(row, 7);
  msgpack::AppendUnsigned(row, space.id);
  msgpack::AppendUnsigned(row, kOwner);
  msgpack::AppendText(row, space.name);
  msgpack::AppendText(row, space.engine);
  msgpack::AppendUnsigned(row, 0);
  msgpack::AppendMap(row, 0);
  msgpack::AppendArray(row, space.fields.size());
  for (const Field& field : space.fields) {
    msgpack::AppendMap(row, 2);
    msgpack::AppendText(row, "name");
    msgpack::AppendText(row, field.name);
    msgpack::AppendText(row, "type");
    msgpack::AppendText(row, field.type);
  }
  return row;
}

std::string EncodeIndex(const Space& space, const Index& index) {
  std::string row;
  msgpack::AppendArray(row, 6);
  msgpack::AppendUnsigned(row, space.id);
  msgpack::AppendUnsigned(row, index.id);
  msgpack::AppendText(row, index.name);
  msgpack::AppendText(row, "tree");
  msgpack::AppendMap(row, 1);
  msgpack::AppendText(row, "unique");
  msgpack::AppendBool(row, index.unique);
  msgpack::AppendArray(row, index.parts.size());
  for (const uint32_t part : index.parts) {
    msgpack::AppendArray(row, 2);
    msgpack::AppendUnsigned(row, part);
    msgpack::AppendText(row, space.fields[part].type);
  }
  return row;
}

// Adds a row that has these values in the fields that keys are made of.
absl::Status AddIfSelected(const SelectRequest& request, const Key& key_fields, std::string row, OrderedRows& rows) {
  Key key;
  for (const uint32_t part : request.index->parts) key.push_back(key_fields[part]);
  if (!Selects(request, key)) return absl::OkStatus();
  key.insert(key.end(), key_fields.begin(), key_fields.end());
  return rows.Add(std::move(key), std::move(row));
}

}  // namespace

absl::StatusOr<iproto::Values> SelectSpaces(const SelectRequest& request, bool is_guest) {
  OrderedRows rows(request);
  for (const Space& space : Spaces()) {
    if (is_guest && !space.for_guests) continue;
    const Key key_fields = {space.id, kOwner, std::string(space.name)};
    MTS_RETURN_IF_ERROR(AddIfSelected(request, key_fields, EncodeSpace(space), rows));
  }
  return iproto::Values{rows.count(), rows.Encoded()};
}

absl::StatusOr<iproto::Values> SelectIndexes(const SelectRequest& request, bool is_guest) {
  OrderedRows rows(request);
  for (const Space& space : Spaces()) {
    if (is_guest && !space.for_guests) continue;
    for (const Index& index : space.indexes) {
      const Key key_fields = {space.id, index.id, std::string(index.name)};
      MTS_RETURN_IF_ERROR(AddIfSelected(request, key_fields, EncodeIndex(space, index), rows));
    }
  }
  return iproto::Values{rows.count(), rows.Encoded()};
}

}  // namespace mts::gate
