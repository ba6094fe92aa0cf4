package msgraph

import "strings"

// GraphAppID is Microsoft Graph's own application id, which registrations name.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// Permission returns the permission of an id, as a registration declares it; false if
// the admin API has no such permission.
func Permission(id string) (name string, ok bool) {
	name, ok = permissions[strings.ToLower(id)]
	return name, ok
}

// permissions are the ids of Graph's application roles (admin-surface §1.2).
var permissions = map[string]string{
	"246dd0d5-5bd0-4def-940b-0421030a5b68": "Policy.Read.All",
	"79a677f7-b79d-40d0-a36a-3e6f8688dd7a": "Policy.ReadWrite.TrustFramework",
	"fff194f1-7dce-4428-8301-1badb5518201": "TrustFrameworkKeySet.Read.All",
	"4a771c9a-1cf2-4609-b88e-3d3e02d539cd": "TrustFrameworkKeySet.ReadWrite.All",
	"1b0c317f-dd31-4305-9932-259a8b6e8099": "IdentityUserFlow.Read.All",
	"65319a09-a2be-469d-8782-f6b07debf789": "IdentityUserFlow.ReadWrite.All",
	"b86848a7-d5b1-41eb-a9b4-54a4e6306e97": "APIConnectors.Read.All",
	"1dfe531a-24a6-4f1b-80f4-7a0dc5a0a171": "APIConnectors.ReadWrite.All",
	"e321f0bb-e7f7-481e-bb28-e3b0b32d4bd0": "IdentityProvider.Read.All",
	"90db2b9a-d928-4d33-a4dd-8442ae3d41e4": "IdentityProvider.ReadWrite.All",
	"b0afded3-3588-46d8-8b3d-9842eff778da": "AuditLog.Read.All",
	"741f803b-c850-494e-b5df-cde7c675a1ca": "User.ReadWrite.All",
	"df021288-bdef-4463-88db-98f22de89214": "User.Read.All",
	"eccc023d-eccf-4e7b-9683-8813ab36cecc": "User.DeleteRestore.All",
	"9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
	"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9": "Application.ReadWrite.All",
	"7ab1d382-f21e-4acd-a863-ba3e13f7da61": "Directory.Read.All",
	"19dbc75e-c2e2-444c-a770-ec69d8559fc7": "Directory.ReadWrite.All",
}
