package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	samplesMax = 50
)

// exportReport counts what was held against the checkpoint and lists what does not hold.
type exportReport struct {
	Origin      string   `json:"origin"`
	Size        int64    `json:"size"`
	Root        string   `json:"root"`
	Entries     int64    `json:"entries"`
	Tiles       int      `json:"tiles"`
	Inclusion   int      `json:"inclusion"`
	Consistency int      `json:"consistency"`
	Checkpoints int      `json:"checkpoints"`
	OtherOrigin int      `json:"other_origin"` // checkpoints of another tree, which these entries cannot speak for
	ProofTexts  int      `json:"proof_texts"`
	Failures    []string `json:"failures"`
}

func (report *exportReport) add(what string, err error) {
	if err != nil {
		report.Failures = append(report.Failures, what+": "+err.Error())
	}
}

func judgeExport() (any, error) {
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	vkey := flags.String("vkey", "", "the verifier keys, a space between them; without it, those of the folder")
	if err := flags.Parse(os.Args[2:]); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		return nil, errors.New("export needs one folder")
	}
	folder := flags.Arg(0)
	if *vkey == "" {
		content, err := os.ReadFile(filepath.Join(folder, "vkey"))
		if err != nil {
			return nil, err
		}
		*vkey = string(content)
	}
	verifiers, err := verifiersOf(strings.Fields(*vkey))
	if err != nil {
		return nil, fmt.Errorf("vkey: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return nil, err
	}
	report := &exportReport{Failures: []string{}}
	origin, tree, err := openCheckpoint(content, verifiers)
	if err != nil {
		report.add("checkpoint", err)
		return report, nil
	}
	report.Origin, report.Size, report.Root = origin, tree.N, tree.Hash.String()
	stored, err := report.readEntries(filepath.Join(folder, "entries.jsonl"), tree)
	if err != nil {
		report.add("entries", err)
		return report, nil
	}
	report.judgeTiles(folder, tree, stored)
	report.judgeSamples(tree, stored, tlog.TileHashReader(tree, &tileFolder{folder}))
	report.judgeOlder(filepath.Join(folder, "checkpoints"), tree, stored, verifiers)
	return report, nil
}

// -- entries --

type exportedEntry struct {
	Leaf    *int64  `json:"leaf"`
	Stream  *string `json:"stream"`
	Version *int64  `json:"version"`
	Topic   *string `json:"topic"`
	State   *string `json:"state"`
}

// readEntries recomputes the whole tree from the lines of the entries.
func (report *exportReport) readEntries(path string, tree tlog.Tree) (storedTree, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stored := storedTree{}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("after leaf %d: %w", report.Entries, err)
		}
		if err := stored.addLine(report.Entries, line); err != nil {
			return nil, fmt.Errorf("leaf %d: %w", report.Entries, err)
		}
		report.Entries++
	}
	if report.Entries != tree.N {
		return nil, fmt.Errorf("%d lines for a tree of %d leaves", report.Entries, tree.N)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("their root is %v, the checkpoint's is %v", root, tree.Hash)
	}
	return stored, err
}

func (stored *storedTree) addLine(leaf int64, line []byte) error {
	var entry exportedEntry
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entry); err != nil {
		return err
	}
	if entry.Leaf == nil || entry.Stream == nil || entry.Version == nil || entry.Topic == nil || entry.State == nil {
		return errors.New("a key is missing")
	}
	if *entry.Leaf != leaf {
		return fmt.Errorf("the line says leaf %d", *entry.Leaf)
	}
	header := fmt.Sprintf("lemtrada-ledger/event/v1\n%s\n%d\n%s\n\n", *entry.Stream, *entry.Version, *entry.Topic)
	return stored.add(leaf, []byte(header+*entry.State))
}

// -- tiles --

// tilePath is the tile's path in C2SP tlog-tiles, where the height is always 8 and left out.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

