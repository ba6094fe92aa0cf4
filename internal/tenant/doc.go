// Package tenant says whom a database belongs to, and makes what every tenant has: its name
// and GUID, the application that extension attributes belong to, the keys of its tokens.
//
// Callers: server when it starts; user flows before they are stored; journeyman dev for its
// demo application.
//
// Reference: admin-surface §5.
package tenant
