"""The Merkle tree over the entries: hashes, tiles and the proofs made from them."""
