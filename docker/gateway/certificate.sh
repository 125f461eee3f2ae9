#!/bin/sh
# Makes a self-signed certificate at the first start if none was given. Browsers and clients do not trust it:
# for anything but a first look, put tls.crt (with its chain) and tls.key into the volume.
set -eu
folder=${GATEWAY_TLS_FOLDER:?}
if [ -s "$folder/tls.crt" ] && [ -s "$folder/tls.key" ]; then exit 0; fi
host=${GATEWAY_URL#https://}
host=${host%%[:/]*}
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$host" \
  -addext "subjectAltName=DNS:$host,DNS:localhost,DNS:gateway,IP:127.0.0.1" \
  -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null
echo "gateway: made a self-signed certificate for $host"
