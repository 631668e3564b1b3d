// The rows of the space `subject` that match a pattern, by name. It yields now and then, so that a million subjects
// stop nobody; a tuple is good until the next one.
//
// Threading: the transaction thread. Errors: none; it ends early when the fiber is cancelled.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/subject.h"
#include "tarantool/src/box.h"

namespace mts::tarantool {

class Instance;

class SubjectScan {
 public:
  // Only names behind `after`.
  SubjectScan(Instance& instance, const Pattern& pattern, std::string_view after);
  box_tuple_t* Next();

 private:
  // Where the names behind the pattern's own begin and how they begin: `a.` for a.*.
  void Seek(std::string_view after);

  const IndexId index_;
  const Pattern pattern_;
  std::string below_;
  std::string last_;  // the name that was given last
  bool base_is_next_ = false;
  int until_yield_;
  std::unique_ptr<Scan> scan_;
};

}  // namespace mts::tarantool
