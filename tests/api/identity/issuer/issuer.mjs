// A real OpenID issuer: it reads one command a line as JSON, and answers one line.
// Its tokens come from its own token endpoint; `claims` are what it puts into the next one, null takes one out.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const place = createRequire(`${process.argv[2]}/`);
const { OAuth2Server } = await import(pathToFileURL(place.resolve('oauth2-mock-server')));

const server = new OAuth2Server();
let kid = (await server.issuer.keys.generate('RS256')).kid;
await server.start(Number(process.argv[3] ?? 0), 'localhost');

const acts = {
  async token({ claims, key }) {
    server.service.once('beforeTokenSigning', (token) => {
      for (const [name, value] of Object.entries(claims)) {
        if (value === null) delete token.payload[name];
        else token.payload[name] = value;
      }
      token.header.kid = key ?? token.header.kid;
    });
    const answer = await fetch(`${server.issuer.url}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    return { token: (await answer.json()).access_token };
  },
  async built({ claims, key }) {
    // Signed with the key that is named, not with whichever comes next.
    return { token: await server.issuer.buildToken({ kid: key, scopesOrTransform: (_, payload) => Object.assign(payload, claims) }) };
  },
  async generate({ algorithm }) {
    kid = (await server.issuer.keys.generate(algorithm)).kid;
    return { kid };
  },
  async stop() {
    await server.stop();
    return {};
  },
};

console.log(JSON.stringify({ url: server.issuer.url, kid }));
for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...terms } = JSON.parse(line);
  console.log(JSON.stringify(await acts[act](terms)));
}
