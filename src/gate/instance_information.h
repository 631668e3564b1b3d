// What `box.info` answers here: as much as connection pools of clients ask for, to see that this instance takes writes.
//
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace mts::gate {

inline constexpr std::string_view kInstanceInformation = "box.info";

std::string EncodeInstanceInformation();

}  // namespace mts::gate
