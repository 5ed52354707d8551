// SPDX-License-Identifier: Apache-2.0

// Command verify_log checks a Sallyport log with the Go project's own transparency log packages
// and shares no code with the gateway:
//
//	verify_log -vkey KEY -url https://... -ca ca.pem [-policy FILE] [-old FILE] [-receipt FILE]
//	verify_log -vkey KEY -dir DIR [-policy FILE] [-old FILE] [-receipt FILE]
//	verify_log -vkey KEY -receipt FILE [-policy FILE]
//	verify_log -vkey KEY -note FILE
//
// It verifies the checkpoint's signature (with -policy also those of enough witnesses), recomputes every leaf hash from the entry bundles and the
// root from the tiles; with -old, that the log continues the one of an earlier checkpoint; with
// -receipt, the inclusion of one entry and that it commits to its payload (with neither -url nor
// -dir nothing else). A note is any text that this key has signed. It prints one line of JSON, or
// an error and exits with 1.
//
// Two adaptations (C2SP tlog-tiles differs from what the packages were made for): a tile's path
// has no height, and the checkpoint's first line is the log's origin.
package main

import (
	"bytes"
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
	"path/filepath"
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

// fetcher reads the public log over HTTPS or from a copy, each file once.
type fetcher struct {
	read func(path string) ([]byte, error)
	seen map[string][]byte
}

func newFetcher(url, caFile, dir string) (*fetcher, error) {
	seen := make(map[string][]byte)
	if dir != "" {
		return &fetcher{func(path string) ([]byte, error) {
			return os.ReadFile(filepath.Join(dir, path))
		}, seen}, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	client := &http.Client{Transport: transport}
	return &fetcher{func(path string) ([]byte, error) {
		return download(client, url+"/log/"+path)
	}, seen}, nil
}

func download(client *http.Client, url string) ([]byte, error) {
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxResponse))
}

func (f *fetcher) get(path string) ([]byte, error) {
	if bytes, ok := f.seen[path]; ok {
		return bytes, nil
	}
	bytes, err := f.read(path)
	if err == nil {
		f.seen[path] = bytes
	}
	return bytes, err
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

// openCheckpoint verifies the note and reads its three lines; with a policy (nil: none), enough
// witnesses must have cosigned it.
func openCheckpoint(signed []byte, vkey string, p *policy) (*checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(signed, p.verifiers(verifier))
	if err != nil {
		return nil, err
	}
	if err := p.check(opened, verifier); err != nil {
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
		if len(bundle) != 0 {
			return nil, fmt.Errorf("%s has bytes behind its last entry", path)
		}
	}
	return all, nil
}

// stored is the tree as the entries make it: every hash of it, in the packages' own order.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		all[i] = s[index]
	}
	return all, nil
}

func storedOf(leaves [][]byte) (stored, error) {
	var all stored
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, all)
		if err != nil {
			return nil, err
		}
		all = append(all, hashes...)
	}
	return all, nil
}

