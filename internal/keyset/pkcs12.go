package keyset

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// maxIterations limits the key derivations of a PKCS #12 file. A few thousand are usual, at most 600,000 are
// recommended, and a million take about half a second.
const maxIterations = 1_000_000

// maxDecoding limits the wait for a PKCS #12 file.
const maxDecoding = 20 * time.Second

// decoding lets only one PKCS #12 file be opened at a time. The encrypted part of a file may demand any
// number of iterations, which nothing can interrupt. Such a file then occupies one processor and this slot,
// but no second processor.
var decoding = make(chan struct{}, 1)

type decoded struct {
	private any
	leaf    *x509.Certificate
	more    []*x509.Certificate
	err     error
}

// FromPKCS12 reads a certificate with its private key.
func FromPKCS12(data []byte, password string) (Key, error) {
	if iterations(data) > maxIterations {
		return Key{}, &Fault{"AADB2C95024", "The PKCS #12 file asks for too many iterations."}
	}
	limit := time.NewTimer(maxDecoding)
	defer limit.Stop()
	busy := &Fault{"AADB2C95024", "The PKCS #12 file takes too long to open."}
	select {
	case decoding <- struct{}{}:
	case <-limit.C:
		return Key{}, busy
	}
	done := make(chan decoded, 1)
	go func() {
		defer func() { <-decoding }()
		var d decoded
		d.private, d.leaf, d.more, d.err = pkcs12.DecodeChain(data, password)
		done <- d
	}()
	select {
	case d := <-done:
		return d.key()
	case <-limit.C:
		return Key{}, busy
	}
}

func (d decoded) key() (Key, error) {
	if errors.Is(d.err, pkcs12.ErrIncorrectPassword) {
		return Key{}, &Fault{"AADB2C95025", "The password of the PKCS #12 file is wrong."}
	}
	if d.err != nil {
		return Key{}, &Fault{"AADB2C95024", "The PKCS #12 file can't be read."}
	}
	key, ok := d.private.(*rsa.PrivateKey)
	if !ok {
		return Key{}, &Fault{"AADB2C95031", "The private key is no RSA key."}
	}
	if key.N.BitLen() < 2048 {
		return Key{}, &Fault{"AADB2C95031", "The RSA key has fewer than 2048 bits."}
	}
	k, err := rsaKey("sig", key)
	if err != nil {
		return Key{}, err
	}
	k.certify(append([]*x509.Certificate{d.leaf}, d.more...))
	return k, nil
}

// The parts of a PKCS #12 file (RFC 7292) that show iteration counts.
type (
	pfx struct {
		Version int
		Content content
		MAC     struct {
			Digest struct {
				Algorithm pkix.AlgorithmIdentifier
				Digest    []byte
			}
			Salt       []byte
			Iterations int `asn1:"optional,default:1"`
		} `asn1:"optional"`
	}
	content struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	encrypted struct {
		Version int
		Info    struct {
			Type      asn1.ObjectIdentifier
			Algorithm pkix.AlgorithmIdentifier
			Content   asn1.RawValue `asn1:"optional"`
		}
	}
	bag struct {
		ID         asn1.ObjectIdentifier
		Value      asn1.RawValue `asn1:"tag:0,explicit"`
		Attributes asn1.RawValue `asn1:"optional"`
	}
	shrouded struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
)

// iterations returns the greatest iteration count that a PKCS #12 file shows. Unexpected forms count as 0,
// because the decoder will refuse them.
func iterations(data []byte) int {
	var file pfx
	var safe []byte
	var contents []content
	if read(data, &file) != nil {
		return 0
	}
	most := max(file.MAC.Iterations, ofAlgorithm(file.MAC.Digest.Algorithm))
	if read(file.Content.Value.Bytes, &safe) != nil || read(safe, &contents) != nil {
		return most
	}
	for _, c := range contents {
		var e encrypted
		var plain []byte
		var bags []bag
		if read(c.Value.Bytes, &e) == nil {
			most = max(most, ofAlgorithm(e.Info.Algorithm))
		}
		if read(c.Value.Bytes, &plain) != nil || read(plain, &bags) != nil {
			continue
		}
		for _, b := range bags {
			var key shrouded
			if read(b.Value.Bytes, &key) == nil {
				most = max(most, ofAlgorithm(key.Algorithm))
			}
		}
	}
	return most
}

// ofAlgorithm finds the iteration count in an algorithm's parameters. The old schemes and PBKDF2 store it
// beside the salt, PBES2 and PBMAC1 one level deeper.
func ofAlgorithm(a pkix.AlgorithmIdentifier) int {
	var direct struct {
		Salt       asn1.RawValue
		Iterations int
		Length     int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if read(a.Parameters.FullBytes, &direct) == nil {
		return direct.Iterations
	}
	var nested struct {
		KDF, Other pkix.AlgorithmIdentifier
	}
	if read(a.Parameters.FullBytes, &nested) == nil && read(nested.KDF.Parameters.FullBytes, &direct) == nil {
		return direct.Iterations
	}
	return 0
}

func read(der []byte, into any) error {
	_, err := asn1.Unmarshal(der, into)
	return err
}

// DecodePKCS12 reads a client certificate in the way of key sets. It returns the chain in DER, the leaf
// first, and the private key in PKCS #8.
func DecodePKCS12(data []byte, password string) (chain [][]byte, private []byte, err error) {
	k, err := FromPKCS12(data, password)
	if err != nil {
		return nil, nil, err
	}
	return k.Chain, k.Private, nil
}
