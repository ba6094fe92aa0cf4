// A real client: MSAL for Node with its documented B2C configuration. It signs in
// (filling the page's form as a browser would), reads the enriched claim, refreshes
// silently, and handles the forgotten password. The settings come as JSON in the first
// argument; the findings go to standard output as JSON.
import * as msal from '@azure/msal-node';

const settings = JSON.parse(process.argv[2]);
const redirectUri = settings.redirectUri;
const authority = `${settings.base}/${settings.tenant}/${settings.policy}`;

const client = new msal.ConfidentialClientApplication({
  auth: { clientId: settings.clientId, clientSecret: settings.secret, authority, knownAuthorities: [new URL(settings.base).host] },
});
const scopes = ['openid', 'offline_access', settings.clientId];

// browser keeps cookies and follows nothing by itself.
function browser() {
  const jar = new Map();
  return async (url, options = {}) => {
    const headers = { ...options.headers, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') };
    const res = await fetch(url, { redirect: 'manual', ...options, headers });
    for (const line of res.headers.getSetCookie()) {
      const [pair] = line.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return res;
  };
}

// page opens the sign-in page; it knows how to address its own requests.
async function page(go, url) {
  const html = await (await go(url)).text();
  const s = JSON.parse(/SETTINGS = (\{.*\});/.exec(html)[1]);
  const query = `tx=${encodeURIComponent(s.transId)}&p=${s.hosts.policy}`;
  const csrf = `csrf_token=${encodeURIComponent(s.csrf)}`;
  return {
    post: async (fields) => (await go(`${settings.base}${s.hosts.tenant}/SelfAsserted?${query}`, {
      method: 'POST', headers: { 'X-CSRF-TOKEN': s.csrf, 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields),
    })).json(),
    follow: async (path) => new URL((await go(`${settings.base}${s.hosts.tenant}/api/CombinedSigninAndSignup/${path}${path.includes('?') ? '&' : '?'}${csrf}&${query}`)).headers.get('location')),
  };
}

const crypto = new msal.CryptoProvider();
async function begin() {
  const { verifier, challenge } = await crypto.generatePkceCodes();
  const url = await client.getAuthCodeUrl({ scopes, redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256', responseMode: 'query' });
  return { verifier, url };
}

const first = await begin();
const signIn = await page(browser(), first.url);
const answer = await signIn.post({ request_type: 'RESPONSE', signInName: settings.user, password: settings.password });
if (answer.status !== '200') throw new Error(JSON.stringify(answer));
const back = (await signIn.follow('confirmed?rememberMe=false')).searchParams;
const result = await client.acquireTokenByCode(
  { code: back.get('code'), codeVerifier: first.verifier, scopes, redirectUri },
  { code: back.get('code'), client_info: back.get('client_info') },
);
const silent = await client.acquireTokenSilent({ account: result.account, scopes: [settings.clientId], forceRefresh: true });

const second = await begin();
const forgot = (await (await page(browser(), second.url)).follow('forgotPassword')).searchParams;

console.log(JSON.stringify({
  balance: result.idTokenClaims.balance,
  account: result.account.homeAccountId,
  accessToken: Boolean(result.accessToken),
  refreshed: !silent.fromCache && silent.idTokenClaims.balance,
  forgot: `${forgot.get('error')} ${forgot.get('error_description').slice(0, 11)}`,
}));
