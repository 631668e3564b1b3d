// A table for people: a header, columns as wide as their widest cell, numbers to the right.
//
// Threading: one thread. Limits: it holds all rows until it is printed; lists of any length go out in pieces.
#pragma once

#include <string>
#include <vector>

namespace mts::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns.
  void AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // `colour`: the header in bold.
  std::string ToString(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mts::cli
