// SPDX-License-Identifier: Apache-2.0

// Command verify_log checks a Sallyport log with the Go project's own transparency log packages
// and shares no code with the gateway:
//
//	verify_log -url https://... -ca ca.pem -vkey KEY [-receipt FILE]
//
// It verifies the checkpoint's signature, recomputes every leaf hash from the entry bundles, the
// root from the tiles, and, with -receipt, the inclusion of one entry. It prints one line of JSON,
// or an error and exits with 1.
//
// Two adaptations (C2SP tlog-tiles differs from what the packages were made for): a tile's path
// has no height, and the checkpoint's first line is the log's origin.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight  = 8
	maxResponse = 32 << 20
)

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

// fetcher reads the public log over HTTPS.
type fetcher struct {
	client *http.Client
	url    string
}

func newFetcher(url, caFile string) (*fetcher, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &fetcher{&http.Client{Transport: transport}, url}, nil
}

func (f *fetcher) get(path string) ([]byte, error) {
	response, err := f.client.Get(f.url + "/log/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxResponse))
}

// c2spPath turns "tile/8/0/x001/234.p/5" into "tile/0/x001/234.p/5".
func c2spPath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

// ReadTiles, Height and SaveTiles make it a tlog.TileReader.
func (f *fetcher) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		bytes, err := f.get(c2spPath(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

func (f *fetcher) Height() int                     { return tileHeight }
func (f *fetcher) SaveTiles([]tlog.Tile, [][]byte) {}

// openCheckpoint verifies the note and reads its three lines.
func openCheckpoint(signed []byte, vkey string) (*checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return nil, errors.New("checkpoint: three lines expected")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return nil, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return nil, errors.New("checkpoint: no root")
	}
	c := &checkpoint{origin: lines[0], size: size}
	copy(c.root[:], root)
	if c.origin != verifier.Name() {
		return nil, fmt.Errorf("origin %q, key of %q", c.origin, verifier.Name())
	}
	return c, nil
}

// entries reads all leaves from the entry bundles: u16 length and bytes, up to 256 a bundle.
func (f *fetcher) entries(size int64) ([][]byte, error) {
	var all [][]byte
	for first := int64(0); first < size; first += 1 << tileHeight {
		width := size - first
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		tile := tlog.Tile{H: tileHeight, L: 0, N: first >> tileHeight, W: int(width)}
		path := strings.Replace(c2spPath(tile), "tile/0/", "tile/entries/", 1)
		bundle, err := f.get(path)
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s ends at entry %d", path, first+i)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:end])
			bundle = bundle[end:]
		}
	}
	return all, nil
}

// verifyLog compares leaves, tiles and the checkpoint's root with each other.
func verifyLog(f *fetcher, c *checkpoint) error {
	tree := tlog.Tree{N: c.size, Hash: c.root}
	reader := tlog.TileHashReader(tree, f) // authenticates each tile against the root
	root, err := tlog.TreeHash(c.size, reader)
	if err != nil {
		return err
	}
	if root != c.root {
		return errors.New("the root of the tiles is not the checkpoint's")
	}
	leaves, err := f.entries(c.size)
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		if err != nil {
			return err
		}
		if hashes[0] != tlog.RecordHash(leaf) {
			return fmt.Errorf("entry %d is not what the tree holds", i)
		}
	}
	return nil
}

type receipt struct {
	Entry   string `json:"entry"`
	Nonce   []byte `json:"nonce"`
	Payload string `json:"payload"`
	Proof   string `json:"proof"`
}

// parseProof reads a tlog-proof: header, optional extra, index, hashes, empty line, checkpoint.
func parseProof(text string) (index int64, path tlog.RecordProof, signed string, err error) {
	head, signed, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, nil, "", errors.New("proof: not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, nil, "", errors.New("proof: no index")
	}
	index, err = strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	for _, line := range lines[1:] {
		var hash tlog.Hash
		bytes, bad := base64.StdEncoding.DecodeString(line)
		if bad != nil || len(bytes) != tlog.HashSize {
			return 0, nil, "", errors.New("proof: not a hash")
		}
		copy(hash[:], bytes)
		path = append(path, hash)
	}
	return index, path, signed, err
}

// verifyReceipt checks the inclusion of the entry, and that it commits to the payload.
func verifyReceipt(file, vkey string) (int64, error) {
	var r receipt
	bytes, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(bytes, &r); err != nil {
		return 0, err
	}
	index, path, signed, err := parseProof(r.Proof)
	if err != nil {
		return 0, err
	}
	c, err := openCheckpoint([]byte(signed), vkey)
	if err != nil {
		return 0, err
	}
	err = tlog.CheckRecord(path, c.size, c.root, index, tlog.RecordHash([]byte(r.Entry)))
	if err != nil {
		return 0, err
	}
	var leaf struct {
		C string `json:"c"`
	}
	if err := json.Unmarshal([]byte(r.Entry), &leaf); err != nil {
		return 0, err
	}
	mac := hmac.New(sha256.New, r.Nonce)
	mac.Write([]byte("audit/v1\n" + r.Payload))
	commitment := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	if strings.TrimRight(leaf.C, "=") != commitment {
		return 0, errors.New("the entry does not commit to this payload")
	}
	return index, nil
}

func run() error {
	url := flag.String("url", "", "the gateway")
	ca := flag.String("ca", "", "its certificate authority")
	vkey := flag.String("vkey", "", "the log's verifier key")
	receiptFile := flag.String("receipt", "", "a receipt to verify, too")
	flag.Parse()

	f, err := newFetcher(*url, *ca)
	if err != nil {
		return err
	}
	signed, err := f.get("checkpoint")
	if err != nil {
		return err
	}
	c, err := openCheckpoint(signed, *vkey)
	if err != nil {
		return err
	}
	if err := verifyLog(f, c); err != nil {
		return err
	}
	index := int64(-1)
	if *receiptFile != "" {
		if index, err = verifyReceipt(*receiptFile, *vkey); err != nil {
			return err
		}
	}
	fmt.Printf("{\"size\":%d,\"origin\":%q,\"receipt\":%d}\n", c.size, c.origin, index)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "verify_log:", err)
		os.Exit(1)
	}
}
