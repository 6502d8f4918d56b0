package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

const hashSize = 32

// walk reads a log once, in order, and compares every hash it computes with the tile that holds it.
type walk struct {
	ctx   context.Context
	files client.FileFetcher
	size  uint64
	tree  *compact.Range
	tiles map[uint64]tile
	wrong error
}

// tile is the one last read of its level.
type tile struct {
	number uint64
	hashes []byte
}

func fsck(ctx context.Context, words []string) (string, error) {
	files := client.FileFetcher{Root: words[0]}
	signed, err := signedTree(ctx, files, words[1])
	if err != nil {
		return "", err
	}
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	reading := &walk{ctx, files, signed.Size, factory.NewEmptyRange(0), map[uint64]tile{}, nil}
	root, err := reading.root()
	if err != nil {
		return "", err
	}
	if !bytes.Equal(root, signed.Hash) {
		return "", fmt.Errorf("entries and tiles agree, but not with the signed root")
	}
	shown := base64.StdEncoding.EncodeToString(root)
	return fmt.Sprintf("%d entries of %s, root %s", signed.Size, signed.Origin, shown), nil
}

// signedTree returns the checkpoint of the log, verified under its key.
func signedTree(ctx context.Context, files client.FileFetcher, argument string) (*log.Checkpoint, error) {
	key, err := readKey(argument)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	signed, _, _, err := client.FetchCheckpoint(ctx, files.ReadCheckpoint, verifier, verifier.Name())
	return signed, err
}

func (w *walk) root() ([]byte, error) {
	for number := uint64(0); number*layout.EntryBundleWidth < w.size; number++ {
		if err := w.bundle(number); err != nil {
			return nil, err
		}
	}
	if w.size == 0 {
		return rfc6962.DefaultHasher.EmptyRoot(), nil
	}
	return w.tree.GetRootHash(nil)
}

func (w *walk) bundle(number uint64) error {
	bundle, err := client.GetEntryBundle(w.ctx, w.files.ReadEntryBundle, number, w.size)
	if err != nil {
		return err
	}
	first := number * layout.EntryBundleWidth
	wanted := min(layout.EntryBundleWidth, w.size-first)
	if uint64(len(bundle.Entries)) < wanted {
		return fmt.Errorf("index %d: bundle %d has %d entries instead of %d",
			first+uint64(len(bundle.Entries)), number, len(bundle.Entries), wanted)
	}
	for place, entry := range bundle.Entries[:wanted] {
		leaf := rfc6962.DefaultHasher.HashLeaf(entry)
		w.compare(compact.NewNodeID(0, first+uint64(place)), leaf)
		if err := w.tree.Append(leaf, w.compare); err != nil {
			return err
		}
		if w.wrong != nil {
			return w.wrong
		}
	}
	return nil
}

// compare looks a computed node up in its tile, when it is of a level that tiles hold.
func (w *walk) compare(id compact.NodeID, hash []byte) {
	if id.Level%layout.TileHeight != 0 || w.wrong != nil {
		return
	}
	first, _ := id.Coverage()
	level, number, _, place := layout.NodeCoordsToTileAddress(uint64(id.Level), id.Index)
	stored, err := w.read(level, number)
	if err != nil {
		w.wrong = fmt.Errorf("index %d: %w", first, err)
		return
	}
	start := int(place) * hashSize
	if len(stored) < start+hashSize || !bytes.Equal(stored[start:start+hashSize], hash) {
		w.wrong = fmt.Errorf("index %d: tile %d of level %d holds another hash", first, number, level)
	}
}

func (w *walk) read(level, number uint64) ([]byte, error) {
	if last, known := w.tiles[level]; known && last.number == number {
		return last.hashes, nil
	}
	width := layout.PartialTileSize(level, number, w.size)
	stored, err := w.files.ReadTile(w.ctx, level, number, width)
	if err != nil {
		return nil, err
	}
	if len(stored) != int(width)*hashSize && len(stored) != layout.TileWidth*hashSize {
		return nil, fmt.Errorf("tile %d of level %d has %d bytes", number, level, len(stored))
	}
	w.tiles[level] = tile{number, stored}
	return stored, nil
}
