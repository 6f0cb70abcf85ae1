package flows

import (
	"cmp"
	"fmt"
	"slices"
)

// Fault is one mistake in the files of a library, told to whoever writes them.
type Fault struct {
	File         string // slash-separated, from the top of the library
	Line, Column int    // from 1; columns count characters
	Message      string
}

// String writes the fault as compilers do, so that editors can jump to it.
func (f Fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// faults gathers what is wrong in several files.
type faults struct{ list []Fault }

func (f *faults) add(file string, at pos, format string, args ...any) {
	f.list = append(f.list, Fault{
		File: file, Line: max(at.line, 1), Column: max(at.column, 1),
		Message: fmt.Sprintf(format, args...),
	})
}

// sorted gives each fault once, in the order of the files.
func (f *faults) sorted() []Fault {
	slices.SortFunc(f.list, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(f.list)
}
