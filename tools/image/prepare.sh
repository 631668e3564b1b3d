#!/usr/bin/env bash
# Puts together the files of the two images: prepare.sh BUILD_FOLDER IMAGE_FOLDER. The folder `minitoolstream` is a whole root:
# the program, the libraries it is linked with, their licences, and what the C library and TLS look for.
set -euo pipefail

built="$1"
image="$2"
rm -rf "$image"
root="$image/minitoolstream"

libraries_of() { # FILE
  ldd "$1" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'
}

copy_library() { # PATH: at the same path, a link as the file it leads to
  install -D -m 0644 "$(readlink -f "$1")" "$root$1"
}

copy_licences() { # LIBRARY...: of the packages that they come from; a file may be known below /lib or /usr/lib
  local library package
  for library in "$@"; do
    for library in "$library" "$(readlink -f "$library")"; do
      echo "${library#/usr}"
      echo "/usr${library#/usr}"
    done
  done | sort -u | { xargs dpkg -S 2>/dev/null || true; } | cut -d: -f1 | sort -u |
    while read -r package; do
      install -D -m 0644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
    done
}

copy_program() {
  local libraries library
  install -D -m 0755 "$built/bin/minitoolstream" "$root/usr/bin/minitoolstream"
  strip "$root/usr/bin/minitoolstream"
  mapfile -t libraries < <(libraries_of "$built/bin/minitoolstream")
  for library in "${libraries[@]}"; do copy_library "$library"; done
  chmod 0755 "$root"/lib*/ld-linux*
  copy_licences "${libraries[@]}"
}

write_system_files() {
  install -d -m 1777 "$root/tmp"
  install -D -m 0644 LICENSE "$root/usr/share/doc/minitoolstream/copyright"
  install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  echo "minitoolstream:x:65532:65532::/data:/sbin/nologin" >"$root/etc/passwd"
  echo "minitoolstream:x:65532:" >"$root/etc/group"
  echo "hosts: files dns" >"$root/etc/nsswitch.conf"
}

copy_tarantool_files() {
  local root="$image/tarantool"
  install -D -m 0644 -t "$root/usr/share/minitoolstream" tarantool/*.lua
  install -D -m 0644 -t "$root/usr/share/minitoolstream/mts" tarantool/mts/*.lua
  install -D -m 0755 "$built/lib/mts.so" "$root/usr/lib/minitoolstream/mts.so"
  strip --strip-unneeded "$root/usr/lib/minitoolstream/mts.so"
  install -D -m 0755 -t "$root/usr/lib/minitoolstream" tools/image/tarantool/install-tarantool tools/image/tarantool/healthy
  install -D -m 0755 tools/image/tarantool/tarantoolctl "$root/usr/local/bin/tarantoolctl"
}

copy_program
write_system_files
copy_tarantool_files
