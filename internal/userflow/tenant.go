package userflow

// Tenant is the shared part of a tenant's flows.
type Tenant struct {
	Name          string // contoso.onmicrosoft.com
	ExtensionsApp string // app id without dashes
	Attributes    []Attribute
	Providers     []Provider
	Flows         []Flow
}
