package main

import (
	"bytes"
	"fmt"
	"os"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// line verifies one cosignature under a checkpoint and says when it was made.
func line(vkey, name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	return openLine(vkey, data)
}

func openLine(vkey string, data []byte) (string, error) {
	verifier, err := readVerifier(vkey)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	at, err := fnote.CoSigV1Timestamp(opened.Sigs[0])
	if err != nil {
		return "", err
	}
	size := bytes.Split(data, []byte("\n"))[1]
	return fmt.Sprintf("%s cosigned %s entries at %d", verifier.Name(), size, at.Unix()), nil
}

// readVerifier reads the key of a cosigner, ML-DSA-44 (0x06) or Ed25519 (0x04).
func readVerifier(vkey string) (note.Verifier, error) {
	if verifier, err := fnote.NewMLDSAVerifier(vkey); err == nil {
		return verifier, nil
	}
	return fnote.NewVerifierForCosignatureV1(vkey)
}
