// Package tenant identifies the owner of a database, and makes the required parts of every tenant: its name
// and GUID, the application for extension attributes, the keys of its tokens.
//
// Callers: server when it starts; user flows before they are stored; journeyman dev for its demo application.
//
// Reference: admin-surface §5.
package tenant
