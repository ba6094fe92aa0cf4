package diag

// Code is the stable name of a kind of finding: JM followed by four digits.
// The first digit tells the stage: 1 document and structure, 2 references and
// merge, 3 claims and transformations, 4 technical profiles, 5 journeys,
// 6 relying party, 7 support level, 8 pages. Numbers are never reused.
type Code string

// Entry describes a code for people.
type Entry struct {
	Severity Severity
	Title    string // a few words
	Cause    string // what the author did
	Cure     string // what to do
	// Refused says what shows that B2C refuses it, too: a posted refusal, the published
	// schema, the documentation. Every error has it; where nothing shows that, there is a
	// warning.
	Refused string
	// Example is the smallest bad example: see [Example].
	Example Example
	// Several is set where one place may lack several things, each told by itself;
	// of other codes a place is told once.
	Several bool
	// Unless is a code that says more: where it is told, this one isn't.
	Unless Code
}

// Entry returns the catalogue entry; an unknown code is a bug of ours.
func (c Code) Entry() Entry {
	e, ok := catalogue[c]
	if !ok {
		panic("diag: code without catalogue entry: " + string(c))
	}
	return e
}

// catalogue is filled once from the tables of the codes_*.go files and read only.
var catalogue = gather(
	documentCodes, referenceCodes, claimCodes, profileCodes, restfulCodes,
	journeyCodes, relyingPartyCodes, supportCodes, pageCodes,
)

func gather(tables ...map[Code]Entry) map[Code]Entry {
	all := make(map[Code]Entry)
	for _, table := range tables {
		for code, entry := range table {
			if _, twice := all[code]; twice {
				panic("diag: code in two tables: " + string(code))
			}
			all[code] = entry
		}
	}
	return all
}
