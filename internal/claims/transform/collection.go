package transform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
)

// Reference: claims-and-transformations §2.8.
var collectionMethods = map[string]method{
	"AddItemToStringCollection": {
		in: "item:string collection:stringCollection", out: "collection:stringCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				item, ok := c.text("item")
				return addItem(c, item, ok)
			}
		},
	},
	"AddParameterToStringCollection": {
		in: "collection:stringCollection", par: "item:text", out: "collection:stringCollection",
		plan: func(p *plan) step {
			item := p.text("item")
			return func(_ context.Context, c *call) error { return addItem(c, item, true) }
		},
	},
	"GetSingleItemFromStringCollection": {
		in: "collection:stringCollection", out: "extractedItem:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				items := c.get("collection").Items()
				if len(items) == 0 {
					return c.set("extractedItem", claims.Value{})
				}
				return c.set("extractedItem", claims.Text(items[0]))
			}
		},
	},
	"StringCollectionContains": {
		in: "inputClaim:stringCollection", par: "item:text ignoreCase:bool=false", out: "outputClaim:boolean",
		plan: func(p *plan) step {
			item, fold := p.text("item"), p.bool("ignoreCase")
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(containsItem(c.get("inputClaim").Items(), item, fold)))
			}
		},
	},
	"StringCollectionContainsClaim": {
		in: "collection:stringCollection item:string", par: "ignoreCase:bool=false", out: "outputClaim:boolean",
		plan: func(p *plan) step {
			fold := p.bool("ignoreCase")
			return func(_ context.Context, c *call) error {
				item, ok := c.text("item")
				return c.set("outputClaim", claims.Bool(ok && containsItem(c.get("collection").Items(), item, fold)))
			}
		},
	},
}

// addItem appends an item unless the collection contains it. No item leaves the collection unchanged: starter
// packs call it for users without e-mail address.
func addItem(c *call, item string, ok bool) error {
	collection := c.get("collection")
	if !ok {
		return c.set("collection", collection)
	}
	items := collection.Items()
	if !slices.Contains(items, item) {
		items = append(items, item)
	}
	return c.set("collection", claims.Collection(items...))
}

func containsItem(items []string, item string, fold bool) bool {
	return slices.ContainsFunc(items, func(have string) bool { return equalText(have, item, fold) })
}

// Reference: claims-and-transformations §2.9, §2.10.
var identityMethods = map[string]method{
	"CreateAlternativeSecurityId": {
		in: "key:string identityProvider:string", out: "alternativeSecurityId:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				key, ok1 := c.text("key")
				issuer, ok2 := c.text("identityProvider")
				if !ok1 || !ok2 {
					return c.set("alternativeSecurityId", claims.Value{})
				}
				text, err := FormatAlternativeSecurityID(claims.Identity{Issuer: issuer, IssuerUserID: key})
				if err != nil {
					return err
				}
				return c.set("alternativeSecurityId", claims.Text(text))
			}
		},
	},
	"AddItemToAlternativeSecurityIdCollection": {
		in: "item:string collection:alternativeSecurityIdCollection", out: "collection:alternativeSecurityIdCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("item")
				if !ok {
					return c.set("collection", c.get("collection"))
				}
				id, err := ParseAlternativeSecurityID(text)
				if err != nil {
					return err
				}
				return addIdentity(c, claims.AlternativeSecurityIDCollection, id)
			}
		},
	},
	"GetIdentityProvidersFromAlternativeSecurityIdCollectionTransformation": {
		in: "alternativeSecurityIdCollection:alternativeSecurityIdCollection", out: "identityProvidersCollection:stringCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("identityProvidersCollection", issuers(c.get("alternativeSecurityIdCollection")))
			}
		},
	},
	"RemoveAlternativeSecurityIdByIdentityProvider": {
		in: "identityProvider:string collection:alternativeSecurityIdCollection", out: "collection:alternativeSecurityIdCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return removeIssuer(c, "identityProvider") }
		},
	},
	"CreateUserIdentity": {
		in: "issuerUserId:string issuer:string", out: "userIdentity:userIdentity",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				user, ok1 := c.text("issuerUserId")
				issuer, ok2 := c.text("issuer")
				if !ok1 || !ok2 {
					return c.set("userIdentity", claims.Value{})
				}
				return c.set("userIdentity", claims.UserIdentityOf(claims.Identity{Issuer: issuer, IssuerUserID: user}))
			}
		},
	},
	"AddItemToUserIdentityCollection": {
		in: "item:userIdentity collection:userIdentityCollection", out: "collection:userIdentityCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				ids := c.get("item").IdentityItems()
				if len(ids) == 0 {
					return c.set("collection", c.get("collection"))
				}
				return addIdentity(c, claims.UserIdentityCollection, ids[0])
			}
		},
	},
	"RemoveUserIdentityFromCollectionByIssuer": {
		in: "issuer:string collection:userIdentityCollection", out: "collection:userIdentityCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return removeIssuer(c, "issuer") }
		},
	},
	"GetIssuersFromUserIdentityCollectionTransformation": {
		in: "userIdentityCollection:userIdentityCollection", out: "issuersCollection:stringCollection",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("issuersCollection", issuers(c.get("userIdentityCollection")))
			}
		},
	},
}

// ParseAlternativeSecurityID reads either JSON form of an alternative security id: {"issuer","issuerUserId"}
// or {"type":6,"identityProvider","key"}, with the id in base64 (claims-and-transformations §2.9).
func ParseAlternativeSecurityID(text string) (claims.Identity, error) {
	var item struct {
		Issuer   string `json:"issuer"`
		UserID   string `json:"issuerUserId"`
		Provider string `json:"identityProvider"`
		Key      string `json:"key"`
	}
	if err := json.Unmarshal([]byte(text), &item); err != nil {
		return claims.Identity{}, fmt.Errorf("%w: alternative security id is not JSON", ErrInput)
	}
	issuer, id := item.Issuer, item.UserID
	if issuer == "" {
		issuer, id = item.Provider, item.Key
	}
	plain, err := base64.StdEncoding.DecodeString(id)
	if err != nil || issuer == "" || len(plain) == 0 {
		return claims.Identity{}, fmt.Errorf("%w: alternative security id is incomplete", ErrInput)
	}
	return claims.Identity{Issuer: issuer, IssuerUserID: string(plain)}, nil
}

// FormatAlternativeSecurityID writes the first form of ParseAlternativeSecurityID.
func FormatAlternativeSecurityID(id claims.Identity) (string, error) {
	return encodeJSON(claims.Identity{Issuer: id.Issuer, IssuerUserID: base64.StdEncoding.EncodeToString([]byte(id.IssuerUserID))})
}

func addIdentity(c *call, t claims.DataType, id claims.Identity) error {
	ids := c.get("collection").IdentityItems()
	if !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	return c.set("collection", claims.Identities(t, ids...))
}

func removeIssuer(c *call, role string) error {
	collection := c.get("collection")
	issuer, ok := c.text(role)
	if !ok || !collection.Exists() {
		return c.set("collection", collection)
	}
	ids := slices.DeleteFunc(collection.IdentityItems(), func(id claims.Identity) bool { return strings.EqualFold(id.Issuer, issuer) })
	return c.set("collection", claims.Identities(collection.Type(), ids...))
}

func issuers(v claims.Value) claims.Value {
	if !v.Exists() {
		return claims.Value{}
	}
	var list []string
	for _, id := range v.IdentityItems() {
		if !slices.Contains(list, id.Issuer) {
			list = append(list, id.Issuer)
		}
	}
	return claims.Collection(list...)
}
