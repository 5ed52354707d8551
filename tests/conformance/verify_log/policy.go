// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The type of a witness's key and signatures (C2SP tlog-cosignature): Ed25519, over a header with
// the time and then the checkpoint's text. The package note knows type 1 alone, but leaves it to
// whoever calls it what verifies a line.
const (
	typeCosignature = 4
	timeSize        = 8
)

// witness is a note.Verifier of cosignature/v1.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != timeSize+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return ed25519.Verify(w.key, []byte(message), signature[timeSize:])
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not name+id+key")
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != typeCosignature {
		return nil, errors.New("not the key of a witness")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if !bytes.Equal(sum[:4], id) {
		return nil, errors.New("the id is not that of name and key")
	}
	return &witness{parts[0], binary.BigEndian.Uint32(id), key[1:]}, nil
}

// part is a witness or a group of a policy (C2SP tlog-policy).
type part struct {
	witness   *witness // nil: a group
	members   []*part
	threshold int
}

// holds: has it cosigned, or have enough of its members?
func (p *part) holds(signed map[uint32]bool) bool {
	if p.witness != nil {
		return signed[p.witness.hash]
	}
	count := 0
	for _, member := range p.members {
		if member.holds(signed) {
			count++
		}
	}
	return count >= p.threshold
}

type policy struct {
	parts  map[string]*part
	quorum *part // nil: none is needed
}

func (p *policy) add(name string, one *part) error {
	if p.parts[name] != nil || name == "none" {
		return fmt.Errorf("the name %s is given twice", name)
	}
	p.parts[name] = one
	return nil
}

func (p *policy) group(words []string) error {
	one := &part{threshold: len(words) - 3}
	switch words[2] {
	case "all":
	case "any":
		one.threshold = 1
	default:
		var err error
		if one.threshold, err = strconv.Atoi(words[2]); err != nil {
			return err
		}
	}
	if one.threshold < 1 || one.threshold > len(words)-3 {
		return errors.New("no such threshold")
	}
	for _, name := range words[3:] {
		member := p.parts[name]
		if member == nil {
			return fmt.Errorf("%s is not given before", name)
		}
		one.members = append(one.members, member)
	}
	return p.add(words[1], one)
}

func (p *policy) line(words []string) error {
	switch {
	case words[0] == "log" && len(words) > 1:
		return nil // its key is asked for with -vkey
	case words[0] == "witness" && len(words) > 2:
		w, err := newWitness(words[2])
		if err != nil {
			return err
		}
		return p.add(words[1], &part{witness: w})
	case words[0] == "group" && len(words) > 3:
		return p.group(words)
	case words[0] == "quorum" && len(words) == 2 && words[1] == "none":
		return nil
	case words[0] == "quorum" && len(words) == 2 && p.parts[words[1]] != nil:
		p.quorum = p.parts[words[1]]
		return nil
	}
	return fmt.Errorf("policy: %q", strings.Join(words, " "))
}

func readPolicy(file string) (*policy, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &policy{parts: make(map[string]*part)}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// verifiers are those of the log and of all witnesses.
func (p *policy) verifiers(log note.Verifier) note.Verifiers {
	all := []note.Verifier{log}
	if p != nil {
		for _, one := range p.parts {
			if one.witness != nil {
				all = append(all, one.witness)
			}
		}
	}
	return note.VerifierList(all...)
}

// check: the log has signed, and enough witnesses have.
func (p *policy) check(opened *note.Note, log note.Verifier) error {
	signed := make(map[uint32]bool)
	for _, one := range opened.Sigs {
		signed[one.Hash] = true
	}
	if !signed[log.KeyHash()] {
		return errors.New("checkpoint: the log has not signed it")
	}
	if p != nil && p.quorum != nil && !p.quorum.holds(signed) {
		return errors.New("checkpoint: too few witnesses have cosigned it")
	}
	return nil
}
