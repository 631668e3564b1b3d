// How a report of the doctor is shown: to people as tables, to machines as one JSON object.
//
// Threading: pure functions.
#pragma once

#include <string>

#include "maintenance/doctor.h"

namespace mts::cli {

std::string DoctorReportText(const maintenance::Repaired& result, const std::string& data_dir, bool colour);
std::string DoctorReportJson(const maintenance::Repaired& result, const std::string& data_dir);

}  // namespace mts::cli
