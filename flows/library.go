package flows

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed builtin
var builtin embed.FS

// Builtin gives the files of the flows that come with the program.
func Builtin() fs.FS {
	sub, err := fs.Sub(builtin, "builtin")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Library is a set of flows that belong together, with the texts that belong
// to none of them. It is immutable.
type Library struct {
	Flows     map[string]*Flow
	Common    map[string]Texts // language → texts that belong to no flow
	Languages []string         // French first, then in alphabetical order
	Hash      string           // of everything in it, 16 bytes in hexadecimal

	files map[string]map[string][]byte // flow → what it consists of
}

// Files gives what a version of a flow consists of, its logic and its
// catalogues by file name: what to store, and to give to CompileOne later.
func (l *Library) Files(name string) map[string][]byte { return maps.Clone(l.files[name]) }

const (
	firstLanguage = "fr"
	commonTexts   = "common"
	maxFiles      = 400
)

// Load reads, checks and compiles a library: NAME.yaml for the logic of each
// flow, texts/LANGUAGE/NAME.yaml for its catalogues and texts/LANGUAGE/common.yaml
// for the texts that belong to no flow. samples are the values that texts may
// take, by name, beside the answers of the flow. It gives the library, or every
// fault of every file in order and no library.
func Load(fsys fs.FS, samples Samples) (*Library, []Fault) {
	l := newLoader()
	files, err := readFiles(fsys)
	if err != nil {
		l.faults.add(".", pos{}, "reading the flows: %s", err)
		return nil, l.faults.sorted()
	}
	l.read(files)
	lib := l.library(files)
	newChecker(l, samples).check()
	if len(l.faults.list) > 0 {
		return nil, l.faults.sorted()
	}
	for _, f := range lib.Flows {
		f.compile()
	}
	return lib, nil
}

// CompileOne compiles one published version of a flow from the files it
// consists of, see Library.Files. It asks for no more than what running it
// takes: a version that was good enough to be published stays good enough for
// whoever is in the middle of it.
func CompileOne(name string, files map[string][]byte) (*Flow, []Fault) {
	l := newLoader()
	l.read(files)
	f := l.flows[name]
	if f == nil && len(l.faults.list) == 0 {
		l.faults.add(name+".yaml", pos{}, "there is no flow %q in these files", name)
	}
	if f != nil {
		newChecker(l, nil).runnable(f)
	}
	if len(l.faults.list) > 0 {
		return nil, l.faults.sorted()
	}
	f.Hash = hashOf(files)
	f.compile()
	return f, nil
}

// readFiles reads the files that a library is made of. Anything else that lies
// beside them, such as a README, is left alone.
func readFiles(fsys fs.FS) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, pattern := range []string{"*.yaml", "*.yml", "texts/*/*.yaml", "texts/*/*.yml"} {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", pattern, err)
		}
		for _, name := range names {
			if len(out) == maxFiles {
				return nil, fmt.Errorf("more than %d files", maxFiles)
			}
			data, err := readFile(fsys, name)
			if err != nil {
				return nil, err
			}
			out[name] = data
		}
	}
	return out, nil
}

// readFile reads no more of a file than it takes to see that it is too large.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileSize+1))
}

// loader holds what was read of the files, faults included.
type loader struct {
	faults    faults
	flows     map[string]*Flow
	logic     map[string]*decoder            // by flow
	texts     map[string]map[string]*decoder // by language and flow
	catalogue map[string]map[string]Texts    // by language and flow
	languages []string
}

func newLoader() *loader {
	return &loader{
		flows: map[string]*Flow{}, logic: map[string]*decoder{},
		texts: map[string]map[string]*decoder{}, catalogue: map[string]map[string]Texts{},
	}
}

func (l *loader) read(files map[string][]byte) {
	for _, file := range slices.Sorted(maps.Keys(files)) {
		dir, base := path.Split(file)
		name, isYAML := strings.CutSuffix(base, ".yaml")
		switch {
		case !isYAML:
			l.faults.add(file, pos{}, "flows and texts are in files named .yaml")
		case !nameForm.MatchString(name):
			l.faults.add(file, pos{}, "the file is not named with %s", nameWords)
		case dir == "":
			d := open(file, files[file], &l.faults)
			l.logic[name] = d
			if f := d.readFlow(name); f != nil {
				l.flows[name] = f
			}
		default:
			l.readCatalogue(path.Base(dir), name, open(file, files[file], &l.faults))
		}
	}
	slices.SortFunc(l.languages, func(a, b string) int {
		if (a == firstLanguage) != (b == firstLanguage) {
			if a == firstLanguage {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for name, f := range l.flows {
		f.langs = l.languages
		for _, lang := range l.languages {
			f.Texts[lang] = l.catalogue[lang][name]
		}
	}
}

func (l *loader) readCatalogue(lang, name string, d *decoder) {
	if l.texts[lang] == nil {
		l.texts[lang], l.catalogue[lang] = map[string]*decoder{}, map[string]Texts{}
		l.languages = append(l.languages, lang)
	}
	l.texts[lang][name] = d
	l.catalogue[lang][name] = d.readTexts()
}

func (l *loader) library(files map[string][]byte) *Library {
	lib := &Library{
		Flows: l.flows, Common: map[string]Texts{}, Languages: l.languages,
		Hash: hashOf(files), files: map[string]map[string][]byte{},
	}
	for _, lang := range l.languages {
		lib.Common[lang] = l.catalogue[lang][commonTexts]
	}
	for name, f := range l.flows {
		own := map[string][]byte{name + ".yaml": files[name+".yaml"]}
		for _, lang := range l.languages {
			file := textsFile(lang, name)
			if data, ok := files[file]; ok {
				own[file] = data
			}
		}
		lib.files[name] = own
		f.Hash = hashOf(own)
	}
	return lib
}

func textsFile(lang, name string) string { return path.Join("texts", lang, name+".yaml") }

// hashOf names a set of files by what is in them.
func hashOf(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(name))))
		h.Write([]byte(name))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(files[name]))))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
