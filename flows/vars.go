package flows

import "slices"

// Var is one assignment of a variable. A variable may hold several values
// (a multiple choice); none at all is a value too: it was emptied.
type Var struct {
	Name   string
	Values []string
}

// Vars is what a dialogue knows: a log of assignments, the last one of a name
// wins. Cutting the log undoes what was assigned since, which is all that
// going back one question takes.
type Vars []Var

// Get returns the values of name, and whether it was ever assigned.
func (v Vars) Get(name string) ([]string, bool) {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].Name == name {
			return v[i].Values, true
		}
	}
	return nil, false
}

// First returns the first value of name, or "".
func (v Vars) First(name string) string {
	values, _ := v.Get(name)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Set returns the log with name assigned. The log itself is never changed in
// place, so two dialogues may share a prefix.
func (v Vars) Set(name string, values ...string) Vars {
	return append(slices.Clip(v), Var{Name: name, Values: values})
}

// Apply returns the log with one change carried out.
func (v Vars) Apply(a Assign) Vars { return v.Set(a.Var, v.after(a)...) }

// after gives the values of a variable once it is changed.
func (v Vars) after(a Assign) []string {
	if len(a.Add) == 0 && len(a.Drop) == 0 {
		return a.Values
	}
	now, _ := v.Get(a.Var)
	left := slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(a.Drop, s) })
	for _, value := range a.Add {
		if !slices.Contains(left, value) {
			left = append(left, value)
		}
	}
	return left
}
