package diag

// Codes JM40xx: metadata and keys of technical profiles.
const (
	MissingMetadata     Code = "JM4001"
	BadMetadata         Code = "JM4002"
	UnknownMetadata     Code = "JM4003"
	MissingProfileKey   Code = "JM4004"
	MissingKeySet       Code = "JM4005"
	NoOutputClaims      Code = "JM4006"
	MissingDirectoryKey Code = "JM4007"
	BadEndpoint         Code = "JM4008"
)

var profileCodes = map[Code]Entry{
	MissingMetadata:     {Error, "Missing metadata item", "A technical profile lacks a metadata item that its provider needs.", "Add the item to the profile, to one that it includes, or to a child policy's overlay."},
	BadMetadata:         {Error, "Invalid metadata value", "A metadata item has a value that its provider can't use.", "Write one of the legal values that the hint names."},
	UnknownMetadata:     {Warning, "Unknown metadata item", "A metadata item has a key that the profile's provider doesn't know, so it has no effect.", "Correct the key's spelling or remove the item."},
	MissingProfileKey:   {Error, "Missing cryptographic key", "A technical profile lacks a key in CryptographicKeys that its provider needs.", "Add the key with the id of a policy key set."},
	MissingKeySet:       {Warning, "Unknown policy key", "A technical profile refers to a policy key set that the tenant doesn't have yet.", "Create the key set in the tenant; users who come this way see an error until then."},
	NoOutputClaims:      {Error, "No output claims", "A claims-transformation technical profile has no OutputClaims.", "Add at least one OutputClaim."},
	MissingDirectoryKey: {Warning, "No key claim", "A directory technical profile has no input claim that finds a user, so it finds nobody.", "Add an InputClaim for objectId, a sign-in name or an alternative security id."},
	BadEndpoint:         {Error, "Invalid endpoint", "An endpoint of an identity provider is no absolute https address.", "Write the address that the provider documents."},
}
