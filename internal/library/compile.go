package library

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/userflow"
)

// compileChain inherits, checks and compiles. Of a chain with a damaged file only what
// damaged it is told, and there is no program.
func compileChain(chain []*policy.Document, parts [][]byte, o journey.Options) (*journey.Program, diag.List) {
	var faults diag.List
	for _, d := range chain {
		faults = append(faults, d.Faults...)
	}
	if len(faults) > 0 {
		return nil, faults.Sort()
	}
	e, list := policy.Inherit(chain)
	list = append(list, policy.Check(e)...)
	o.Hash = hashOf(parts)
	program, more := journey.Compile(e, o)
	for i := range more {
		more[i].PolicyID = e.Owner(more[i].Position.File)
	}
	return program, append(list, more...).Sort()
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

// PolicyID is the id that a custom policy is kept under: B2C adds the prefix that they
// have.
func PolicyID(id string) string {
	if len(id) >= 4 && strings.EqualFold(id[:4], "B2C_") {
		return id
	}
	return "B2C_1A_" + id
}

// identity checks that a file belongs to the tenant and is named as it is addressed.
func identity(d *policy.Document, id string, o journey.Options) diag.List {
	var c diag.Collector
	short, _, _ := strings.Cut(o.TenantName, ".")
	if t := d.TenantID.Value; !strings.EqualFold(t, o.TenantName) && !strings.EqualFold(t, o.TenantID) && !strings.EqualFold(t, short) {
		c.Report(diag.WrongTenant, d.TenantID.Pos, "write "+o.TenantName, "the policy is of tenant %q, but is uploaded to %q", t, o.TenantName)
	}
	if userflow.IsFlowID(d.PolicyID.Value) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "name it B2C_1A_…", "the policy's id %q is one that user flows have", d.PolicyID.Value)
	}
	if id != "" && !strings.EqualFold(PolicyID(d.PolicyID.Value), PolicyID(id)) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "upload it under its own id", "the policy's id is %q, but it is uploaded as %q", d.PolicyID.Value, id)
	}
	return c.List()
}
