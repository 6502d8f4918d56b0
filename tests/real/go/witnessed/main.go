// Witnessed is a log that asks a witness for cosignatures, and a reader of cosignatures, on the libraries of
// the transparency.dev project and of Go's own checksum database. It shares no code with what it asks.
//
//	witnessed line VKEY CHECKPOINT       the key cosigned the checkpoint in the file; says when
//	witnessed drive URL VKEY KEY WRONG   a log signed with the private key KEY grows, is set back, is forked and
//	                                     is signed with the private key WRONG; says how the witness answered
//
// Exit status 0: it holds; 1: it does not; 2: wrong use.
package main

import (
	"fmt"
	"os"
)

func main() {
	said, err := run(os.Args[1:])
	if err != nil {
		fmt.Printf("MISMATCH: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("ok: %s\n", said)
}

func run(words []string) (string, error) {
	switch {
	case len(words) == 3 && words[0] == "line":
		return line(words[1], words[2])
	case len(words) == 5 && words[0] == "drive":
		return drive(words[1], words[2], words[3], words[4])
	}
	fmt.Fprintln(os.Stderr, "witnessed line VKEY CHECKPOINT | drive URL VKEY KEY WRONG")
	os.Exit(2)
	return "", nil
}
