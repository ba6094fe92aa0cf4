package userflow

// Tenant is what the flows of a tenant have in common.
type Tenant struct {
	Name          string // contoso.onmicrosoft.com
	ExtensionsApp string // app id without dashes
	Attributes    []Attribute
	Providers     []Provider
	Flows         []Flow
}
