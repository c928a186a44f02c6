#!/bin/sh
# The certificates and keys of the tests of TLS to an API server, valid for a century; makes them anew.
#   ca       signs all others but other-ca
#   other-ca nobody's
#   server   of 127.0.0.1
#   named    of kubernetes.test only
#   client   of a client, RSA; client-ec the same with a key on an elliptic curve
set -eu
cd "$(dirname "$0")"
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
signed() { # name, kind of key, extension
  openssl req -newkey $2 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf '%s\n' "$3" > ext
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile ext -out "$1.pem" 2>/dev/null
}
authority ca
authority other-ca
signed server rsa:2048 "subjectAltName=IP:127.0.0.1"
signed named rsa:2048 "subjectAltName=DNS:kubernetes.test"
signed client rsa:2048 "extendedKeyUsage=clientAuth"
signed client-ec "ec -pkeyopt ec_paramgen_curve:P-256" "extendedKeyUsage=clientAuth"
rm -f ./*.csr ./*.srl ext ca.key other-ca.key
