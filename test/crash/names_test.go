package crash

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryBoundaryIsCrashedAt reads the stores' own source: a boundary that
// they name and no test dies at is a promise nobody checks.
func TestEveryBoundaryIsCrashedAt(t *testing.T) {
	for _, dir := range []string{"../../bot/sqlite", "../../bot/postgres"} {
		named := namedBoundaries(t, dir)
		for _, boundary := range named {
			if !slices.Contains(boundaries, boundary) {
				t.Errorf("%s has the boundary %s, where no test crashes", dir, boundary)
			}
		}
		for _, boundary := range boundaries {
			if !slices.Contains(named, boundary) {
				t.Errorf("%s no longer has the boundary %s", dir, boundary)
			}
		}
	}
}

// namedBoundaries lists the crash points of a store. Its source names them
// whole, crash("commit:before"), or in two parts: crash(what + ":before"), in a
// function that is told what it writes. passes(point) calls the hook if there
// is one.
func namedBoundaries(t *testing.T, dir string) []string {
	t.Helper()
	source := readSource(t, dir)
	whats, moments, found := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, call := range source.calls {
		name := called(call)
		if name == "passes" {
			name = "crash"
		}
		for i, argument := range call.Args {
			text := source.text(argument)
			switch {
			case name == "crash" && strings.HasPrefix(text, ":"):
				moments[text] = true
			case name == "crash" && text != "":
				found[text] = true
			case name == "crash" && !named(argument, "point"):
				t.Errorf("%s: a crash point whose name cannot be read here", source.files.Position(call.Pos()))
			case text != "" && slices.Contains(source.what[name], i):
				whats[text] = true
			}
		}
	}
	for what := range whats {
		for moment := range moments {
			found[what+moment] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// source is what a package calls, its constant texts, and at which places its
// functions are told what they write.
type source struct {
	files     *token.FileSet
	calls     []*ast.CallExpr
	constants map[string]string
	what      map[string][]int
}

func readSource(t *testing.T, dir string) source {
	t.Helper()
	s := source{files: token.NewFileSet(), constants: map[string]string{}, what: map[string][]int{}}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(s.files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				s.calls = append(s.calls, n)
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) {
						s.constants[name.Name] = s.text(n.Values[i])
					}
				}
			case *ast.FuncDecl:
				s.what[n.Name.Name] = append(s.what[n.Name.Name], placesOf(n, "what")...)
			}
			return true
		})
	}
	return s
}

// placesOf tells which parameters of a function have that name.
func placesOf(f *ast.FuncDecl, parameter string) []int {
	var places []int
	place := 0
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			if name.Name == parameter {
				places = append(places, place)
			}
			place++
		}
	}
	return places
}

// named tells whether an expression is just that name.
func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// text reads a literal, a constant, or the literal that ends a sum.
func (s source) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return s.constants[e.Name]
	case *ast.BinaryExpr:
		return s.text(e.Y)
	}
	return ""
}
