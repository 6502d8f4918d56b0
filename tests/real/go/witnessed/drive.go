package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
)

// tree returns a tree of so many entries; entry 3 differs when it is forked.
func tree(size int, forked bool) *testonly.Tree {
	grown := testonly.New(rfc6962.DefaultHasher)
	for entry := range size {
		if forked && entry == 3 {
			grown.AppendData([]byte("another"))
			continue
		}
		grown.AppendData(fmt.Append(nil, entry))
	}
	return grown
}

type step struct {
	name      string
	old, size int
	forked    bool
	key       string
	status    int
}

// drive asks the witness at url as a log would, and compares every answer with the protocol's.
func drive(url, vkey, key, wrong string) (string, error) {
	steps := []step{
		{"the first checkpoint", 0, 5, false, key, 200},
		{"the same again", 5, 5, false, key, 200},
		{"a grown log", 5, 300, false, key, 200},
		{"a log set back", 0, 7, false, key, 409},
		{"a fork with the stolen key", 300, 400, true, key, 422},
		{"another tree of that size", 300, 300, true, key, 422},
		{"a wrong key", 300, 400, false, wrong, 403},
		{"a grown log after all that", 300, 400, false, key, 200},
	}
	for _, one := range steps {
		if err := one.ask(url, vkey); err != nil {
			return "", fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return fmt.Sprintf("%d answers are the protocol's", len(steps)), nil
}

func (one step) ask(url, vkey string) error {
	signed, err := one.sign()
	if err != nil {
		return err
	}
	hashes, err := one.proof()
	if err != nil {
		return err
	}
	body := fmt.Appendf(nil, "old %d\n", one.old)
	for _, hash := range hashes {
		body = fmt.Appendf(body, "%s\n", base64.StdEncoding.EncodeToString(hash))
	}
	body = append(append(body, '\n'), signed...)
	reply, err := http.Post(url+"/add-checkpoint", "text/plain", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if reply.StatusCode != one.status {
		return fmt.Errorf("status %d: %s", reply.StatusCode, said)
	}
	return one.check(vkey, signed, said, reply.Header.Get("Content-Type"))
}

// check looks into the answer: a cosignature under the checkpoint, or the size the witness saw.
func (one step) check(vkey string, signed, said []byte, kind string) error {
	switch one.status {
	case http.StatusOK:
		_, err := openLine(vkey, append(signed, said...))
		return err
	case http.StatusConflict:
		if kind != "text/x.tlog.size" || string(said) != "300\n" {
			return fmt.Errorf("said %q as %s", said, kind)
		}
	}
	return nil
}

func (one step) sign() ([]byte, error) {
	signer, err := note.NewSigner(one.key)
	if err != nil {
		return nil, err
	}
	grown := tree(one.size, one.forked)
	text := log.Checkpoint{Origin: signer.Name(), Size: uint64(one.size), Hash: grown.Hash()}.Marshal()
	return note.Sign(&note.Note{Text: strings.TrimSuffix(string(text), "\n") + "\n"}, signer)
}

func (one step) proof() ([][]byte, error) {
	if one.old == 0 || one.old == one.size {
		return nil, nil
	}
	return tree(one.size, one.forked).ConsistencyProof(uint64(one.old), uint64(one.size))
}