// verifyLog makes the tree anew of the entries, and compares the root with the checkpoint's and
// each tile with the one that should be there. It does not leave that to tlog.TileHashReader, which,
// as Debian 12 has it, authenticates tiles from number len(stx) on, the count of the hashes that the
// root needs; where several of these stand in one tile, the first tiles after them go unchecked.
func verifyLog(f *fetcher, c *checkpoint) error {
	leaves, err := f.entries(c.size)
	if err != nil {
		return err
	}
	tree, err := storedOf(leaves)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(c.size, tree)
	if err != nil {
		return err
	}
	if c.size == 0 { // older packages leave this one out
		root = sha256.Sum256(nil)
	}
	if root != c.root {
		return errors.New("the root of the entries is not the checkpoint's")
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, c.size) {
		count := c.size >> (tileHeight * tile.L) // of hashes on that level
		if tile.W < 1<<tileHeight && tile.N<<tileHeight+int64(tile.W) != count {
			continue // a partial tile of a smaller log
		}
		want, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		got, err := f.get(c2spPath(tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not what the entries make", c2spPath(tile))
		}
	}
	return nil
}

// verifyOld proves that the tree begins with that of an earlier checkpoint.
func verifyOld(f *fetcher, c *checkpoint, file, vkey string) (int64, error) {
	signed, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	old, err := openCheckpoint(signed, vkey, nil)
	if err != nil {
		return 0, err
	}
	if old.size > c.size {
		return 0, fmt.Errorf("the log is shorter than before: %d, not %d", c.size, old.size)
	}
	if old.size == 0 {
		return 0, nil
	}
	reader := tlog.TileHashReader(tlog.Tree{N: c.size, Hash: c.root}, f)
	proof, err := tlog.ProveTree(c.size, old.size, reader)
	if err != nil {
		return 0, err
	}
	return old.size, tlog.CheckTree(proof, c.size, c.root, old.size, old.root)
}

type receipt struct {
	Entry   string `json:"entry"`
	Nonce   []byte `json:"nonce"`
	Payload string `json:"payload"`
	Proof   string `json:"proof"`
}

// parseProof reads a tlog-proof: header, optional extra, index, hashes, empty line, checkpoint.
func parseProof(text string) (extra []byte, index int64, path tlog.RecordProof, signed string,
	err error) {
	head, signed, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return nil, 0, nil, "", errors.New("proof: not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[0], "extra "))
		if err != nil {
			return nil, 0, nil, "", err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return nil, 0, nil, "", errors.New("proof: no index")
	}
	index, err = strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	for _, line := range lines[1:] {
		var hash tlog.Hash
		bytes, bad := base64.StdEncoding.DecodeString(line)
		if bad != nil || len(bytes) != tlog.HashSize {
			return nil, 0, nil, "", errors.New("proof: not a hash")
		}
		copy(hash[:], bytes)
		path = append(path, hash)
	}
	return extra, index, path, signed, err
}

// verifyReceipt checks the inclusion of the entry, and that it commits to the payload.
func verifyReceipt(file, vkey string, p *policy) (int64, error) {
	var r receipt
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, err
	}
	extra, index, path, signed, err := parseProof(r.Proof)
	if err != nil {
		return 0, err
	}
	if len(r.Nonce) != sha256.Size || !hmac.Equal(extra, r.Nonce) {
		return 0, errors.New("the nonce is not the one in the proof")
	}
	c, err := openCheckpoint([]byte(signed), vkey, p)
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

// result is what was verified; -1: it was not asked for.
type result struct {
	Size    int64  `json:"size"`
	Origin  string `json:"origin"`
	Old     int64  `json:"old"`
	Receipt int64  `json:"receipt"`
}

func verifyNote(file, vkey string) (string, error) {
	signed, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

func verifyAll(f *fetcher, out *result, vkey, oldFile string, p *policy) error {
	signed, err := f.get("checkpoint")
	if err != nil {
		return err
	}
	c, err := openCheckpoint(signed, vkey, p)
	if err != nil {
		return err
	}
	if err := verifyLog(f, c); err != nil {
		return err
	}
	out.Size, out.Origin = c.size, c.origin
	if oldFile != "" {
		out.Old, err = verifyOld(f, c, oldFile, vkey)
	}
	return err
}

func run() error {
	url := flag.String("url", "", "the gateway")
	ca := flag.String("ca", "", "its certificate authority")
	dir := flag.String("dir", "", "a copy of the log, in the place of the gateway")
	vkey := flag.String("vkey", "", "the log's verifier key")
	oldFile := flag.String("old", "", "an earlier checkpoint, which the log must continue")
	receiptFile := flag.String("receipt", "", "a receipt to verify, too")
	noteFile := flag.String("note", "", "a signed note, and nothing else")
	policyFile := flag.String("policy", "", "a tlog-policy: which witnesses must have cosigned")
	flag.Parse()

	policy, err := readPolicy(*policyFile)
	if err != nil {
		return err
	}
	if *noteFile != "" {
		text, err := verifyNote(*noteFile, *vkey)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(map[string]string{"text": text})
	}
	out := result{-1, "", -1, -1}
	if *url != "" || *dir != "" {
		f, err := newFetcher(*url, *ca, *dir)
		if err != nil {
			return err
		}
		if err := verifyAll(f, &out, *vkey, *oldFile, policy); err != nil {
			return err
		}
	}
	if *receiptFile != "" {
		if out.Receipt, err = verifyReceipt(*receiptFile, *vkey, policy); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "verify_log:", err)
		os.Exit(1)
	}
}
