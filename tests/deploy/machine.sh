# A machine to install things on and throw away: this one's files under an overlay in memory, with a systemd that boots for
# real, processes and a network of its own. Needs root. To be sourced after tests/e2e/common.sh.

machine_pid=""    # of the container's own first process
container_pid=""  # of systemd-nspawn

skip() {
  echo "SKIPPED: $*" >&2
  exit 77
}

remove_machine() {
  [[ -n "$machine_pid" ]] && kill -9 "$machine_pid" 2>/dev/null
  [[ -n "$container_pid" ]] && kill "$container_pid" 2>/dev/null && wait "$container_pid" 2>/dev/null
  machine_pid="" container_pid=""
  umount "$work/machine/root" "$work/machine" 2>/dev/null
  # What systemd-nspawn leaves; groups with processes stay.
  find /sys/fs/cgroup/*/payload /sys/fs/cgroup/*/supervisor -depth -type d -exec rmdir {} + 2>/dev/null
  return 0
}

# COMMAND with the machine's files, processes and network, as its root.
in_machine() { # COMMAND...
  nsenter --target "$machine_pid" --mount --uts --ipc --net --pid --cgroup \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@" </dev/null
}

machine_booted() {
  kill -0 "$container_pid" 2>/dev/null || return 0
  machine_pid="$(pgrep --parent "$container_pid" systemd)" || return 1
  in_machine systemctl is-active --quiet basic.target 2>/dev/null
}

make_machine() {
  ((EUID == 0)) || skip "a machine to install on needs root"
  command -v systemd-nspawn >/dev/null || skip "no systemd-nspawn: apt-get install systemd-container"
  trap 'code=$?; remove_machine; (exit "$code"); clean_up' EXIT
  mkdir "$work/machine"
  mount -t tmpfs tmpfs "$work/machine" 2>/dev/null || skip "no right to mount a tmpfs"
  mkdir "$work/machine"/{upper,changes,root}
  mount -t overlay overlay -o "lowerdir=/,upperdir=$work/machine/upper,workdir=$work/machine/changes" "$work/machine/root" ||
    skip "no overlay file system"
  rm -f "$work/machine/root/usr/sbin/policy-rc.d" # of images for containers: it forbids to start services
  systemd-nspawn --directory "$work/machine/root" --boot --register=no --keep-unit --private-network --link-journal=no \
    --console=pipe systemd.unit=basic.target </dev/null >"$work/boot.log" 2>&1 &
  container_pid=$!
  wait_until 60 machine_booted || fail "the machine did not boot: $(tail -n 5 "$work/boot.log")"
  kill -0 "$container_pid" 2>/dev/null || skip "systemd-nspawn cannot boot here: $(tail -n 5 "$work/boot.log")"
}
