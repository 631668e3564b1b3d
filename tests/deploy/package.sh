#!/usr/bin/env bash
# The Debian package on a machine with a running systemd: installed, started, used, killed, configured wrongly, upgraded,
# stopped under load, removed, installed again, purged. Argument: the package; otherwise the one that ./dev package made.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source tests/e2e/common.sh
source tests/deploy/machine.sh

package="$(realpath "${1:-$(ls build/package/minitoolstream_*.deb)}")" || fail "no package: run ./dev package"
configuration=/etc/minitoolstream/minitoolstream.yaml
data=/var/lib/minitoolstream
make_machine
cp "$package" "$work/machine/root/root/minitoolstream.deb"

client() { # COMMAND...: the command line as a user without rights
  in_machine setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent minitoolstream "$@"
}
property() { in_machine systemctl show --property="$1" --value minitoolstream; }
status_of() { in_machine sed -n "s/^$1:[[:space:]]*//p" "/proc/$(property MainPID)/status"; }
journal() { in_machine journalctl --unit=minitoolstream --no-pager --output=cat --lines="${1:-20}"; }
install_package() { in_machine dpkg --install /root/minitoolstream.deb >"$work/dpkg.log" 2>&1 || fail "dpkg: $(cat "$work/dpkg.log")"; }
expect_active() { in_machine systemctl is-active --quiet minitoolstream || fail "$1: not active: $(journal)"; }
expect_message() { # SUBJECT TEXT
  [[ "$(client sub "$1" --until-idle 1s -o raw)" == "$2" ]] || fail "$1 does not hold '$2'"
}

# ---- Installed: dpkg comes back when the server has said that it is ready
install_package
expect_active "after the installation"
in_machine systemctl is-enabled --quiet minitoolstream || fail "the unit is not enabled"
[[ "$(property NotifyAccess) $(property Type)" == "main notify" ]] || fail "the unit is not of type notify"
[[ "$(in_machine stat -c '%U:%G %a' "$data")" == "minitoolstream:minitoolstream 750" ]] || fail "$data is of $(in_machine stat -c '%U:%G %a' "$data")"
[[ "$(in_machine stat -c '%U %a' /etc/minitoolstream/secrets.env)" == "root 600" ]] || fail "everybody reads secrets.env"

# ---- Hardened: what the unit asks for, and what the process really has
in_machine systemd-analyze verify minitoolstream.service || fail "systemd-analyze verify"
in_machine systemd-analyze security --no-pager --threshold=20 minitoolstream.service | tail -n 1 ||
  fail "the unit is more exposed than 2.0"
[[ "$(in_machine ps -o user= -p "$(property MainPID)")" == minitool* ]] || fail "the server runs as somebody else"
[[ "$(status_of NoNewPrivs) $(status_of CapEff) $(status_of Seccomp)" == "1 0000000000000000 2" ]] || fail "the process has too many rights"
[[ "$(property LimitNOFILE)" == 1048576 ]] || fail "the limit of open files: $(property LimitNOFILE)"
in_machine nsenter --target "$(property MainPID)" --mount touch /usr/written 2>/dev/null && fail "the server may write below /usr"

# ---- Used, with a payload that becomes a file
head -c 8388608 /dev/urandom >"$work/machine/root/srv/large"
client pub greetings hello >/dev/null && client pub files --file /srv/large >/dev/null || fail "publishing: $(journal)"
expect_message greetings hello
client get files 2 --output - | cmp - "$work/machine/root/srv/large" || fail "the large payload differs"

# ---- The manual page and the completions
for file in man/man1/minitoolstream.1.gz bash-completion/completions/minitoolstream zsh/vendor-completions/_minitoolstream \
  fish/vendor_completions.d/minitoolstream.fish; do
  in_machine test -s "/usr/share/$file" || fail "no /usr/share/$file"
done

# ---- Killed: systemd starts it again, and everything is there
first_pid="$(property MainPID)"
in_machine kill -9 "$first_pid"
restarted() { [[ "$(property MainPID)" != "$first_pid" && "$(property ActiveState)" == active ]]; }
wait_until 30 restarted || fail "not restarted after kill -9: $(journal)"
expect_message greetings hello

# ---- A wrong configuration is said with its line, and not tried again and again
in_machine cp -a "$configuration" /root/good.yaml
in_machine sh -c "echo 'no_such_key: 1' >>$configuration"
in_machine systemctl restart minitoolstream 2>/dev/null && fail "a wrong configuration was taken"
[[ "$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)" == "failed 2 0" ]] || fail "a wrong configuration: $(journal)"
journal | grep -q "minitoolstream.yaml:[0-9]*:.*no_such_key" || fail "the line is not named: $(journal)"
in_machine cp -a /root/good.yaml "$configuration"
in_machine systemctl start minitoolstream || fail "$(journal)"

# ---- Upgraded: the server is a new one, the administrator's configuration and the messages are kept
in_machine sh -c "echo 'log.level: debug' >>$configuration"
first_pid="$(property MainPID)"
install_package
expect_active "after an upgrade"
[[ "$(property MainPID)" != "$first_pid" ]] || fail "an upgrade did not restart the server"
in_machine grep -q "log.level: debug" "$configuration" || fail "an upgrade overwrote the configuration"
expect_message greetings hello

# ---- Stopped under load: in time and cleanly, and what was answered is there
seq 1 100000 >"$work/machine/root/srv/lines"
client pub load --file /srv/lines --lines --retry-for 60s >"$work/pub.log" 2>&1 &
publisher=$!
some_published() { (($(client last load 2>/dev/null | grep -o '[0-9]*' | tail -n 1) > 0)); }
wait_until 30 some_published || fail "nothing is published: $(cat "$work/pub.log")"
began=$SECONDS
in_machine systemctl stop minitoolstream
[[ "$(property Result)" == success ]] || fail "the end of the server: $(property Result)"
((SECONDS - began <= 20)) || fail "stopping took $((SECONDS - began)) s"
in_machine systemctl start minitoolstream || fail "$(journal)"
wait "$publisher" || fail "publishing did not go on after a restart: $(tail -n 3 "$work/pub.log")"
client sub load --until-idle 2s -o raw | cmp - "$work/machine/root/srv/lines" || fail "the lines differ after a stop under load"

# ---- Removed: the program is gone, configuration and messages are kept, and a new installation finds them
in_machine dpkg --remove minitoolstream >/dev/null || fail "dpkg --remove"
in_machine test ! -e /usr/bin/minitoolstream -a ! -e /lib/systemd/system/minitoolstream.service || fail "files are left"
in_machine pgrep -x minitoolstream >/dev/null && fail "the server still runs"
in_machine grep -q "log.level: debug" "$configuration" || fail "removing took the configuration"
install_package
expect_active "after the second installation"
expect_message greetings hello

# ---- Purged: nothing of the package is left but its user
in_machine dpkg --purge minitoolstream >/dev/null || fail "dpkg --purge"
left="$(cd "$work/machine/upper" && find . -path '*minitoolstream*' -not -type c -not -path './root/*' -not -path './var/cache/man/*')"
[[ -z "$left" ]] || fail "left after a purge: $left"
in_machine id minitoolstream >/dev/null || fail "the user went with the package"
echo "all held"
