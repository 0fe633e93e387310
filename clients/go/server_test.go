package causeway

// Starts nodes of this checkout for the tests.

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const command = "../../dist/causeway.js"

// A server is a node of this checkout with a data folder of its own.
type server struct {
	t       *testing.T
	data    string
	peer    PeerID
	address string
	process *exec.Cmd
}

// run runs a command on the server's data folder, and reads its JSON.
func (server *server) run(into any, arguments ...string) {
	server.t.Helper()
	run := exec.Command("node", append(append([]string{command}, arguments...), "--data", server.data, "--json")...)
	run.Stderr = os.Stderr
	text, err := run.Output()
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		server.t.Fatalf("%v: %v", arguments, err)
	}
}

// start starts the server on its data folder. The test ends it.
func (server *server) start(arguments ...string) {
	server.t.Helper()
	all := append([]string{command, "serve", "--data", server.data, "--json"}, arguments...)
	server.process = exec.Command("node", all...)
	server.process.Stderr = os.Stderr
	output, err := server.process.StdoutPipe()
	if err == nil {
		err = server.process.Start()
	}
	if err != nil {
		server.t.Fatal(err)
	}
	process := server.process
	server.t.Cleanup(func() { process.Process.Kill(); process.Wait() })
	lines := bufio.NewScanner(output)
	var ready struct {
		Peer      string
		Addresses []string
	}
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &ready) != nil {
		server.t.Fatalf("the node did not start: %s", lines.Text())
	}
	go func() {
		for lines.Scan() {
		}
	}()
	server.address = ready.Addresses[0]
	if server.peer, err = ParsePeerID(ready.Peer); err != nil {
		server.t.Fatal(err)
	}
}

// stop kills the server, as a crash does.
func (server *server) stop() {
	server.process.Process.Kill()
	server.process.Wait()
}

func newServer(t *testing.T) *server { return &server{t: t, data: t.TempDir()} }

// lab is a server with a tree that a key of ours may write to.
type lab struct {
	*server
	key  *Key
	tree ID
}

func newLab(t *testing.T) *lab {
	t.Helper()
	lab := &lab{newServer(t), GenerateKey(), ID{}}
	var created struct{ Tree string }
	lab.run(&created, "tree", "create", "notes")
	lab.run(nil, "grant", created.Tree, lab.key.Peer().String(), "write")
	lab.start()
	id, err := ParseID(created.Tree)
	if err != nil {
		t.Fatal(err)
	}
	lab.tree = id
	return lab
}

// dial returns a client with the lab's key, and its tree.
func (lab *lab) dial(with ...Option) (*Node, *Tree) {
	lab.t.Helper()
	node, err := Dial(lab.address, lab.key, with...)
	if err != nil {
		lab.t.Fatal(err)
	}
	lab.t.Cleanup(func() { node.Close() })
	return node, node.Tree(lab.tree)
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// certificate writes a new certificate for 127.0.0.1 and its key into a folder, and returns the first.
func certificate(t *testing.T, folder string) (text []byte, certPath, keyPath string) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(key)
	certPath, keyPath = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	os.WriteFile(certPath, cert, 0o600)
	os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
	return cert, certPath, keyPath
}
