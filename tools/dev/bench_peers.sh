# `./dev bench peers [PIECE...]`: the comparison with NATS, Redis and Kafka, with everything that it needs.

dev_bench_peers() {
  install_for_build || return 1
  dev_build release minitoolstream || return 1
  bash bench/peers/install.sh || return 1
  bash bench/peers/run.sh "$@" || return 1
  # Only a whole run makes the plots of the page.
  local plots=()
  (($# == 0)) && plots=(--plots docs/plots)
  python3 bench/peers/report.py --results "${OUT:-bench/results/peers.jsonl}" "${plots[@]}"
}
