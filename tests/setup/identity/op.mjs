// A real OpenID provider (oidc-provider) for the tests, on a free loopback port.
//
//   node op.mjs MODULES CONFIG.json
//
// CONFIG: { clients: [...], issuer?: what it calls itself behind a proxy, codeLife?: seconds, deviceFlow?: bool, accounts: { subject: claims },
//           tls?: { cert, key, ca } }  (PEM texts; with tls it asks for client certificates)
// A client's `publicKeyPem` becomes its `jwks`; with a `certificatePem`, its assertions must name that certificate by
// thumbprint and have the issuer as their only audience, as some providers ask. Prints {"address", "issuer"} when it listens. Each line on stdin is a command:
// `rotate` gives it new signing keys and prints {"rotated": true}. It ends with its stdin.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, configFile] = process.argv.slice(2);
const { Provider, errors } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));
const config = JSON.parse(readFileSync(configFile, 'utf8'));

let thumbprints;
const clients = config.clients.map(({ publicKeyPem, certificatePem, ...client }) => {
  if (certificatePem) {
    const { raw, publicKey } = new X509Certificate(certificatePem);
    const print = (algorithm) => createHash(algorithm).update(raw).digest('base64url');
    thumbprints = { x5t: print('sha1'), 'x5t#S256': print('sha256') };
    publicKeyPem = publicKey;
  }
  if (!publicKeyPem) return client;
  const jwk = (typeof publicKeyPem === 'string' ? createPublicKey(publicKeyPem) : publicKeyPem).export({ format: 'jwk' });
  return { ...client, jwks: { keys: [{ ...jwk, use: 'sig', ...(client.keyId && { kid: client.keyId }) }] } };
}).map(({ keyId, ...client }) => client);

let generation = 0;
function signingKey(kind) {
  const pair = kind === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...pair.privateKey.export({ format: 'jwk' }), use: 'sig', alg: kind, kid: `${kind}-${generation}` };
}

function provider(issuer) {
  generation += 1;
  const op = new Provider(issuer, {
    clients,
    jwks: { keys: [signingKey('ES256'), signingKey('RS256')] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name'], umu: ['eduperson_affiliation'] },
    scopes: ['openid', 'profile', 'umu'],
    conformIdTokenClaims: false,
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      clientAuthSigningAlgValues: ['ES256', 'RS256'],
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt',
      ...(config.tls ? ['tls_client_auth'] : [])],
    async assertJwtClientAuthClaimsAndHeader(_ctx, claims, header) {
      if (!thumbprints) return;
      const named = Object.entries(thumbprints).every(([name, print]) => header[name] === print);
      if (!named || claims.aud !== issuer) throw new errors.InvalidClientAuth('certificate or audience');
    },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: config.deviceFlow ?? true, charset: 'base-20', mask: '****-****' },
      mTLS: {
        enabled: Boolean(config.tls),
        tlsClientAuth: true,
        certificateAuthorized: (ctx) => ctx.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' && ctx.socket.getPeerX509Certificate()?.subject === expected,
        getCertificate: (ctx) => ctx.socket.getPeerX509Certificate()?.toString(),
      },
    },
    ttl: {
      DeviceCode: config.codeLife ?? 300, AccessToken: 300, IdToken: 300, Session: 3600, Interaction: 600, Grant: 3600,
    },
    async findAccount(_ctx, id) {
      const claims = config.accounts[id];
      return claims && { accountId: id, async claims() { return { sub: id, ...claims }; } };
    },
  });
  return op.callback();
}

let answer;
const handle = (request, response) => answer(request, response);
const server = config.tls
  ? createTlsServer({ ...config.tls, requestCert: true, rejectUnauthorized: false }, handle)
  : createServer(handle);
server.listen(0, '127.0.0.1', () => {
  const address = `${config.tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  const issuer = config.issuer ?? address;
  answer = provider(issuer);
  console.log(JSON.stringify({ address, issuer }));
  const commands = createInterface({ input: process.stdin });
  commands.on('line', (line) => {
    if (line.trim() === 'rotate') {
      answer = provider(issuer);
      console.log(JSON.stringify({ rotated: true }));
    }
  });
  commands.on('close', () => process.exit(0));
});
