package keyset_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"journeyman.dev/internal/keyset"
)

// certified returns an RSA key with a certificate, made once.
var certified = sync.OnceValues(func() (*rsa.PrivateKey, *x509.Certificate) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(1.7e9, 0), NotAfter: time.Unix(1.9e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, cert
})

func encoded(t testing.TB, e *pkcs12.Encoder) []byte {
	t.Helper()
	key, cert := certified()
	data, err := e.Encode(key, cert, nil, "pw")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A file that would occupy a processor for minutes is refused before any key derivation.
func TestPKCS12FilesWithTooManyIterations(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*pkcs12.Encoder{"old ciphers": pkcs12.LegacyRC2, "Triple DES": pkcs12.LegacyDES, "AES": pkcs12.Modern2023} {
		good := encoded(t, e.WithIterations(2048))
		if k, err := keyset.FromPKCS12(good, "pw"); err != nil || len(k.Chain) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		// 2048 is 02 02 08 00: each count in the file becomes 2,130,708,480.
		found := 0
		for at := 0; ; at++ {
			next := strings.Index(string(good[at:]), "\x02\x02\x08\x00")
			if next < 0 {
				break
			}
			at += next
			found++
			bad := grown(good, at)
			begun := time.Now()
			var fault *keyset.Fault
			if _, err := keyset.FromPKCS12(bad, "pw"); !errors.As(err, &fault) || !strings.Contains(fault.Text, "iterations") {
				t.Errorf("%s: a count at %d: %v after %v", name, at, err, time.Since(begun))
			}
		}
		if found < 3 {
			t.Errorf("%s: %d counts, want those of the MAC, the certificates and the key", name, found)
		}
	}
}

// grown replaces a two-byte integer by one of four bytes and corrects the lengths of the elements around it.
func grown(der []byte, at int) []byte {
	out := append([]byte{}, der[:at]...)
	out = append(out, 0x02, 0x04, 0x7f, 0x00, 0x08, 0x00)
	out = append(out, der[at+4:]...)
	lengthen(out, 0, len(out), at)
	return out
}

// lengthen adds the two bytes to every element around a place.
func lengthen(der []byte, from, to, at int) {
	for from < to && from <= at {
		tag, header, n := der[from], 2, int(der[from+1])
		if n >= 0x80 {
			width := n - 0x80
			n = 0
			for i := range width {
				n = n<<8 | int(der[from+2+i])
			}
			header += width
		}
		if at > from && at < from+header+n {
			n += 2
			for i, left := header-1, n; ; i-- {
				if header == 2 {
					der[from+1] = byte(left)
					break
				}
				if i < 2 {
					break
				}
				der[from+i] = byte(left)
				left >>= 8
			}
			if tag&0x20 != 0 || tag == 0x04 { // constructed, or bytes with DER in them
				lengthen(der, from+header, from+header+n, at)
			}
			return
		}
		from += header + n
	}
}

// Any upload gives a key or a fault with a code.
func FuzzUpload(f *testing.F) {
	f.Add([]byte("0\x82"), "pw")
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), "")
	for _, e := range []*pkcs12.Encoder{pkcs12.LegacyRC2, pkcs12.LegacyDES, pkcs12.Modern2023.WithIterations(3)} {
		f.Add(encoded(f, e), "pw")
		f.Add(encoded(f, e), "")
	}
	_, cert := certified()
	f.Add(cert.Raw, "")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		var fault *keyset.Fault
		if k, err := keyset.FromPKCS12(data, password); err != nil && !errors.As(err, &fault) || err == nil && (len(k.Chain) == 0 || len(k.Private) == 0) {
			t.Errorf("PKCS #12: %v", err)
		}
		if k, err := keyset.FromCertificate(data); err != nil && !errors.As(err, &fault) || err == nil && len(k.Chain) != 1 {
			t.Errorf("certificate: %v", err)
		}
	})
}
