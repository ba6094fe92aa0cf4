package live

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/userflow"
)

// Compile inherits, checks and compiles a chain of documents, base first. The program's hash comes from
// parts, the sources of the documents. If a file of the chain is damaged, Compile reports only the damage and
// returns no program.
func Compile(chain []*policy.Document, parts [][]byte, o program.Options) (*program.Program, diag.List) {
	var faults diag.List
	for _, d := range chain {
		faults = append(faults, d.Faults...)
	}
	if len(faults) > 0 {
		return nil, faults.Sort()
	}
	e, list := policy.Inherit(chain)
	list = append(list, policy.Check(e, o.Kinds.Names())...)
	o.Hash = hashOf(parts)
	p, more := program.Compile(e, o)
	for i := range more {
		more[i].PolicyID = e.Owner(more[i].Position.File)
	}
	return p, append(list, more...).Sort()
}

// recompile is Compile for formerly served documents. Later versions check more. A new finding of
// policy.Check doesn't change the program, so the finding is reported and the program is served. A fault of
// compiling leaves a part out of the program, so that the program may not run.
func recompile(chain []*policy.Document, parts [][]byte, o program.Options) (*program.Program, diag.List) {
	for _, d := range chain {
		if len(d.Faults) > 0 {
			return nil, d.Faults
		}
	}
	e, list := policy.Inherit(chain)
	if list.HasErrors() {
		return nil, list
	}
	o.Hash = hashOf(parts)
	p, more := program.Compile(e, o)
	if more.HasErrors() {
		return nil, more
	}
	return p, append(append(list, policy.Check(e, o.Kinds.Names())...), more...).Sort()
}

func hashOf(parts [][]byte) string {
	h := sha256.New()
	for _, part := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// identity checks that a file belongs to the tenant and declares the id of its address.
func identity(d *policy.Document, id string, o program.Options) diag.List {
	var c diag.Collector
	short, _, _ := strings.Cut(o.TenantName, ".")
	if t := d.TenantID.Value; !strings.EqualFold(t, o.TenantName) && !strings.EqualFold(t, o.TenantID) && !strings.EqualFold(t, short) {
		c.Report(diag.WrongTenant, d.TenantID.Pos, "write "+o.TenantName, "the policy is of tenant %q, but is uploaded to %q", t, o.TenantName)
	}
	if userflow.IsFlowID(d.PolicyID.Value) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "name it B2C_1A_…", "the policy's id %q is a user flow's", d.PolicyID.Value)
	}
	if id != "" && !strings.EqualFold(d.PolicyID.Value, policy.NormalID(id)) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "upload it under its own id", "the policy's id is %q, but it is uploaded as %q", d.PolicyID.Value, id)
	}
	return c.List()
}

// Named sets the policy id of diagnostics without one, to the id that their file declares.
func Named(list diag.List, docs []*policy.Document) diag.List {
	ids := make(map[string]string)
	for _, d := range docs {
		ids[d.File] = d.PolicyID.Value
	}
	for i := range list {
		if list[i].PolicyID == "" {
			list[i].PolicyID = ids[list[i].Position.File]
		}
	}
	return list
}
