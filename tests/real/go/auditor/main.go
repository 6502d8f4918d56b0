// Auditor checks what an auditor is told, with the libraries of the transparency.dev project and of Go's own
// checksum database instead of ours. It shares no code with the log it checks.
//
//	auditor fsck DIR VKEY             every entry, every tile, the root, the signature
//	auditor consistency DIR VKEY OLD  the log in DIR extends the checkpoint that was kept in the file OLD
//	auditor proof VKEY FILE           the entry that a .tlog-proof carries is in the log
//	auditor policy CHECKPOINT FILE    the witnesses that a tlog-policy asks for have signed the checkpoint
//
// VKEY is the verifier key itself, or @FILE. Exit status 0: it holds; 1: it does not; 2: wrong use.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

type command struct {
	words int
	run   func(context.Context, []string) (string, error)
}

var commands = map[string]command{
	"fsck":        {2, fsck},
	"consistency": {3, consistency},
	"proof":       {2, prove},
	"policy":      {2, policy},
}

func main() {
	if len(os.Args) < 2 {
		wrongUse()
	}
	chosen, known := commands[os.Args[1]]
	if !known || len(os.Args)-2 != chosen.words {
		wrongUse()
	}
	said, err := chosen.run(context.Background(), os.Args[2:])
	if err != nil {
		fmt.Printf("MISMATCH: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("ok: %s\n", said)
}

func wrongUse() {
	fmt.Fprintln(os.Stderr, "auditor fsck DIR VKEY | consistency DIR VKEY OLD | proof VKEY FILE | policy CHECKPOINT FILE")
	os.Exit(2)
}

// readKey returns the text given as itself or as @FILE.
func readKey(argument string) (string, error) {
	name, isFile := strings.CutPrefix(argument, "@")
	if !isFile {
		return argument, nil
	}
	text, err := os.ReadFile(name)
	return strings.TrimSpace(string(text)), err
}