// judgeTiles holds every tile against the entries, and finds those that are missing or too many.
func (report *exportReport) judgeTiles(folder string, tree tlog.Tree, stored storedTree) {
	expected := map[string]bool{}
	for _, tile := range tlog.NewTiles(tileHeight, 0, tree.N) {
		path := tilePath(tile)
		expected[path] = true
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err == nil {
			var data []byte
			if data, err = tlog.ReadTileData(tile, stored); err == nil && !bytes.Equal(content, data) {
				err = errors.New("its hashes are not those of the entries")
			}
		}
		report.add(path, err)
		report.Tiles++
	}
	walk := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err == nil && !expected[filepath.ToSlash(relative)] {
			err = errors.New("no tile of this tree")
		}
		report.add(relative, err)
		return nil
	}
	err := filepath.WalkDir(filepath.Join(folder, "tile"), walk)
	if tree.N > 0 || !errors.Is(err, fs.ErrNotExist) {
		report.add("tile", err)
	}
}

// tileFolder lets tlog read the tree from the exported tiles, which it checks against the root by itself.
type tileFolder struct{ folder string }

func (tiles *tileFolder) Height() int { return tileHeight }

func (tiles *tileFolder) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	contents := [][]byte{}
	for _, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(tiles.folder, filepath.FromSlash(tilePath(tile))))
		if err != nil {
			return nil, err
		}
		if len(content) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", tilePath(tile), len(content))
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (tiles *tileFolder) SaveTiles([]tlog.Tile, [][]byte) {}

// -- proofs --

// judgeSamples proves leaves and older trees from the tiles alone, and holds the proofs against the entries.
func (report *exportReport) judgeSamples(tree tlog.Tree, stored storedTree, tiles tlog.HashReader) {
	for _, leaf := range samples(tree.N) {
		proof, err := tlog.ProveRecord(tree.N, leaf, tiles)
		if err == nil {
			hash := stored[tlog.StoredHashIndex(0, leaf)]
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, leaf, hash)
		}
		report.add(fmt.Sprintf("inclusion of leaf %d", leaf), err)
		report.Inclusion++
		older := leaf + 1
		trees, err := tlog.ProveTree(tree.N, older, tiles)
		if err == nil {
			var root tlog.Hash
			if root, err = tlog.TreeHash(older, stored); err == nil {
				err = tlog.CheckTree(trees, tree.N, tree.Hash, older, root)
			}
		}
		report.add(fmt.Sprintf("consistency with %d leaves", older), err)
		report.Consistency++
	}
}

// samples are leaves spread over a tree, the first and the last among them.
func samples(size int64) []int64 {
	leaves := []int64{}
	count := min(size, samplesMax)
	for number := int64(0); number < count; number++ {
		leaves = append(leaves, number*(size-1)/max(count-1, 1))
	}
	return leaves
}

// judgeOlder holds every earlier checkpoint, and every consistency proof beside it, against the entries.
// A file N or N.note is a checkpoint, and N.consistency the proof that a newer one only adds to it.
func (report *exportReport) judgeOlder(folder string, tree tlog.Tree, stored storedTree, verifiers note.Verifiers) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	report.add("checkpoints", err)
	for _, path := range files {
		if filepath.Ext(path) == ".consistency" {
			continue
		}
		name := "checkpoints/" + filepath.Base(path)
		content, err := os.ReadFile(path)
		if err != nil {
			report.add(name, err)
			continue
		}
		if !bytes.HasPrefix(content, []byte(report.Origin+"\n")) {
			report.OtherOrigin++
			continue
		}
		_, older, err := openCheckpoint(content, verifiers)
		if err == nil {
			err = report.judgeOneOlder(older, tree, stored)
		}
		report.add(name, err)
		report.Checkpoints++
		proof, missing := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".consistency")
		if missing == nil && err == nil {
			report.add(name+", its proof", judgeTreeText(proof, older, verifiers))
			report.ProofTexts++
		}
	}
}

func (report *exportReport) judgeOneOlder(older, tree tlog.Tree, stored storedTree) error {
	if older.N > tree.N {
		return fmt.Errorf("it has %d leaves, the newest checkpoint %d", older.N, tree.N)
	}
	root, err := tlog.TreeHash(older.N, stored)
	if err == nil && root != older.Hash {
		err = fmt.Errorf("the entries have another root at %d leaves", older.N)
	}
	return err
}
