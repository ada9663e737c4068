package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

// Challenges that an authority can demand (RFC 8555, section 8.3; RFC 8737).
const (
	http01    = "http-01"
	tlsALPN01 = "tls-alpn-01"
)

// acmeIdentifier is the extension with the digest of the key authorization (RFC
// 8737, section 6.1).
var acmeIdentifier = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}

// authority is a certificate authority that speaks ACME (RFC 8555) by plain http.
// It has one account and demands one kind of challenge, whose answer it fetches from
// where reach said.
type authority struct {
	t         *testing.T
	server    *httptest.Server
	challenge string
	root      *x509.Certificate
	key       *ecdsa.PrivateKey

	mu        sync.Mutex // guards what follows
	addresses map[string]string
	nonces    map[string]bool
	account   *ecdsa.PublicKey
	orders    []*acmeOrder
	lives     time.Duration // of a certificate
	left      time.Duration // of the first one when it is issued
	chains    int
}

// acmeOrder is one order with its one authorization and challenge.
type acmeOrder struct {
	host, token string
	status      string // pending, ready, valid
	chain       []byte // PEM
}

func newAuthority(t *testing.T, challenge string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-365 * 24 * time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := &authority{
		t: t, challenge: challenge, key: key, addresses: map[string]string{}, nonces: map[string]bool{},
		lives: 90 * 24 * time.Hour, left: 90 * 24 * time.Hour,
	}
	if ca.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", ca.directory)
	mux.HandleFunc("HEAD /nonce", func(w http.ResponseWriter, _ *http.Request) { ca.newNonce(w) })
	for path, handle := range map[string]func(w http.ResponseWriter, r *acmeRequest) error{
		"/account": ca.newAccount, "/order": ca.newOrder, "/order/{n}": ca.order, "/authorization/{n}": ca.authorization,
		"/challenge/{n}": ca.answered, "/finalize/{n}": ca.finalize, "/certificate/{n}": ca.certificate,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { ca.serve(w, r, handle) })
	}
	ca.server = httptest.NewServer(mux)
	t.Cleanup(ca.server.Close)
	return ca
}

func (ca *authority) url(path string, n ...any) string {
	return ca.server.URL + fmt.Sprintf(path, n...)
}

func (ca *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	return pool
}

// reach says at which address a host has its ports.
func (ca *authority) reach(host, address string) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	ca.addresses[host] = address
}

// lifetimes says how long certificates live, and how much of that the first one has
// left.
func (ca *authority) lifetimes(lives, left time.Duration) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	ca.lives, ca.left = lives, left
}

// issued is how many certificates there were.
func (ca *authority) issued() int {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	return ca.chains
}

func (ca *authority) newNonce(w http.ResponseWriter) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	nonce := rand.Text()
	ca.nonces[nonce] = true
	w.Header().Set("Replay-Nonce", nonce)
}

func (ca *authority) directory(w http.ResponseWriter, _ *http.Request) {
	ca.answer(w, http.StatusOK, map[string]any{
		"newNonce": ca.url("/nonce"), "newAccount": ca.url("/account"), "newOrder": ca.url("/order"),
		"revokeCert": ca.url("/revoke"), "keyChange": ca.url("/change"),
	})
}

func (ca *authority) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// acmeRequest is a signed request whose signature was right.
type acmeRequest struct {
	key     *ecdsa.PublicKey
	payload []byte
	order   *acmeOrder // that its URL names, nil if none
	n       int        // number of the order
}

func (ca *authority) serve(w http.ResponseWriter, r *http.Request, handle func(http.ResponseWriter, *acmeRequest) error) {
	ca.newNonce(w)
	request, err := ca.verify(r)
	if err == nil {
		err = handle(w, request)
	}
	if err != nil {
		ca.t.Errorf("ACME: %s: %v", r.URL.Path, err)
		w.WriteHeader(http.StatusBadRequest)
	}
}

// jws is a flattened JSON Web Signature (RFC 7515, section 7.2.2).
type jws struct{ Protected, Payload, Signature string }

