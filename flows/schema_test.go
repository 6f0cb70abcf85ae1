package flows

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func readSchema(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return doc.(map[string]any)
}

func compileSchema(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource(file, readSchema(t, file)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valid tells whether a YAML file passes a schema, as an editor judges it.
func valid(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// Editors complete and refuse the very keys that the loader knows.
func TestSchemaKeys(t *testing.T) {
	logic, texts := readSchema(t, "flow.schema.json"), readSchema(t, "texts.schema.json")
	def := func(schema map[string]any, name string) map[string]any {
		return schema["$defs"].(map[string]any)[name].(map[string]any)
	}
	for _, c := range []struct {
		name   string
		schema map[string]any
		keys   []string
	}{
		{"flow", logic, flowKeys},
		{"state", def(logic, "state"), stateKeys},
		{"option", def(logic, "option"), optionKeys},
		{"edge", def(logic, "edge"), edgeKeys},
		{"test", def(logic, "test"), testKeys},
		{"silence", def(logic, "silence"), silenceKeys},
		{"action", def(logic, "action"), actionKeys},
		{"message", def(texts, "message"), textKeys},
		{"label", def(texts, "label"), labelKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			inSchema := slices.Sorted(maps.Keys(c.schema["properties"].(map[string]any)))
			if diff := cmp.Diff(slices.Sorted(slices.Values(c.keys)), inSchema); diff != "" {
				t.Errorf("keys of the loader (-) and of the schema (+):\n%s", diff)
			}
		})
	}
	kinds := def(logic, "state")["properties"].(map[string]any)["kind"].(map[string]any)["enum"]
	if got, want := sortedJSON(t, kinds), sortedJSON(t, questionKinds); got != want {
		t.Errorf("kinds: schema %s, loader %s", got, want)
	}
	deeds := def(logic, "action")["properties"].(map[string]any)["appointment"].(map[string]any)["enum"]
	if got, want := sortedJSON(t, deeds), sortedJSON(t, appointmentActions); got != want {
		t.Errorf("appointment actions: schema %s, loader %s", got, want)
	}
}

func sortedJSON(t *testing.T, list any) string {
	t.Helper()
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// What the schemas accept is what is in the repository.
func TestFilesPassTheSchemas(t *testing.T) {
	logic, texts := compileSchema(t, "flow.schema.json"), compileSchema(t, "texts.schema.json")
	for name, fsys := range map[string]fs.FS{"builtin": Builtin(), "testdata/small": os.DirFS("testdata/small")} {
		files, err := readFiles(fsys)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("%s holds no files", name)
		}
		for _, file := range slices.Sorted(maps.Keys(files)) {
			schema := logic
			if strings.HasPrefix(file, "texts/") {
				schema = texts
			}
			if err := valid(t, schema, files[file]); err != nil {
				t.Errorf("%s/%s: %v", name, file, err)
			}
		}
	}
}

// And what the loader refuses for its form, they refuse too.
func TestSchemaRefuses(t *testing.T) {
	logic, texts := compileSchema(t, "flow.schema.json"), compileSchema(t, "texts.schema.json")
	for name, data := range map[string]string{
		"no states":         "flow: a\n",
		"unknown key":       "flow: a\nstates: {b: {asks: c}}\n",
		"edge to nowhere":   "flow: a\nstates: {b: {next: [{if: {c: d}}]}}\n",
		"silence without":   "flow: a\nstates: {b: {silence: {say: c}}}\n",
		"two tests at once": "flow: a\nstates: {b: {next: [{if: {c: {known: true, more_than: 1}}, to: b}]}}\n",
		"unknown kind":      "flow: a\nstates: {b: {kind: guess}}\n",
		"name in capitals":  "flow: a\nstates: {B: {end: true}}\n",
	} {
		if valid(t, logic, []byte(data)) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, data := range map[string]string{
		"nothing by SMS": "a: {web: b}\n",
		"unknown key":    "a: {sms: b, mms: c}\n",
		"no label":       "a: {sms: b, options: {c: {}}}\n",
	} {
		if valid(t, texts, []byte(data)) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
