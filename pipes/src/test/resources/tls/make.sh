#!/bin/sh
# Makes the files of this folder anew, valid until about 2126; the keys of the two CAs are thrown away.
set -eu
cd "$(dirname "$0")"
DAYS=36500
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { # name: an EC key, PKCS#8
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

ca() { # name, common name
  key "$work/$1.key"
  openssl req -x509 -new -key "$work/$1.key" -subj "/CN=$2" -days $DAYS -out "$1.pem" \
    -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign
}

signed() { # file, key, CA, subject alternative names, further options
  file=$1 by=$3 names=$4
  openssl req -new -key "$2" -subj "/CN=${file%.pem}" -out "$work/request"
  printf 'basicConstraints=CA:false\nsubjectAltName=%s\n' "$names" > "$work/extensions"
  shift 4
  openssl x509 -req -in "$work/request" -CA "$by.pem" -CAkey "$work/$by.key" \
    -extfile "$work/extensions" -out "$file" "$@"
}

HERE=DNS:localhost,IP:127.0.0.1
ca ca "satellite test ca"
ca other-ca "satellite other test ca"
key server.key
signed server.pem server.key ca $HERE -days $DAYS
signed server-same-key.pem server.key ca $HERE -days $DAYS
# It ended the day before it began.
signed server-expired.pem server.key ca $HERE -days -1
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out server-rsa.key
signed server-rsa.pem server-rsa.key ca $HERE -days $DAYS
signed server-elsewhere.pem server.key ca DNS:elsewhere.example -days $DAYS
signed server-other-ca.pem server.key other-ca $HERE -days $DAYS
key client.key
signed client.pem client.key ca DNS:client.example -days $DAYS
key client-new.key
signed client-new.pem client-new.key ca DNS:client.example -days $DAYS
signed client-other-ca.pem client.key other-ca DNS:client.example -days $DAYS
