package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tlog reads tree notes of the checksum database alone, which differ from others by their first line.
const sumdbOrigin = "go.sum database tree"

// openCheckpoint opens a signed checkpoint and gives its origin and tree.
func openCheckpoint(content []byte, verifiers note.Verifiers) (string, tlog.Tree, error) {
	opened, err := note.Open(content, verifiers)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(opened.Text, "\n")
	if origin != opened.Sigs[0].Name {
		return "", tlog.Tree{}, fmt.Errorf("the checkpoint of %q is signed by %q", origin, opened.Sigs[0].Name)
	}
	tree, err := tlog.ParseTree([]byte(sumdbOrigin + "\n" + rest))
	return origin, tree, err
}

// proofParts divides a proof text into its head line after `prefix`, its hashes and the signed checkpoint.
func proofParts(content []byte, prefix string) (number int64, hashes []tlog.Hash, signed []byte, err error) {
	head, signed, found := bytes.Cut(content, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || !strings.HasPrefix(lines[0], prefix) {
		return 0, nil, nil, fmt.Errorf("no line %q, or no empty line before the checkpoint", prefix)
	}
	number, err = strconv.ParseInt(strings.TrimPrefix(lines[0], prefix), 10, 64)
	if err != nil {
		return 0, nil, nil, err
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, err
		}
		hashes = append(hashes, hash)
	}
	return number, hashes, signed, nil
}

// judgeRecordText holds a C2SP tlog-proof against the entry that it is said to prove.
func judgeRecordText(content, entry []byte, verifiers note.Verifiers) error {
	rest, found := bytes.CutPrefix(content, []byte("c2sp.org/tlog-proof@v1\n"))
	if !found {
		return errors.New("the first line is not that of a tlog-proof")
	}
	if bytes.HasPrefix(rest, []byte("extra ")) {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	index, hashes, signed, err := proofParts(rest, "index ")
	if err != nil {
		return err
	}
	_, tree, err := openCheckpoint(signed, verifiers)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

// judgeTreeText holds a consistency proof, written as for tlog-witness, against the older tree.
func judgeTreeText(content []byte, older tlog.Tree, verifiers note.Verifiers) error {
	size, hashes, signed, err := proofParts(content, "old ")
	if err != nil {
		return err
	}
	if size != older.N {
		return fmt.Errorf("the proof starts from %d leaves, the checkpoint has %d", size, older.N)
	}
	_, newer, err := openCheckpoint(signed, verifiers)
	if err != nil {
		return err
	}
	if size == 0 {
		// tlog proves nothing of nothing: every tree begins with the empty one.
		return nil
	}
	return tlog.CheckTree(hashes, newer.N, newer.Hash, older.N, older.Hash)
}

type proofsRequest struct {
	VKeys  []string `json:"vkeys"`
	Proofs []struct {
		Proof string `json:"proof"`
		Entry []byte `json:"entry"`
	} `json:"proofs"`
}

func judgeProofTexts(request proofsRequest) ([]string, error) {
	verifiers, err := verifiersOf(request.VKeys)
	if err != nil {
		return nil, err
	}
	verdicts := []string{}
	for _, one := range request.Proofs {
		verdicts = append(verdicts, verdict(judgeRecordText([]byte(one.Proof), one.Entry, verifiers)))
	}
	return verdicts, nil
}
