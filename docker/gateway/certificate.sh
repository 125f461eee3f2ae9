#!/bin/sh
# Makes a self-signed certificate at the first start if none was given. Browsers and clients do not trust it:
# for anything but a first look, put tls.crt (with its chain) and tls.key into the volume. What somebody has put there
# is never written over, half a pair neither: it may be the only copy of a key.
set -eu
folder=${GATEWAY_TLS_FOLDER:?}

fail() {
  echo "gateway: $1" >&2
  exit 1
}

# A link that leads nowhere is somebody's, too: its disk may not be mounted yet.
there() { [ -s "$folder/$1" ] || [ -L "$folder/$1" ]; }

# together FILE OTHER
together() {
  there "$1" || fail "$folder/$1 is missing or empty beside $2: add it, or remove $2 to have a pair made"
  if [ ! -f "$folder/$1" ] || [ ! -r "$folder/$1" ]; then fail "$folder/$1 is no file that user $(id -u) can read"; fi
}

if there tls.crt || there tls.key; then
  together tls.crt tls.key
  together tls.key tls.crt
  exit 0
fi

host=${GATEWAY_URL#https://}
host=${host%%[:/]*}
umask 077
draft=$(mktemp -d "$folder/.self-signed.XXXXXX" 2>&1) || fail "no certificate can be made in $folder: $draft"
trap 'rm -rf "$draft"' EXIT
trap 'exit 1' HUP INT TERM # sh would end without the trap above
# Of what openssl says, the last line is the reason.
said=$(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
  -addext "subjectAltName=DNS:$host,DNS:localhost,DNS:gateway,IP:127.0.0.1" \
  -keyout "$draft/tls.key" -out "$draft/tls.crt" 2>&1) ||
  fail "no certificate for $host can be made in $folder: $(echo "$said" | tail -n 1)"
mv -f "$draft/tls.key" "$draft/tls.crt" "$folder"
echo "gateway: made a self-signed certificate for $host"
