# Formatting, the rules of tools/tidy.py and clang-tidy.

cpp_sources() {
  git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' | while read -r file; do [[ -f "$file" ]] && echo "$file"; done
}

check_format() {
  cpp_sources | xargs -r clang-format --dry-run -Werror
}

dev_format() {
  install_for_test || return 1
  cpp_sources | xargs -r clang-format -i
}

# clang-tidy reads the clang preset's commands; the generated headers must be there.
run_clang_tidy() {
  build_preset clang mts_proto && python3 tools/clang_tidy.py --build build/clang
}

dev_lint() {
  install_for_test || return 1
  plan_step "rules" step_rules
  plan_step "format" step_format
  plan_step "clang-tidy" run_clang_tidy
  run_plan
  closing_line
}
