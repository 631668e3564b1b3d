#include "cli/terminal/table.h"

#include <algorithm>

#include "cli/terminal/format.h"
#include "cli/terminal/notices.h"

namespace mts::cli {
namespace {

std::string Line(const std::vector<std::string>& cells, const std::vector<Table::Column>& columns,
                 const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - std::min(widths[i], ColumnsOf(cells[i])), ' ');
    const bool last = i + 1 == cells.size();
    if (columns[i].align == Table::Align::kRight) line += padding;
    line += cells[i];
    if (columns[i].align == Table::Align::kLeft && !last) line += padding;
    if (!last) line += "  ";
  }
  return line;
}

}  // namespace

std::string Table::ToString(bool colour) const {
  std::vector<std::string> titles;
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    widths.push_back(ColumnsOf(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], ColumnsOf(row[i]));
  }
  std::string text = Styled(Line(titles, columns_, widths), Style::kBold, colour) + "\n";
  for (const auto& row : rows_) text += Line(row, columns_, widths) + "\n";
  return text;
}

}  // namespace mts::cli
