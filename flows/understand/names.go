package understand

// CommuneNames gives the names of the communes of the territory, in
// alphabetical order.
func CommuneNames() []string {
	places := communes().places
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = p.Name
	}
	return names
}
