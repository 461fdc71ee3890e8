// A provider of electronic identities for tests and trials: the certified
// library oidc-provider with a few made-up people. It proves nobody and keeps
// nothing; never let it near real citizens.
//
//   node tools/eid/provider.mjs --port 8030 --redirect http://127.0.0.1:8020/tai-khoan/vao/tra-loi
//
// It prints "ready ISSUER" once it answers. New keys come with each start.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8030' },
    redirect: { type: 'string', default: 'http://127.0.0.1:8020/tai-khoan/vao/tra-loi' },
  },
});
const issuer = `http://127.0.0.1:${values.port}`;

const people = {
  'eid-phuong': { name: 'Lò Thị Phương', birthdate: '1990-03-07', gender: 'female', national_id: '012190001234' },
  'eid-pao': { name: 'Giàng A Páo', birthdate: '1985-11-20', gender: 'male', national_id: '012085004321' },
  'eid-odd': { name: 'Người Lạ', birthdate: '1990-03-07', gender: 'male', national_id: 12190001234 },
};

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') };

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'quay20',
    client_secret: 'only-for-trials',
    redirect_uris: [values.redirect],
    id_token_signed_response_alg: 'ES256',
    require_auth_time: true,
  }],
  jwks: { keys: [key] },
  acrValues: ['level-1', 'level-2'],
  claims: { profile: ['name', 'birthdate', 'gender', 'national_id'], acr: null, auth_time: null },
  pkce: { required: () => true },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: { devInteractions: { enabled: false } },
  findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 300, Interaction: 600, Session: 600, Grant: 600 },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
  if (!uid) return next();
  if (ctx.method === 'POST') {
    let body = '';
    for await (const part of ctx.req) {
      body += part;
      if (body.length > 10_000) return ctx.throw(413);
    }
    const form = new URLSearchParams(body);
    const result = form.get('person') === 'none'
      ? { error: 'access_denied', error_description: 'the citizen said no' }
      : { login: { accountId: form.get('person'), acr: 'level-2', remember: false } };
    ctx.respond = false;
    return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  }
  await provider.interactionDetails(ctx.req, ctx.res);
  const buttons = Object.entries(people).map(([id, p]) => `<p><button name="person" value="${id}">${p.name}</button></p>`).join('');
  ctx.type = 'html';
  ctx.body = `<!DOCTYPE html><html lang="vi"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Định danh điện tử (thử)</title>
<h1>Định danh điện tử (bản thử)</h1><p>Chọn người sẽ đăng nhập. Đây không phải hệ thống thật.</p>
<form method="post">${buttons}<p><button name="person" value="none">Không đồng ý</button></p></form></html>`;
});

const server = provider.listen(Number(values.port), '127.0.0.1', () => console.log(`ready ${issuer}`));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { server.close(); server.closeAllConnections(); });
