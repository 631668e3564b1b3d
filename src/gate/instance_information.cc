#include "gate/instance_information.h"

#include "model/msgpack_writer.h"

namespace mts::gate {

std::string EncodeInstanceInformation() {
  std::string map;
  msgpack::AppendMap(map, 5);
  msgpack::AppendText(map, "version");
  msgpack::AppendText(map, "2.6.0");
  msgpack::AppendText(map, "package");
  msgpack::AppendText(map, "MiniToolStream");
  msgpack::AppendText(map, "id");
  msgpack::AppendUnsigned(map, 1);
  msgpack::AppendText(map, "status");
  msgpack::AppendText(map, "running");
  msgpack::AppendText(map, "ro");
  msgpack::AppendBool(map, false);
  return map;
}

}  // namespace mts::gate
