package diag

// Code is the stable name of a kind of finding: JM followed by four digits. The first digit names the stage:
// 1 document and structure, 2 references and merge, 3 claims and transformations, 4 technical profiles, 5
// journeys, 6 relying party, 7 support level, 8 pages. Numbers are never reused.
type Code string

// Entry describes a code for people.
type Entry struct {
	Severity Severity
	Title    string // a few words
	Cause    string // the fault in the policy
	Cure     string // the correction
	// Refused is the evidence that B2C refuses the policy, too: a posted refusal, the published schema or the
	// documentation. Every error contains it; a fault without evidence is a warning.
	Refused string
	// Example is the smallest bad example: see [Example].
	Example Example
	// Several is set if one element may lack several parts, each reported separately. Other codes are
	// reported once for each place.
	Several bool
	// Unless is a more exact code: if a place has that code, this one isn't reported.
	Unless Code
}

// Entry returns the catalogue entry. It panics for an unknown code, which is a bug of ours.
func (c Code) Entry() Entry {
	e, ok := catalogue[c]
	if !ok {
		panic("diag: code without catalogue entry: " + string(c))
	}
	return e
}

// catalogue is filled once from the tables of the codes_*.go files, and then only read.
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
