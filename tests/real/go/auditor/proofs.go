package main

import (
	"context"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/formats/witness"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

// consistency checks that the log in a folder extends a checkpoint that was kept elsewhere.
func consistency(ctx context.Context, words []string) (string, error) {
	files := client.FileFetcher{Root: words[0]}
	now, err := signedTree(ctx, files, words[1])
	if err != nil {
		return "", err
	}
	kept, err := keptTree(words[2], words[1])
	if err != nil {
		return "", err
	}
	if kept.Size > now.Size {
		return "", fmt.Errorf("the log was signed at %d entries before, now at %d", kept.Size, now.Size)
	}
	builder, err := client.NewProofBuilder(ctx, now.Size, files.ReadTile)
	if err != nil {
		return "", err
	}
	hashes, err := builder.ConsistencyProof(ctx, kept.Size, now.Size)
	if err != nil {
		return "", err
	}
	err = merkle.VerifyConsistency(rfc6962.DefaultHasher, kept.Size, now.Size, hashes, kept.Hash, now.Hash)
	return fmt.Sprintf("the log of %d entries extends the one of %d", now.Size, kept.Size), err
}

// keptTree returns the checkpoint in a file, verified under the log's key.
func keptTree(name, argument string) (*log.Checkpoint, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return openTree(data, argument)
}

func openTree(data []byte, argument string) (*log.Checkpoint, error) {
	key, err := readKey(argument)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	signed, _, _, err := log.ParseCheckpoint(data, verifier.Name(), verifier)
	return signed, err
}

// prove checks a .tlog-proof. Its extra line is not signed by itself: the entry in it is hashed here.
func prove(_ context.Context, words []string) (string, error) {
	data, err := os.ReadFile(words[1])
	if err != nil {
		return "", err
	}
	var receipt proof.TLogProof
	if err := receipt.Unmarshal(data); err != nil {
		return "", err
	}
	signed, err := openTree(receipt.Checkpoint, words[0])
	if err != nil {
		return "", err
	}
	hashes := make([][]byte, len(receipt.Hashes))
	for place := range receipt.Hashes {
		hashes[place] = receipt.Hashes[place][:]
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(receipt.ExtraData)
	err = merkle.VerifyInclusion(rfc6962.DefaultHasher, receipt.Index, signed.Size, leaf, hashes, signed.Hash)
	return fmt.Sprintf("entry %d of %s, signed at %d entries", receipt.Index, signed.Origin, signed.Size), err
}

// policy checks that as many witnesses have cosigned a checkpoint as a policy asks for.
func policy(_ context.Context, words []string) (string, error) {
	checkpoint, err := os.ReadFile(words[0])
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(words[1])
	if err != nil {
		return "", err
	}
	wanted, err := witness.ParsePolicy(text)
	if err != nil {
		return "", err
	}
	if !wanted.Satisfied(checkpoint) {
		return "", fmt.Errorf("the witnesses of the policy have not signed this checkpoint")
	}
	return "the witnesses of the policy have signed this checkpoint", nil
}
