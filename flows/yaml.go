package flows

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxFileSize = 256 << 10 // bytes
	maxNesting  = 32        // lists and mappings inside one another
)

// pos is a place in a file; lines and columns begin at 1.
type pos struct{ line, column int }

// node is what the rest of the package knows of YAML: scalars, lists and
// mappings with their places. Anchors, aliases, tags and several documents in
// one file are refused: nothing in a flow needs them.
type node struct {
	pos
	kind    nodeKind
	text    string // of a scalar, as written
	entries []entry
	items   []*node
}

type entry struct {
	pos
	key   string
	value *node
}

type nodeKind string

// The kinds read as they are told in messages.
const (
	isString  nodeKind = "a text"
	isNumber  nodeKind = "a number"
	isBool    nodeKind = "true or false"
	isNothing nodeKind = "nothing"
	isList    nodeKind = "a list"
	isMapping nodeKind = "a mapping"
)

// at gives the place of what a path leads to, keys for mappings and indexes
// for lists, or of the last thing on it that exists.
func (n *node) at(path ...any) pos {
	here := n.pos
	for _, step := range path {
		next := n.child(step)
		if next == nil {
			break
		}
		n, here = next, next.pos
	}
	return here
}

// keyAt is like at, for the key that the last step of the path names.
func (n *node) keyAt(key string, path ...any) pos {
	for _, step := range path {
		if n = n.child(step); n == nil {
			return pos{}
		}
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.pos
		}
	}
	return n.pos
}

func (n *node) child(step any) *node {
	switch step := step.(type) {
	case string:
		for _, e := range n.entries {
			if e.key == step {
				return e.value
			}
		}
	case int:
		if step < len(n.items) {
			return n.items[step]
		}
		if n.kind != isList && step == 0 {
			return n // a single value stands for a list of one
		}
	}
	return nil
}

// parseYAML reads one document. A file with nothing in it gives an empty
// mapping. Syntax ends at the first fault: what follows it cannot be trusted.
func parseYAML(data []byte) (root *node, at pos, err error) {
	if len(data) > maxFileSize {
		return nil, pos{}, fmt.Errorf("the file is larger than %d KiB", maxFileSize>>10)
	}
	if line, ok := firstBadLine(data); !ok {
		return nil, pos{line: line}, errors.New("this line is not UTF-8")
	}
	// The lexer and the parser see whatever somebody uploads.
	defer func() {
		if recover() != nil {
			root, at, err = nil, pos{}, errors.New("the file cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if at, err := refuse(tokens); err != nil {
		return nil, at, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok && syntax.Token != nil {
			return nil, posOf(syntax.Token), errors.New(syntax.Message)
		}
		return nil, pos{}, err
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return convert(doc.Body)
		}
	}
	return &node{kind: isMapping, pos: pos{1, 1}}, pos{}, nil
}

func firstBadLine(data []byte) (line int, ok bool) {
	line = 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 || r == 0 {
			return line, false
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return line, true
}

// refuse looks at the tokens before the parser does: aliases can make a small
// file enormous, and nesting costs stack.
func refuse(tokens token.Tokens) (pos, error) {
	depth, run := 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.AliasType, token.AnchorType, token.MergeKeyType:
			return posOf(t), errors.New("anchors and aliases are not used in flows: write it out")
		case token.TagType, token.DirectiveType:
			return posOf(t), errors.New("tags and directives are not used in flows")
		case token.DocumentHeaderType:
			if i > 0 {
				return posOf(t), errors.New("one file holds one document")
			}
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		run++
		if t.Type != token.SequenceEntryType && t.Type != token.MappingKeyType {
			run = 0
		}
		if depth > maxNesting || run > maxNesting {
			return posOf(t), fmt.Errorf("more than %d lists or mappings inside one another", maxNesting)
		}
	}
	return pos{}, nil
}

func posOf(t *token.Token) pos {
	if t == nil || t.Position == nil {
		return pos{}
	}
	return pos{t.Position.Line, t.Position.Column}
}

func convert(n ast.Node) (*node, pos, error) {
	out := &node{pos: posOf(n.GetToken()), text: n.GetToken().Value}
	switch n := n.(type) {
	case *ast.StringNode:
		out.kind, out.text = isString, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = isString, n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind = isNumber
	case *ast.BoolNode:
		out.kind = isBool
	case *ast.NullNode:
		out.kind = isNothing
	case *ast.SequenceNode:
		return convertList(out, n.Values)
	case *ast.MappingNode:
		return convertMapping(out, n.Values)
	case *ast.MappingValueNode:
		return convertMapping(out, []*ast.MappingValueNode{n})
	default:
		return nil, out.pos, errors.New("this form of YAML is not used in flows")
	}
	return out, pos{}, nil
}

func convertList(out *node, values []ast.Node) (*node, pos, error) {
	out.kind = isList
	for _, v := range values {
		item, at, err := convert(v)
		if err != nil {
			return nil, at, err
		}
		out.items = append(out.items, item)
	}
	return out, pos{}, nil
}

func convertMapping(out *node, values []*ast.MappingValueNode) (*node, pos, error) {
	out.kind = isMapping
	for i, v := range values {
		key := v.Key.GetToken()
		if _, complex := v.Key.(*ast.MappingKeyNode); complex {
			return nil, posOf(key), errors.New("keys are written \"key: value\"")
		}
		value, at, err := convert(v.Value)
		if err != nil {
			return nil, at, err
		}
		if i == 0 && key.Position.Line >= out.line {
			out.pos = posOf(key) // a mapping begins at its first key, not at the colon
		}
		out.entries = append(out.entries, entry{pos: posOf(key), key: key.Value, value: value})
	}
	return out, pos{}, nil
}