// verify checks the signature, the nonce and the URL of a request.
func (ca *authority) verify(r *http.Request) (*acmeRequest, error) {
	var signed jws
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&signed); err != nil {
		return nil, err
	}
	var header struct {
		Alg, Nonce, URL, Kid string
		JWK                  *struct{ X, Y string }
	}
	text, err := base64.RawURLEncoding.DecodeString(signed.Protected)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if header.Alg != "ES256" || header.URL != ca.server.URL+r.URL.Path || !ca.nonces[header.Nonce] {
		return nil, fmt.Errorf("header %s", text)
	}
	delete(ca.nonces, header.Nonce)
	request := &acmeRequest{key: ca.account}
	if header.JWK != nil {
		if request.key, err = publicKey(header.JWK.X, header.JWK.Y); err != nil {
			return nil, err
		}
	}
	if request.key == nil || !verifyES256(request.key, signed) {
		return nil, errors.New("wrong signature")
	}
	if request.payload, err = base64.RawURLEncoding.DecodeString(signed.Payload); err != nil {
		return nil, err
	}
	if n := r.PathValue("n"); n != "" {
		if _, err := fmt.Sscan(n, &request.n); err != nil || request.n >= len(ca.orders) {
			return nil, fmt.Errorf("no order %q", n)
		}
		request.order = ca.orders[request.n]
	}
	return request, nil
}

