package flows

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected lines of testdata")

// withCommon adds the texts that belong to no flow, one letter each, where a
// test has none of its own.
func withCommon(files map[string][]byte) fs.FS {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
		dir := filepath.ToSlash(filepath.Dir(name))
		if common := dir + "/common.yaml"; strings.HasPrefix(name, "texts/") && files[common] == nil {
			fsys[common] = &fstest.MapFile{Data: []byte(strings.Join(CommonKeys, ": x\n") + ": x\n")}
		}
	}
	return fsys
}

func small(t testing.TB) *Library {
	t.Helper()
	files, err := readFiles(os.DirFS("testdata/small"))
	if err != nil {
		t.Fatal(err)
	}
	lib, faults := Load(withCommon(files), DefaultSamples())
	if lib == nil {
		t.Fatalf("testdata/small has faults: %v", faults)
	}
	return lib
}

// Each file of testdata/check holds the files of a library, and under "want"
// what the checker says of them. go test -update rewrites that part.
func TestCheck(t *testing.T) {
	archives, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives to check: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files, want := map[string][]byte{}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
				} else {
					files[f.Name] = f.Data
				}
			}
			lib, faults := Load(withCommon(files), DefaultSamples())
			if (lib == nil) != (len(faults) > 0) {
				t.Errorf("library %v with %d faults", lib != nil, len(faults))
			}
			var got strings.Builder
			for _, f := range faults {
				got.WriteString(f.String() + "\n")
			}
			if *update {
				last := len(archive.Files) - 1
				archive.Files[last].Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuiltin(t *testing.T) {
	lib, faults := Load(Builtin(), DefaultSamples())
	for _, f := range faults {
		t.Error(f)
	}
	if lib == nil {
		t.FailNow()
	}
	if !slices.Equal(lib.Languages[:2], []string{"fr", "en"}) {
		t.Errorf("languages %v, want French first, then English", lib.Languages)
	}
	for name, f := range lib.Flows {
		again, faults := CompileOne(name, lib.Files(name))
		if again == nil {
			t.Errorf("%s cannot be compiled from its own files: %v", name, faults)
			continue
		}
		if again.Hash != f.Hash || len(f.Hash) != 32 {
			t.Errorf("%s: hash %q, compiled again %q", name, f.Hash, again.Hash)
		}
	}
}

// The hash names what is said and what leads where, and nothing else.
func TestHash(t *testing.T) {
	files, err := readFiles(os.DirFS("testdata/small"))
	if err != nil {
		t.Fatal(err)
	}
	before := small(t)
	changed := maps.Clone(files)
	changed["texts/en/visit.yaml"] = append(slices.Clone(changed["texts/en/visit.yaml"]), "# a comment\n"...)
	after, faults := Load(withCommon(changed), DefaultSamples())
	if after == nil {
		t.Fatal(faults)
	}
	if before.Flows["visit"].Hash == after.Flows["visit"].Hash {
		t.Error("the hash of visit does not change with its English texts")
	}
	if before.Flows["other"].Hash != after.Flows["other"].Hash {
		t.Error("the hash of other changes with the texts of visit")
	}
	if before.Hash == after.Hash {
		t.Error("the hash of the library does not change with a flow")
	}
	if before.Hash != small(t).Hash {
		t.Error("the same files give two hashes")
	}
}

func TestCompileOneAsksForLess(t *testing.T) {
	const logic = "flow: a\nstates:\n  q: {ask: q, kind: yes_no, next: %s}\n  end: {end: true}\n"
	texts := []byte("q: \"" + strings.Repeat("Très long. ", 40) + "\"\n")
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  []string
	}{
		{"too dear and a text too many is still runnable", map[string][]byte{
			"a.yaml": []byte(strings.Replace(logic, "%s", "end", 1)), "texts/fr/a.yaml": append(texts, "more: x\n"...),
		}, nil},
		{"an unknown target is not", map[string][]byte{
			"a.yaml": []byte(strings.Replace(logic, "%s", "edn", 1)), "texts/fr/a.yaml": texts,
		}, []string{`a.yaml:3:35: there is no state "edn"; did you mean "end"?`}},
		{"nor a flow without texts", map[string][]byte{
			"a.yaml": []byte(strings.Replace(logic, "%s", "end", 1)),
		}, []string{`a.yaml:1:1: the flow has no texts in any language`}},
		{"nor nothing at all", nil, []string{`a.yaml:1:1: there is no flow "a" in these files`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flow, faults := CompileOne("a", c.files)
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" || (flow == nil) != (len(c.want) > 0) {
				t.Errorf("flow %v, faults (-want +got):\n%s", flow != nil, diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString("flow: a\nstates:\n")
	for i := range maxStates + 1 {
		many.WriteString("  s" + strings.Repeat("i", i%50) + string(rune('a'+i/50)) + ": {end: true}\n")
	}
	for name, c := range map[string]struct{ file, data, want string }{
		"large file":     {"a.yaml", "flow: a\n#" + strings.Repeat("x", maxFileSize), "larger than 256 KiB"},
		"many states":    {"a.yaml", many.String(), "500 states at most"},
		"long text":      {"texts/fr/a.yaml", "a: \"" + strings.Repeat("é", maxText+1) + "\"\n", "1600 characters at most, this one 1601"},
		"not UTF-8":      {"a.yaml", "flow: a\nstates: \xff\n", "a.yaml:2:1: this line is not UTF-8"},
		"many options":   {"a.yaml", "flow: a\nstates: {b: {options: [" + strings.Repeat("{value: c},", maxOptions+1) + "]}}\n", "40 options at most"},
		"deep nesting":   {"a.yaml", "flow: " + strings.Repeat("[", 100000), "more than 32 lists or mappings"},
		"many words":     {"texts/fr/a.yaml", "a: {sms: x, options: {b: {words: [" + strings.Repeat("c,", maxWords+1) + "]}}}\n", "400 words at most"},
		"dashes":         {"a.yaml", "flow: \n  " + strings.Repeat("- ", 100000), "more than 32 lists or mappings"},
		"question marks": {"a.yaml", strings.Repeat("? ", 100000), "more than 32 lists or mappings"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := Load(fstest.MapFS{c.file: {Data: []byte(c.data)}}, nil)
			if !slices.ContainsFunc(faults, func(f Fault) bool { return strings.Contains(f.String(), c.want) }) {
				t.Errorf("faults %v, want one with %q", faults[:min(3, len(faults))], c.want)
			}
		})
	}
}

// Every text that the product says is there, in every language, and no other.
func TestCommonTexts(t *testing.T) {
	files, err := readFiles(os.DirFS("testdata/small"))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(CommonKeys, ": x\n") + ": x\n"
	for _, c := range []struct{ name, common, want string }{
		{"a text is missing", strings.Replace(all, "nir_masked: x\n", "", 1), `texts/en/common.yaml:1:1: the text "nir_masked" is missing`},
		{"a text too many", all + "extra: x\n", `the assistant never says the text "extra"`},
		{"an unknown name", strings.Replace(all, "stop: x\n", "stop: \"{servise}\"\n", 1), `unknown name {servise} in the text "stop"; did you mean "service"?`},
		{"too dear", strings.Replace(all, "stop: x\n", "stop: \""+strings.Repeat("x", 161)+"\"\n", 1), `the text "stop" costs 2 segments by SMS (161 units of GSM-7), 1 declared`},
		{"no file", "", `texts/en/common.yaml:1:1: there is no such file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			mine := maps.Clone(files)
			mine["texts/en/common.yaml"] = []byte(c.common)
			fsys := withCommon(mine).(fstest.MapFS)
			if c.common == "" {
				delete(fsys, "texts/en/common.yaml")
			}
			_, faults := Load(fsys, DefaultSamples())
			if len(faults) != 1 || !strings.Contains(faults[0].String(), c.want) {
				t.Errorf("faults %v, want one: %s", faults, c.want)
			}
		})
	}
}
