// A real client: MSAL for Node with its documented B2C configuration. It signs in
// (filling the page's form as a browser would), reads the enriched claim, refreshes
// silently, and handles the forgotten password. The settings come as JSON in the first
// argument; the findings go to standard output as JSON.
import * as msal from '@azure/msal-node';

const settings = JSON.parse(process.argv[2]);
const redirectUri = settings.redirectUri;
const authority = `${settings.base}/${settings.tenant}/${settings.policy}`;

const credential = settings.privateKey
  ? { clientCertificate: { thumbprintSha256: settings.thumbprint, privateKey: settings.privateKey } }
  : { clientSecret: settings.secret };
const client = new msal.ConfidentialClientApplication({
  auth: { clientId: settings.clientId, ...credential, authority, knownAuthorities: [new URL(settings.base).host] },
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

// page opens a page of a journey; it knows how to address its own requests.
async function page(go, url) {
  const html = await (await go(url)).text();
  const s = JSON.parse(/SETTINGS = (\{.*\});/.exec(html)[1]);
  const query = `tx=${encodeURIComponent(s.transId)}&p=${s.hosts.policy}`;
  const csrf = `csrf_token=${encodeURIComponent(s.csrf)}`;
  const address = (path) => `${settings.base}${s.hosts.tenant}/api/${s.api}/${path}${path.includes('?') ? '&' : '?'}${csrf}&${query}`;
  const post = async (fields) => {
    const answer = await (await go(`${settings.base}${s.hosts.tenant}/SelfAsserted?${query}`, {
      method: 'POST', headers: { 'X-CSRF-TOKEN': s.csrf, 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields),
    })).json();
    if (answer.status !== '200') throw new Error(JSON.stringify(answer));
  };
  return {
    post,
    // follow navigates to the application; next to another page of the journey.
    follow: async (path) => new URL((await go(address(path))).headers.get('location')).searchParams,
    next: async () => page(go, address('confirmed')),
    verify: async (claim, email) => {
      await post({ request_type: 'VERIFICATION_REQUEST', claim_id: claim, claim_value: email });
      const mails = await (await fetch(`${settings.admin}/outbox.json`)).json();
      const code = /\b\d{6}\b/.exec(mails.find((mail) => mail.to === email).text)[0];
      await post({ request_type: 'VALIDATION_REQUEST', claim_id: claim, claim_value: email, user_input: code });
    },
  };
}

const crypto = new msal.CryptoProvider();
async function begin(policy = authority) {
  const { verifier, challenge } = await crypto.generatePkceCodes();
  const url = await client.getAuthCodeUrl({ authority: policy, scopes, redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256', responseMode: 'query' });
  return { verifier, url, authority: policy };
}

// finish redeems the code that a journey gave the application.
const finish = (begun, back) => client.acquireTokenByCode(
  { authority: begun.authority, code: back.get('code'), codeVerifier: begun.verifier, scopes, redirectUri },
  { code: back.get('code'), client_info: back.get('client_info') },
);

async function signIn(password) {
  const begun = await begin();
  const form = await page(browser(), begun.url);
  await form.post({ request_type: 'RESPONSE', signInName: settings.user, password });
  return finish(begun, await form.follow('confirmed?rememberMe=false'));
}

const result = await signIn(settings.password);
const silent = await client.acquireTokenSilent({ account: result.account, scopes: [settings.clientId], forceRefresh: true });

// The user forgot the password: the sign-in policy ends with AADB2C90118, and the
// application runs the policy that resets it, as Microsoft's samples do.
const go = browser();
const forgotten = await (await page(go, (await begin()).url)).follow('forgotPassword');
let reset;
if (forgotten.get('error_description').startsWith('AADB2C90118')) {
  const begun = await begin(`${settings.base}/${settings.tenant}/${settings.resetPolicy}`);
  const find = await page(go, begun.url);
  await find.verify('email', settings.user);
  await find.post({ request_type: 'RESPONSE', email: settings.user });
  const choose = await find.next();
  await choose.post({ request_type: 'RESPONSE', newPassword: settings.newPassword, reenterPassword: settings.newPassword });
  reset = await finish(begun, await choose.follow('confirmed'));
}
const again = await signIn(settings.newPassword);

console.log(JSON.stringify({
  balance: result.idTokenClaims.balance,
  account: result.account.homeAccountId,
  accessToken: Boolean(result.accessToken),
  refreshed: !silent.fromCache && silent.idTokenClaims.balance,
  forgot: `${forgotten.get('error')} ${forgotten.get('error_description').slice(0, 11)}`,
  reset: reset.idTokenClaims.acr,
  sameUser: reset.idTokenClaims.sub === result.idTokenClaims.sub && again.idTokenClaims.sub === result.idTokenClaims.sub,
  again: again.idTokenClaims.balance,
}));