func publicKey(x, y string) (*ecdsa.PublicKey, error) {
	point := []byte{4} // uncompressed
	for _, text := range []string{x, y} {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		point = append(point, b...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func verifyES256(key *ecdsa.PublicKey, signed jws) bool {
	signature, err := base64.RawURLEncoding.DecodeString(signed.Signature)
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(signed.Protected + "." + signed.Payload))
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

func (ca *authority) newAccount(w http.ResponseWriter, r *acmeRequest) error {
	ca.mu.Lock()
	known := ca.account != nil && ca.account.Equal(r.key)
	ca.account = r.key
	ca.mu.Unlock()
	w.Header().Set("Location", ca.url("/account/1"))
	status := http.StatusCreated
	if known {
		status = http.StatusOK
	}
	ca.answer(w, status, map[string]any{"status": "valid"})
	return nil
}

func (ca *authority) newOrder(w http.ResponseWriter, r *acmeRequest) error {
	var asked struct {
		Identifiers []struct{ Type, Value string }
	}
	if err := json.Unmarshal(r.payload, &asked); err != nil {
		return err
	}
	if len(asked.Identifiers) != 1 || asked.Identifiers[0].Type != "dns" {
		return fmt.Errorf("identifiers %v", asked.Identifiers)
	}
	ca.mu.Lock()
	r.n, r.order = len(ca.orders), &acmeOrder{host: asked.Identifiers[0].Value, token: rand.Text(), status: acme.StatusPending}
	ca.orders = append(ca.orders, r.order)
	ca.mu.Unlock()
	ca.answerOrder(w, http.StatusCreated, r)
	return nil
}

func (ca *authority) order(w http.ResponseWriter, r *acmeRequest) error {
	ca.answerOrder(w, http.StatusOK, r)
	return nil
}

func (ca *authority) answerOrder(w http.ResponseWriter, status int, r *acmeRequest) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	w.Header().Set("Location", ca.url("/order/%d", r.n))
	body := map[string]any{
		"status": r.order.status, "identifiers": []any{map[string]string{"type": "dns", "value": r.order.host}},
		"authorizations": []string{ca.url("/authorization/%d", r.n)}, "finalize": ca.url("/finalize/%d", r.n),
	}
	if r.order.chain != nil {
		body["certificate"] = ca.url("/certificate/%d", r.n)
	}
	ca.answer(w, status, body)
}

func (ca *authority) challengeOf(r *acmeRequest) map[string]any {
	status := r.order.status
	if status == acme.StatusReady {
		status = acme.StatusValid
	}
	return map[string]any{"type": ca.challenge, "url": ca.url("/challenge/%d", r.n), "token": r.order.token, "status": status}
}

func (ca *authority) authorization(w http.ResponseWriter, r *acmeRequest) error {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	challenge := ca.challengeOf(r)
	ca.answer(w, http.StatusOK, map[string]any{
		"status": challenge["status"], "identifier": map[string]string{"type": "dns", "value": r.order.host}, "challenges": []any{challenge},
	})
	return nil
}

// answered fetches what the host has to show.
func (ca *authority) answered(w http.ResponseWriter, r *acmeRequest) error {
	thumbprint, err := acme.JWKThumbprint(r.key)
	if err != nil {
		return err
	}
	ca.mu.Lock()
	address, want := ca.addresses[r.order.host], r.order.token+"."+thumbprint
	ca.mu.Unlock()
	if ca.challenge == http01 {
		err = fetchHTTP01(ca.t.Context(), address, r.order.host, r.order.token, want)
	} else {
		err = fetchTLSALPN01(ca.t.Context(), address, r.order.host, want)
	}
	if err != nil {
		return err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	r.order.status = acme.StatusReady
	ca.answer(w, http.StatusOK, ca.challengeOf(r))
	return nil
}

// fetchHTTP01 asks an address, which stands for port 80 of the host.
func fetchHTTP01(ctx context.Context, address, host, token, want string) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/.well-known/acme-challenge/"+token, nil)
	if err != nil {
		return err
	}
	q.Host = host
	answer, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil || answer.StatusCode != http.StatusOK || strings.TrimSpace(string(got)) != want {
		return fmt.Errorf("http-01: %s, %q, want %q: %w", answer.Status, got, want, err)
	}
	return nil
}

// fetchTLSALPN01 asks an address, which stands for port 443 of the host.
func fetchTLSALPN01(ctx context.Context, address, host, want string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := tls.Client(conn, &tls.Config{ServerName: host, NextProtos: []string{acme.ALPNProto}, InsecureSkipVerify: true})
	if err := client.HandshakeContext(ctx); err != nil {
		return err
	}
	state := client.ConnectionState()
	leaf := state.PeerCertificates[0]
	if state.NegotiatedProtocol != acme.ALPNProto || len(leaf.DNSNames) != 1 || leaf.DNSNames[0] != host {
		return fmt.Errorf("tls-alpn-01: protocol %q, names %q", state.NegotiatedProtocol, leaf.DNSNames)
	}
	sum := sha256.Sum256([]byte(want))
	digest, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	for _, e := range leaf.Extensions {
		if e.Critical && e.Id.Equal(acmeIdentifier) && bytes.Equal(e.Value, digest) {
			return nil
		}
	}
	return errors.New("tls-alpn-01: not the digest of the key authorization")
}

// finalize issues what the request for a certificate asks for.
func (ca *authority) finalize(w http.ResponseWriter, r *acmeRequest) error {
	var asked struct{ CSR string }
	if err := json.Unmarshal(r.payload, &asked); err != nil {
		return err
	}
	der, err := base64.RawURLEncoding.DecodeString(asked.CSR)
	if err != nil {
		return err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	if err := errors.Join(csr.CheckSignature(), ca.issue(r.order, csr)); err != nil {
		return err
	}
	ca.answerOrder(w, http.StatusOK, r)
	return nil
}

func (ca *authority) issue(order *acmeOrder, csr *x509.CertificateRequest) error {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if order.status != acme.StatusReady || len(csr.DNSNames) != 1 || csr.DNSNames[0] != order.host {
		return fmt.Errorf("%s order for %q: asked for %q", order.status, order.host, csr.DNSNames)
	}
	end := time.Now().Add(ca.lives)
	if ca.chains == 0 {
		end = time.Now().Add(ca.left)
	}
	ca.chains++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(ca.chains) + 1), DNSNames: csr.DNSNames,
		NotBefore: end.Add(-ca.lives - time.Minute), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.root, csr.PublicKey, ca.key)
	if err != nil {
		return err
	}
	for _, b := range [][]byte{der, ca.root.Raw} {
		order.chain = append(order.chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b})...)
	}
	order.status = acme.StatusValid
	return nil
}

func (ca *authority) certificate(w http.ResponseWriter, r *acmeRequest) error {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	w.Header().Set("Content-Type", "application/pem-certificate-chain")
	_, _ = w.Write(r.order.chain)
	return nil
}
