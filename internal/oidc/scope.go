package oidc

import (
	"context"
	"slices"
	"strings"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/journey"
)

// protocolScopes ask for no API.
var protocolScopes = []string{"openid", "offline_access", "profile", "email"}

// checkScope reads the scopes (protocol §3.4) into a. profile and email have no effect
// and don't fail. Of several scopes of an API, those that the client wasn't granted are
// left out; it fails if that leaves none.
func (s *Server) checkScope(ctx context.Context, a *authorization, client application.Application, text string) *failure {
	asked := strings.Fields(text)
	if len(asked) == 0 {
		return &failure{journey.CodeNoScope, "invalid_request", "The request does not contain a scope parameter."}
	}
	openid, denied := false, false
	a.Scopes, a.Resource = nil, ""
	for _, scope := range asked {
		if strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' }) {
			return &failure{journey.CodeBadScope, "invalid_request", "The request contains an invalid scope parameter: it has an illegal character."}
		}
		if slices.Contains(protocolScopes, scope) {
			openid = openid || scope == "openid"
			a.Scopes = append(a.Scopes, scope)
			continue
		}
		resource, granted, fail := s.apiScopes(ctx, client, scope)
		switch {
		case fail != nil:
			return fail
		case a.Resource != "" && a.Resource != resource:
			return &failure{journey.CodeSeveralResources, "invalid_request", "The scope provided in the request specifies more than one resource for an access token, which is not supported."}
		}
		a.Resource = resource
		denied = denied || len(granted) == 0
		for _, g := range granted {
			if !slices.Contains(a.Scopes, g) {
				a.Scopes = append(a.Scopes, g)
			}
		}
	}
	switch {
	case denied && !slices.ContainsFunc(a.Scopes, func(scope string) bool { return !slices.Contains(protocolScopes, scope) }):
		return notPermitted()
	case a.ResponseType.IDToken && !openid:
		return &failure{journey.CodeScopeWithoutOpenID, "invalid_request", "The scope parameter must include 'openid' when requesting a response_type of 'id_token'."}
	case a.ResponseType.Code && !openid && a.Resource == "":
		return &failure{journey.CodeScopeForCode, "invalid_request", "When requesting the 'code' response_type, the scope parameter must include a resource or client id for access tokens, or 'openid' for id tokens."}
	case a.ResponseType.Token && a.Resource == "":
		return &failure{journey.CodeNoResource, "invalid_request", "The scope provided in the request must specify a resource."}
	}
	return nil
}

func notPermitted() *failure {
	return &failure{journey.CodePermissions, "invalid_request", "This application does not have sufficient permissions against this web resource to perform the operation."}
}

// apiScopes finds the API of a scope and what of the scope the client was granted: itself,
// with /.default every granted scope of the API, or nothing. The client's own id is a
// scope of its own, without permissions.
func (s *Server) apiScopes(ctx context.Context, client application.Application, scope string) (resource string, granted []string, fail *failure) {
	if strings.EqualFold(scope, client.AppID) {
		return client.AppID, []string{scope}, nil
	}
	api, prefix, name, fail := s.api(ctx, scope)
	if fail != nil {
		return "", nil, fail
	}
	for _, value := range client.GrantedScopes(&api) {
		if name == defaultScope || strings.EqualFold(name, value) {
			granted = append(granted, prefix+"/"+value)
		}
	}
	return api.AppID, granted, nil
}

// defaultScope stands for all that was granted.
const defaultScope = ".default"

// api finds the API that a scope names by its App ID URI.
func (s *Server) api(ctx context.Context, scope string) (api application.Application, prefix, name string, fail *failure) {
	unknown := &failure{journey.CodeUnknownScope, "invalid_request", "The scope '" + scope + "' provided in the request is not supported."}
	i := strings.LastIndexByte(scope, '/')
	if i <= 0 || i == len(scope)-1 {
		return api, "", "", unknown
	}
	prefix, name = strings.TrimSuffix(scope[:i], "/"), scope[i+1:]
	list, err := s.Applications.List(ctx)
	if err != nil {
		s.Log.ErrorContext(ctx, "applications can't be read", "err", err)
		return api, "", "", &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}
	}
	for _, candidate := range list {
		if candidate.Enabled() && candidate.Identifies(prefix) {
			return candidate, prefix, name, nil
		}
	}
	return api, "", "", unknown
}

// permissions is the scp of an access token: the short names of its API's scopes, or the
// roles of an application that acts for itself.
func (g *grant) permissions() string {
	names := slices.Clone(g.Roles)
	for _, scope := range g.Scopes {
		if slices.Contains(protocolScopes, scope) || strings.EqualFold(scope, g.ClientID) {
			continue
		}
		names = append(names, scope[strings.LastIndexByte(scope, '/')+1:])
	}
	return strings.Join(names, " ")
}
