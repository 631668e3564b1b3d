#include "tarantool/src/news.h"

namespace mts::tarantool {

News WaitForNews(Instance& instance, std::optional<Sequence> known, double seconds) {
  News news;
  if (!known.has_value()) {
    news.through = instance.visibility().visible();
    return news;
  }
  news.through = *known;
  if (!instance.visibility().WaitPast(*known, seconds)) return news;
  const Sequence visible = instance.visibility().visible();
  Scan scan(instance.spaces().messages, ITER_GT, MakeTuple(*known));
  for (uint64_t rows = 0; rows < kMaxNewsRows; ++rows) {
    box_tuple_t* const tuple = scan.Next();
    const Sequence sequence(tuple == nullptr ? UINT64_MAX : NumberField(tuple, field::kSequence));
    if (sequence > visible) {
      news.through = visible;
      break;
    }
    news.through = sequence;
    const std::string_view subject = TextField(tuple, field::kMessageSubject);
    const auto found = news.last_of_subject.find(subject);
    if (found != news.last_of_subject.end()) {
      found->second = sequence;
    } else {
      news.last_of_subject.emplace(subject, sequence);
    }
  }
  return news;
}

}  // namespace mts::tarantool
