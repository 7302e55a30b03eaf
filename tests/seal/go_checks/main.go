// Command gochecks holds what the ledger seals against Go's own sumdb/note and sumdb/tlog.
//
// It reads one JSON request on standard input and prints one JSON answer:
//
//	note         opens a signed note with verifier keys
//	sign         signs a text with signer keys
//	tree         computes roots, stored hashes, proofs and tiles of a tree from its entries
//	inclusion    judges inclusion proofs
//	consistency  judges consistency proofs
//	proofs       reads tlog-proof texts and judges each with its entry
//	export DIR   judges a whole export folder; -vkey "KEY KEY" takes keys from outside the folder
//
// The exit status is 1 when a request cannot be answered or an export does not hold.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 2 {
		fail(errors.New("which check? note, sign, tree, inclusion, consistency, proofs or export"))
	}
	commands := map[string]func() (any, error){
		"note":        answer(openNote),
		"sign":        answer(signNote),
		"tree":        answer(growTree),
		"inclusion":   answer(judgeInclusion),
		"consistency": answer(judgeConsistency),
		"proofs":      answer(judgeProofTexts),
		"export":      judgeExport,
	}
	command, known := commands[os.Args[1]]
	if !known {
		fail(fmt.Errorf("there is no check %q", os.Args[1]))
	}
	result, err := command()
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
	if judged, ok := result.(*exportReport); ok && len(judged.Failures) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// answer makes a command of a function from a request to a result.
func answer[Request, Result any](work func(Request) (Result, error)) func() (any, error) {
	return func() (any, error) {
		content, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		var request Request
		if err := json.Unmarshal(content, &request); err != nil {
			return nil, err
		}
		return work(request)
	}
}

// -- notes --

type noteRequest struct {
	Note  string   `json:"note"`
	VKeys []string `json:"vkeys"`
}

type noteResult struct {
	Text     string   `json:"text"`
	SignedBy []string `json:"signed_by"`
	Unknown  []string `json:"unknown"`
}

func openNote(request noteRequest) (*noteResult, error) {
	verifiers, err := verifiersOf(request.VKeys)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open([]byte(request.Note), verifiers)
	if err != nil {
		return nil, err
	}
	return &noteResult{opened.Text, keysOf(opened.Sigs), keysOf(opened.UnverifiedSigs)}, nil
}

func verifiersOf(vkeys []string) (note.Verifiers, error) {
	verifiers := []note.Verifier{}
	for _, vkey := range vkeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	return note.VerifierList(verifiers...), nil
}

func keysOf(signatures []note.Signature) []string {
	keys := []string{}
	for _, signature := range signatures {
		keys = append(keys, fmt.Sprintf("%s+%08x", signature.Name, signature.Hash))
	}
	return keys
}

type signRequest struct {
	Text  string   `json:"text"`
	SKeys []string `json:"skeys"`
}

type signResult struct {
	Note string `json:"note"`
}

func signNote(request signRequest) (*signResult, error) {
	signers := []note.Signer{}
	for _, skey := range request.SKeys {
		signer, err := note.NewSigner(skey)
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	signed, err := note.Sign(&note.Note{Text: request.Text}, signers...)
	if err != nil {
		return nil, err
	}
	return &signResult{string(signed)}, nil
}

// -- trees --

// A storedTree keeps every hash of a tree in the order that tlog stores them.
type storedTree []tlog.Hash

func (stored storedTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		if index >= int64(len(stored)) {
			return nil, fmt.Errorf("hash %d is not stored yet", index)
		}
		hashes[place] = stored[index]
	}
	return hashes, nil
}

func (stored *storedTree) add(leaf int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(leaf, entry, *stored)
	*stored = append(*stored, hashes...)
	return err
}

type treeRequest struct {
	Entries [][]byte   `json:"entries"`
	Records [][2]int64 `json:"records"` // size and leaf of the inclusion proofs that are wanted
	Trees   [][2]int64 `json:"trees"`   // newer and older size of the consistency proofs that are wanted
}

type tileResult struct {
	Path string `json:"path"`
	Data []byte `json:"data"`
}

type treeResult struct {
	Roots   []tlog.Hash        `json:"roots"`  // of every size from 0
	Stored  []tlog.Hash        `json:"stored"` // leaves and full subtrees, as each leaf completes them
	Records []tlog.RecordProof `json:"records"`
	Trees   []tlog.TreeProof   `json:"trees"`
	Tiles   []tileResult       `json:"tiles"`
}

func growTree(request treeRequest) (*treeResult, error) {
	result := &treeResult{}
	tree := storedTree{}
	for size := int64(0); ; size++ {
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return nil, err
		}
		result.Roots = append(result.Roots, root)
		if size == int64(len(request.Entries)) {
			break
		}
		if err := tree.add(size, request.Entries[size]); err != nil {
			return nil, err
		}
	}
	result.Stored = tree
	for _, wanted := range request.Records {
		proof, err := tlog.ProveRecord(wanted[0], wanted[1], tree)
		if err != nil {
			return nil, err
		}
		result.Records = append(result.Records, proof)
	}
	for _, wanted := range request.Trees {
		proof, err := tlog.ProveTree(wanted[0], wanted[1], tree)
		if err != nil {
			return nil, err
		}
		result.Trees = append(result.Trees, proof)
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, int64(len(request.Entries))) {
		data, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return nil, err
		}
		result.Tiles = append(result.Tiles, tileResult{tilePath(tile), data})
	}
	return result, nil
}

// -- proofs --

type inclusionRequest []struct {
	Leaf  tlog.Hash        `json:"leaf"`
	Index int64            `json:"index"`
	Size  int64            `json:"size"`
	Root  tlog.Hash        `json:"root"`
	Path  tlog.RecordProof `json:"path"`
}

// judgeInclusion answers each proof with "" or why it does not hold.
func judgeInclusion(request inclusionRequest) ([]string, error) {
	verdicts := []string{}
	for _, one := range request {
		verdicts = append(verdicts, verdict(tlog.CheckRecord(one.Path, one.Size, one.Root, one.Index, one.Leaf)))
	}
	return verdicts, nil
}

type consistencyRequest []struct {
	OldSize int64          `json:"old_size"`
	NewSize int64          `json:"new_size"`
	OldRoot tlog.Hash      `json:"old_root"`
	NewRoot tlog.Hash      `json:"new_root"`
	Path    tlog.TreeProof `json:"path"`
}

func judgeConsistency(request consistencyRequest) ([]string, error) {
	verdicts := []string{}
	for _, one := range request {
		verdicts = append(verdicts, verdict(tlog.CheckTree(one.Path, one.NewSize, one.NewRoot, one.OldSize, one.OldRoot)))
	}
	return verdicts, nil
}

func verdict(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
