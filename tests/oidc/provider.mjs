// The certified OpenID Connect provider on loopback, for the tests. It prints its issuer, then takes orders, one line of
// JSON each: {"client": …, "people": …} first, later {"people": …}, {"rotate": true}, after which it signs with another
// key, and {"lie": …}, which changes what it answers afterwards to what a right provider never says. It ends with its
// input.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';
import { SignJWT, UnsecuredJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';

// Its output is for answers.
console.info = console.error;

// A connection that Custody or a browser keeps is not closed under them, however busy the machine is.
const server = createServer({ keepAliveTimeout: 300_000 });
await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
const issuer = `http://127.0.0.1:${server.address().port}`;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

let people = {};
let lie = {};
let rotated = false;
let client;

const pair = () => generateKeyPair('RS256', { extractable: true });
const own = await pair();
const other = await pair();

// The id of the key that it signs with, and publishes alone.
const kid = () => (rotated ? 'other' : 'own');

// An ID token anew: by the key of now, or not as it should be, with other claims, another key or algorithm.
async function signed(token) {
  const claims = { ...decodeJwt(token), ...lie.claims };
  for (const claim of lie.without ?? []) delete claims[claim];
  if (lie.key === 'none') return new UnsecuredJWT(claims).encode();
  if (lie.key === 'secret') {
    const secret = new TextEncoder().encode(client.client_secret);
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  }
  const { privateKey } = { own, other }[lie.key ?? kid()];
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: lie.kid ?? kid() }).sign(privateKey);
}

async function begin() {
  const provider = new Provider(issuer, {
    clients: [{ grant_types: ['authorization_code'], response_types: ['code'], ...client }],
    jwks: { keys: [{ ...(await exportJWK(own.privateKey)), kid: 'own', alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
    cookies: { keys: ['loopback'] },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...people[id], sub: id }) }),
    // Nobody is asked whether Custody may know who they are.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    if (lie.broken === ctx.path) {
      ctx.status = 503;
      return;
    }
    await next();
    const anew = rotated || lie.claims || lie.without || lie.key || lie.kid;
    if (ctx.path === '/token' && ctx.body?.id_token && anew) ctx.body.id_token = await signed(ctx.body.id_token);
    if (ctx.path === '/jwks' && rotated) {
      ctx.body = { keys: [{ ...(await exportJWK(other.publicKey)), kid: kid(), alg: 'RS256', use: 'sig' }] };
    }
    if (ctx.path === '/me' && lie.about) ctx.body = { ...ctx.body, ...lie.about };
    if (ctx.path === '/.well-known/openid-configuration' && lie.itself) ctx.body = { ...ctx.body, ...lie.itself };
  });
  server.on('request', provider.callback());
}

say({ issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  people = order.people ?? people;
  lie = order.lie ?? lie;
  rotated = order.rotate ?? rotated;
  if (order.client) {
    client = order.client;
    await begin();
  }
  say({ done: true });
}
process.exit(0);
