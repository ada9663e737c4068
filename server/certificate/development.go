package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"chalkline/server/secret"
)

// Times of a development certificate. Browsers trust one by its hash if it is
// ECDSA and lives at most 14 days. The next one is made two days before it is
// used: a page that was loaded meanwhile knows both hashes.
const (
	lifetime   = 13 * 24 * time.Hour
	prepareAt  = 3 * 24 * time.Hour // before the end: the next one is made
	changeAt   = 24 * time.Hour     // before the end: the next one is used
	clockSlack = time.Hour          // that a browser's clock may be behind
)

// development is a Source that signs its own certificates. It renews them when
// it is asked for one.
type development struct {
	path  string // of the present one; the next is beside it
	names []string
	now   func() time.Time
	log   *slog.Logger

	mu            sync.Mutex
	current, next *tls.Certificate // guarded by mu; next is nil until it is made
}

func openDevelopment(c Config) (*development, error) {
	d := &development{
		path: filepath.Join(c.Directory, "development-certificate.pem"), names: c.Names, now: c.Now, log: c.Log,
	}
	if d.names == nil {
		d.names = ownNames()
	}
	var err error
	if d.current, err = d.load(d.path); err != nil {
		return nil, err
	}
	if d.next, err = d.load(d.nextPath()); err != nil {
		return nil, err
	}
	if err := d.renew(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *development) nextPath() string { return strings.TrimSuffix(d.path, ".pem") + "-next.pem" }

// load returns the certificate in a file, nil if there is none that can be used.
func (d *development) load(path string) (*tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	certificate, err := tls.X509KeyPair(text, text)
	if err != nil || !d.covers(certificate.Leaf) || certificate.Leaf.NotBefore.After(d.now()) {
		return nil, nil
	}
	return &certificate, nil
}

// covers says whether a certificate is for all names that this machine has now.
func (d *development) covers(leaf *x509.Certificate) bool {
	return !slices.ContainsFunc(d.names, func(name string) bool { return leaf.VerifyHostname(name) != nil })
}

// renew makes the certificates that are due. The caller holds mu or is the only
// one.
func (d *development) renew() error {
	if d.due(d.current, changeAt) {
		if err := d.change(); err != nil {
			return err
		}
	}
	if d.next != nil || !d.due(d.current, prepareAt) {
		return nil
	}
	next, err := d.create(d.nextPath())
	if err != nil {
		return err
	}
	d.next = next
	d.log.Info("next development certificate made", "used_from", d.current.Leaf.NotAfter.Add(-changeAt))
	return nil
}

// due says whether a certificate ends within a time.
func (d *development) due(c *tls.Certificate, before time.Duration) bool {
	return c == nil || !d.now().Before(c.Leaf.NotAfter.Add(-before))
}

// change puts the next certificate, or a new one, in the place of the present.
func (d *development) change() error {
	if d.due(d.next, changeAt) {
		current, err := d.create(d.path)
		if err != nil {
			return err
		}
		d.current, d.next = current, nil
		d.log.Info("development certificate made", "until", current.Leaf.NotAfter)
		return nil
	}
	if err := os.Rename(d.nextPath(), d.path); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	d.current, d.next = d.next, nil
	d.log.Info("development certificate changed", "until", d.current.Leaf.NotAfter)
	return nil
}

// create makes a certificate and keeps it in a file, key included.
func (d *development) create(path string) (*tls.Certificate, error) {
	text, err := selfSign(d.names, d.now())
	if err != nil {
		return nil, fmt.Errorf("certificate: make: %w", err)
	}
	if err := secret.Write(path, text); err != nil {
		return nil, fmt.Errorf("certificate: keep: %w", err)
	}
	certificate, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("certificate: make: %w", err)
	}
	return &certificate, nil
}

// selfSign returns a certificate for names and its key as PEM.
func selfSign(names []string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Chalkline development"},
		NotBefore:             now.Add(-clockSlack),
		NotAfter:              now.Add(lifetime - clockSlack),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = errors.Join(
		pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	)
	return text.Bytes(), err
}

// get returns the certificate to use now. When it cannot be renewed, the old one
// goes on.
func (d *development) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	current, _ := d.held()
	return current, nil
}

func (d *development) held() (current, next *tls.Certificate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.renew(); err != nil {
		d.log.Error("development certificate cannot be renewed", "error", err)
	}
	return d.current, d.next
}

func (d *development) Hashes() [][]byte {
	current, next := d.held()
	hashes := [][]byte{hash(current)}
	if next != nil {
		hashes = append(hashes, hash(next))
	}
	return hashes
}

func hash(c *tls.Certificate) []byte {
	sum := sha256.Sum256(c.Certificate[0])
	return sum[:]
}

func (d *development) TLSConfig() *tls.Config                 { return tlsConfig(d.get) }
func (d *development) Plain(others http.Handler) http.Handler { return others }

// ownNames are the names and addresses by which this machine can be reached.
func ownNames() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && validHost(host) {
		names = append(names, host)
	}
	for _, ip := range LANAddresses() {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// validHost says whether a host name can stand in a certificate.
func validHost(host string) bool {
	return (&x509.Certificate{DNSNames: []string{host}}).VerifyHostname(host) == nil
}

// LANAddresses are the addresses of this machine that others can reach it at.
func LANAddresses() []net.IP {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var found []net.IP
	for _, a := range addresses {
		network, ok := a.(*net.IPNet)
		if ok && network.IP.IsGlobalUnicast() { // private ones are
			found = append(found, network.IP)
		}
	}
	return found
}
